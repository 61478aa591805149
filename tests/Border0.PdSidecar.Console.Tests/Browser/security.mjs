// What a stranger's page, a stranger's text, and a viewer can do: nothing.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { callAsPage, evaluate, eventually, goTo, inBrowser, pagerDuty, pdsidecar, signIn, world } from './world.mjs';

const markup = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>';
const key = 'demo-read-only+key_1';

await inBrowser(async (page, seen, browser) => {
  // Nobody: no page but the one to sign in with, whatever is asked for, and no call.
  const calls = [];
  page.on('request', r => { if (r.url().includes('/api/')) calls.push(r.url()); });
  await page.goto(`${world.console}#/policies`);
  await page.getByLabel('Token').waitFor();
  seen.expected.push(/the server responded with a status of 401/);
  await page.getByLabel('Token').fill('pdsc_wrong');
  await page.keyboard.press('Enter');
  await page.locator('.field-error').filter({ hasText: /./ }).waitFor();
  assert.equal(await page.locator('.frame').count(), 0);
  assert.deepEqual(calls, []);
  seen.expected.pop();

  // An administrator: the token is in this tab's storage, and nowhere else.
  await signIn(page, world.admin);
  await page.getByRole('article', { name: 'Integration pd' }).waitFor();
  const kept = await page.evaluate(() => ({ local: JSON.stringify(localStorage), cookie: document.cookie, address: location.href, page: document.documentElement.outerHTML }));
  for (const [where, text] of Object.entries(kept)) assert.ok(!text.includes(world.admin), `the token is in ${where}`);

  // The key: not in the page before it is saved, and not after.
  await page.getByRole('button', { name: 'Edit pd' }).press('Enter');
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByText('pd is changed.').waitFor();
  const values = await page.evaluate(() => [...document.querySelectorAll('input, textarea')].map(e => e.value).join('\n'));
  assert.ok(!(await page.content()).includes(key) && !values.includes(key), 'the key is still in the page');
  await page.getByRole('button', { name: 'Edit pd' }).press('Enter');
  assert.equal(await page.getByLabel('API key').inputValue(), '');
  await page.keyboard.press('Escape');

  // Texts that look like markup are texts, wherever they come up.
  const { answer: { services } } = await callAsPage(page, 'ListPagerDutyServices', { integration_name: 'pd' });
  const service = services.find(s => s.name === 'Payments').id;
  const made = await callAsPage(page, 'CreatePolicy', { policy: {
    name: 'hostile', description: markup, socket_ids: [markup], actions: { ssh: { values: [markup] } },
    integrations: [{ integration_name: 'pd', pagerduty_oncall: { service_id: service, require_incident: true } }],
  } });
  assert.ok(made.answer, made.message);
  await goTo(page, 'activity');
  await page.locator('main').getByText('live', { exact: true }).waitFor();
  await pagerDuty('trigger', { service: 'Payments', title: markup });
  await eventually(async () => (await evaluate({ socket: markup, 'socket-type': 'ssh', user: 'alice@example.com', 'session-key': markup, connector: markup })).decision === 'DECISION_ALLOW', 'an allow');
  for (const [path, wanted] of [['activity', '.event'], ['sessions', '.session'], ['policies', '.row'], ['policies/hostile', '.json'], ['tester?policy=hostile&user=alice@example.com', '.verdict'], ['integrations', '.card']]) {
    await goTo(page, path);
    await page.locator(`main ${wanted}`).first().waitFor();
    const found = await page.evaluate(() => ({ images: document.querySelectorAll('img:not([src="favicon.svg"])').length, scripts: document.querySelectorAll('body script').length, title: document.title, text: document.body.innerText + [...document.querySelectorAll('input, textarea')].map(e => e.value).join() }));
    assert.deepEqual([found.images, found.scripts], [0, 0], `${path} has made markup of a text`);
    assert.notEqual(found.title, 'taken');
    if (path !== 'integrations') assert.ok(found.text.includes('<img src=x onerror='), `${path} does not show the text as it is`);
  }

  // The policy of the page: no other host, no markup, no code of texts.
  seen.expected.push(/Content Security Policy|TrustedHTML|TrustedScript|violates the following/);
  const tried = await page.evaluate(async () => {
    const attempt = async act => {
      try {
        await act();
        return 'done';
      } catch (e) {
        return e.name;
      }
    };
    const blocked = [];
    document.addEventListener('securitypolicyviolation', e => blocked.push(e.effectiveDirective));
    const results = {
      fetch: await attempt(() => fetch('http://127.0.0.1:9/')),
      markup: await attempt(() => { document.createElement('div').innerHTML = '<b>x</b>'; }),
      code: await attempt(() => setTimeout('window.ran = true')),
    };
    const image = document.createElement('img');
    image.src = 'http://127.0.0.1:9/x.png';
    document.body.append(image);
    await new Promise(done => { image.onerror = done; });
    image.remove();
    await new Promise(done => setTimeout(done, 50));
    results.ran = window.ran ?? false;
    return { ...results, blocked };
  });
  assert.deepEqual([tried.fetch, tried.markup], ['TypeError', 'TypeError']);
  assert.equal(tried.ran, false);
  assert.ok(tried.blocked.includes('connect-src') && tried.blocked.includes('img-src'), tried.blocked.join());
  assert.deepEqual(seen.foreign.splice(0).filter(url => !url.startsWith('http://127.0.0.1:9/')), []);
  seen.expected.pop();

  // Another site's page, with the token even, gets neither an answer nor the console in a frame.
  const stranger = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>stranger</title>');
  }).listen(0, '127.0.0.1');
  await new Promise(done => stranger.on('listening', done));
  const other = await browser.newPage();
  await other.goto(`http://127.0.0.1:${stranger.address().port}/`);
  const got = await other.evaluate(async ([console, token]) => {
    const answers = [];
    for (const [path, options] of [['session', { headers: { authorization: `Bearer ${token}` } }], ['api/border0.pdsidecar.v1.PolicyService/ListPolicies', { method: 'POST', body: 'x' }], ['', {}]]) {
      answers.push(await fetch(console + path, options).then(r => r.status, e => e.name));
    }

    const frame = document.createElement('iframe');
    frame.src = console;
    document.body.append(frame);
    await new Promise(done => { frame.onload = done; });
    return { answers, framed: frame.contentDocument?.title ?? 'out of reach' };
  }, [world.console, world.admin]);
  assert.deepEqual(got.answers, ['TypeError', 'TypeError', 'TypeError']);
  assert.notEqual(got.framed, 'PdSidecar console');
  const inside = other.frames().find(f => f !== other.mainFrame());
  assert.equal(await inside.locator('main').count(), 0);
  await other.close();
  stranger.close();

  // A viewer: everything to see, nothing to press, and the sidecar says no as well.
  await page.evaluate(() => sessionStorage.clear());
  await page.reload();
  await signIn(page, world.viewer);
  for (const [path, wanted] of [['integrations', '.card'], ['policies', '.row'], ['sessions', '.session'], ['policies/hostile', '.json'], ['tester?policy=hostile', '.verdict, .result'], ['activity', '.feed']]) {
    await goTo(page, path);
    await page.locator(`main ${wanted}`).first().waitFor();
    const buttons = await page.locator('main button:visible:enabled, main a.button:visible').allInnerTexts();
    assert.deepEqual(buttons.filter(b => /^(New|Create|Save|Edit|Delete|End|Sync|Check|Sockets|Attach|Detach|Remove|Add|Grant)/.test(b)), [], `${path} offers a viewer what only an administrator may`);
    if (path === 'policies/hostile') {
      assert.ok(await page.getByText('You look as a viewer.').isVisible());
      assert.equal(await page.locator('fieldset.sections:disabled').count(), 1);
      assert.equal(await page.locator('textarea.json[readonly]').count(), 1);
    }
  }

  for (const [method, request] of [['DeletePolicy', { name: 'hostile' }], ['CreateIntegration', { integration: { name: 'x', api_key: key } }], ['RevokeSession', { session_key: markup, reason: 'r' }], ['CheckIntegration', { name: 'pd' }]]) {
    assert.deepEqual([(await callAsPage(page, method, request)).reason], ['ROLE_REQUIRED'], method);
  }

  // A token that is revoked while it is signed in leads back to the door.
  assert.ok((await callAsPage(page, 'ListPolicies', {})).answer);
  await pdsidecar('token', 'revoke', '--data', world.data, 'viewer-of-the-page');
  await page.getByText('Signed out.').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});
