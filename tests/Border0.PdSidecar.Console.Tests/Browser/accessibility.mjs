// Every page and dialog at two widths, light and dark: what axe calls serious or critical is not there, and nothing stands beyond the edge.
import assert from 'node:assert/strict';
import { axeSource, callAsPage, evaluate, eventually, goTo, inBrowser, pagerDuty, signIn, world } from './world.mjs';

const axe = axeSource();
const problems = [];
let looks = 0;

await inBrowser(async page => {
  // As it is painted: what the browser is told of the system's theme comes a moment later.
  const ground = () => page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(getComputedStyle(document.documentElement).backgroundColor)))));
  const isDark = colour => Number(/\d+/.exec(colour)[0]) < 128;
  await page.goto(world.console);
  await page.getByLabel('Token').waitFor();
  await look('sign in');
  await signIn(page, world.admin);
  const { answer: { services } } = await callAsPage(page, 'ListPagerDutyServices', { integration_name: 'pd' });
  const service = services.find(s => s.name === 'Payments').id;
  await callAsPage(page, 'CreatePolicy', { policy: {
    name: 'on-call', description: 'Who is on call', socket_ids: ['bastion'], actions: { ssh: { values: ['*'] } },
    integrations: [{ integration_name: 'pd', pagerduty_oncall: { service_id: service, require_be_oncall: true } }, { integration_name: 'pd', pagerduty_oncall: { service_id: service } }],
  } });
  await pagerDuty('trigger', { service: 'Payments', title: 'Down' });
  await goTo(page, 'activity');
  await page.locator('main').getByText('live', { exact: true }).waitFor();
  await evaluate({ socket: 'bastion', 'socket-type': 'ssh', user: 'alice@example.com', 'session-key': 's1' });
  await evaluate({ socket: 'bastion', 'socket-type': 'ssh', user: 'bob@example.com' });
  await page.locator('.event').nth(1).waitFor();

  for (const [width, height] of [[1440, 900], [360, 740]]) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await eventually(async () => isDark(await ground()) === (colorScheme === 'dark'), colorScheme);
      const at = `${width} ${colorScheme}`;
      await visit('activity', '.event', at);
      await visit('integrations', '.card', at);
      await inDialog('New integration', at);
      await inDialog('Delete pd', at);
      await visit('policies', '.row', at);
      await inDialog('Sockets of on-call', at);
      await visit('policies/on-call', '.json', at);
      await visit('policies/+', '.json', at);
      await visit('tester?policy=on-call&user=alice@example.com', '.verdict', at);
      await visit('sessions', '.session', at);
      await inDialog('End the session of alice@example.com on bastion', at);
    }
  }

  // The switch has the last word over the system.
  await page.emulateMedia({ colorScheme: 'light' });
  await eventually(async () => !isDark(await ground()), 'the light theme');
  await page.getByRole('button', { name: /^Theme/ }).press('Enter');
  await page.getByRole('button', { name: /^Theme: light/ }).press('Enter');
  await page.getByRole('button', { name: /^Theme: dark/ }).waitFor();
  await eventually(async () => isDark(await ground()), 'the dark theme');

  async function visit(path, wanted, at) {
    await goTo(page, path);
    await page.locator(`main ${wanted}`).first().waitFor();
    await look(`${path} ${at}`);
  }

  async function inDialog(button, at) {
    await page.getByRole('button', { name: button, exact: true }).press('Enter');
    await page.locator('dialog').waitFor();
    await page.locator('dialog .loading').waitFor({ state: 'detached' });
    await look(`${button} ${at}`);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent), button, 'the focus comes back');
  }

  async function look(what) {
    looks++;
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
    const { violations, passes } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    assert.ok(passes.length > 10, `axe has looked at nothing of ${what}`);
    problems.push(...violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => `${what}: ${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map(n => n.html).join('  ')}`));
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (beyond > 0) problems.push(`${what}: stands ${beyond} px beyond the edge`);
  }
});

assert.deepEqual(problems, []);
assert.equal(looks, 45);
