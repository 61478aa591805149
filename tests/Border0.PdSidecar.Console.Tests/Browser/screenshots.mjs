// The pictures of the documentation: the demo's policies, with an incident and some sessions.
import { callAsPage, evaluate, goTo, inBrowser, pagerDuty, signIn, world } from './world.mjs';

const folder = process.argv[2];

await inBrowser(async page => {
  await signIn(page, world.admin);
  const { answer: { services } } = await callAsPage(page, 'ListPagerDutyServices', { integration_name: 'acme-pagerduty' });
  const service = services.find(s => s.name === 'Payments').id;
  await callAsPage(page, 'CreatePolicy', { policy: {
    name: 'payments-responders', description: 'Whoever is on call for Payments, while it burns', socket_ids: ['payments-db', 'payments-bastion'],
    actions: { database: { values: ['*'] }, ssh: { values: ['shell', 'exec'] } }, condition: { who: { domain: ['example.com'] } },
    integrations: [
      { integration_name: 'acme-pagerduty', pagerduty_oncall: { service_id: service, require_be_oncall: true, require_incident: true } },
    ],
    max_session_duration: '28800s',
  } });
  await pagerDuty('trigger', { service: 'Payments', title: 'Card payments are failing' });
  await pagerDuty('oncall', { schedule: 'Payments primary', user: 'alice@example.com', minutes: '300' });
  await callAsPage(page, 'SyncIntegration', { name: 'acme-pagerduty' });
  await evaluate({ socket: 'payments-db', 'socket-type': 'database', user: 'alice@example.com', 'session-key': 's1', 'client-ip': '192.0.2.10' });
  await evaluate({ socket: 'payments-bastion', 'socket-type': 'ssh', user: 'carol@example.com', 'session-key': 's2', 'client-ip': '198.51.100.7', connector: 'bastion-2' });

  await goTo(page, 'policies/payments-responders');
  await page.locator('.findings .badge').first().waitFor();
  await page.waitForFunction(() => document.querySelector('[role=combobox]')?.value);
  await shoot('policy');
  await goTo(page, 'tester?policy=payments-on-call&user=carol@example.com');
  await page.locator('.verdict').waitFor();
  await page.locator('.window').first().waitFor();
  await shoot('tester');
  await page.emulateMedia({ colorScheme: 'dark' });
  await goTo(page, 'sessions');
  await page.locator('.session').nth(1).waitFor();
  await shoot('sessions');

  async function shoot(name) {
    await page.waitForTimeout(300);
    await page.screenshot({ path: `${folder}/console-${name}.png` });
  }
}, { viewport: { width: 1280, height: 800 } });
