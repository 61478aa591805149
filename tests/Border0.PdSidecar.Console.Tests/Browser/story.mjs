// The demo's story through the page, with nothing but a keyboard.
import assert from 'node:assert/strict';
import { Keyboard } from './keyboard.mjs';
import { callAsPage, evaluate, eventually, inBrowser, pagerDuty, world } from './world.mjs';

const key = 'demo-read-only+key_1';

await inBrowser(async page => {
  const keys = new Keyboard(page);
  const sees = text => page.getByText(text).first().waitFor();

  // Without a token, and with a wrong one.
  await page.goto(world.console);
  await page.getByLabel('Token').waitFor();
  assert.equal(await keys.focused(), 'Token', 'the focus is where one types');
  await page.keyboard.press('Enter');
  await sees('A token is needed.');
  await keys.type('Token', world.admin);
  await page.keyboard.press('Enter');
  await sees('No integration yet');
  assert.equal(await keys.focused(), 'Integrations', 'the focus is at the page’s head');

  // An integration: what is wrong is said at its field, the key is checked first and never seen again.
  await keys.press('New integration');
  await keys.type('Name', 'acme pagerduty');
  await keys.type('API key', key);
  await keys.press('Check the key first');
  await sees('The key works.');
  await keys.press('Create');
  await eventually(async () => await keys.focused() === 'Name', 'the focus at the field that is wrong');
  assert.equal(await page.locator('[aria-invalid="true"]').count(), 1);
  await keys.type('Name', 'acme-pagerduty');
  await keys.press('Create');
  await page.getByRole('article', { name: 'Integration acme-pagerduty' }).waitFor();
  assert.equal(await page.locator('dialog').count(), 0);
  assert.ok(!(await page.content()).includes(key), 'the key is in the page');
  await keys.press('Sync now acme-pagerduty');
  await sees(/acme-pagerduty is up to date/);

  // A policy: the integration is there, the service is found by its name, warnings come and go.
  await keys.press('Policies');
  await sees('No policy yet');
  await keys.press('New policy');
  await page.getByRole('heading', { name: 'New policy' }).waitFor();
  await keys.type('Name', 'payments-db-responders');
  await keys.press('Add a PagerDuty condition');
  await keys.to('Service', { back: true, most: 400 });
  await page.keyboard.insertText('pay');
  await page.getByRole('option', { name: /Payments/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const serviceId = await page.getByLabel('Service id').inputValue();
  assert.match(serviceId, /^P[A-Z0-9]+$/);
  await keys.type('Service id', 'PNOWHERE');
  await sees('service not found');
  await keys.type('Service id', serviceId);
  await page.getByText('service not found').first().waitFor({ state: 'detached' });
  await keys.press('Must be on call', ' ');
  await sees('no op condition');
  await keys.press('Must have an open incident', ' ');
  await page.getByText('no op condition').first().waitFor({ state: 'detached' });
  await keys.to('Socket type');
  await page.keyboard.press('d');
  assert.equal(await page.getByLabel('Socket type').inputValue(), 'database');
  assert.equal(await keys.focused(), 'Socket type', 'the focus stays where it was');
  await keys.to('Attached to sockets');
  await page.keyboard.insertText('payments-db');
  await page.keyboard.press('Enter');
  const json = page.getByRole('textbox', { name: 'JSON' });
  assert.deepEqual(JSON.parse(await json.inputValue()), {
    name: 'payments-db-responders', socket_ids: ['payments-db'], actions: { database: { values: ['*'] } },
    integrations: [{ integration_name: 'acme-pagerduty', pagerduty_oncall: { service_id: serviceId, require_incident: true } }],
  });

  // The JSON is the same policy, and what is wrong in it is said.
  await keys.to('JSON');
  await json.press('Control+A');
  await page.keyboard.insertText('{"name": "payments-db-responders", "nonsense": 1}');
  await sees('nonsense is not a field');
  await json.press('Control+A');
  await page.keyboard.insertText(JSON.stringify({
    name: 'payments-db-responders', description: 'By JSON', socket_ids: ['payments-db'], actions: { database: { values: ['*'] } },
    integrations: [{ integration_name: 'acme-pagerduty', pagerduty_oncall: { service_id: serviceId, require_incident: true } }],
  }));
  await eventually(async () => await page.getByLabel('Description').inputValue() === 'By JSON', 'the description in the form');
  await keys.press('Create');
  await sees(/payments-db-responders is created/);
  await page.getByRole('heading', { name: 'payments-db-responders' }).waitFor();

  // Somebody else changes it meanwhile.
  await keys.type('Description', 'Mine');
  const { answer: { policy } } = await callAsPage(page, 'GetPolicy', { name: 'payments-db-responders' });
  await callAsPage(page, 'UpdatePolicy', { policy: { name: policy.name, description: 'Theirs' }, update_mask: ['description'] });
  await keys.press('Save');
  await sees('Somebody changed this policy meanwhile.');
  await keys.press('Keep mine and save over theirs', 'Enter', { back: true });
  await sees('payments-db-responders is saved.');
  assert.equal((await callAsPage(page, 'GetPolicy', { name: policy.name })).answer.policy.description, 'Mine');

  // A second one, for who is on call: made by the contract, to be tested by its windows.
  await callAsPage(page, 'CreatePolicy', { policy: {
    name: 'bastion-on-call', socket_ids: ['bastion'], actions: { ssh: { values: ['*'] } },
    integrations: [{ integration_name: 'acme-pagerduty', pagerduty_oncall: { service_id: serviceId, require_be_oncall: true, max_escalation_level: 1 } }],
  } });
  await keys.press('Tester', 'Enter', { back: true, most: 400 });
  await page.getByRole('heading', { name: 'Policy tester' }).waitFor();
  await keys.to('Policy');
  await page.keyboard.press('b');
  await keys.type('User', 'bob@example.com');
  await page.keyboard.press('Enter');
  await page.locator('.verdict').getByText('Deny').waitFor();
  await sees(/bob@example.com is not on call/);
  const outcomes = await page.locator('.trace .badge').allInnerTexts();
  assert.ok(outcomes.includes('does not hold') && outcomes.includes('not asked'), outcomes.join());
  await keys.press(/^Bob Okafor, L1, from .*: test for it$/);
  await page.locator('.verdict').getByText('Allow').waitFor();
  assert.ok(await page.getByLabel('Instant').inputValue(), 'the instant is that of the window');
  await sees('may enter, level 1');

  // Denied, then an incident, then in.
  await keys.press('Activity', 'Enter', { back: true, most: 400 });
  await page.locator('main').getByText('live', { exact: true }).waitFor();
  const person = { socket: 'payments-db', 'socket-type': 'database', user: 'alice@example.com', 'client-ip': '192.0.2.10' };
  assert.equal((await evaluate(person)).decision, 'DECISION_DENY');
  await page.locator('.event').getByText('denied').waitFor();
  await pagerDuty('trigger', { service: 'Payments', title: 'Payments are failing' });
  await callAsPage(page, 'SyncIntegration', { name: 'acme-pagerduty' });
  assert.equal((await evaluate({ ...person, 'session-key': 's1' })).decision, 'DECISION_ALLOW');
  await page.locator('.event').getByText('allowed').waitFor();

  // An administrator ends the session, and says why.
  await keys.press('Sessions', 'Enter', { back: true, most: 400 });
  const alice = page.getByRole('article', { name: 'Session of alice@example.com on payments-db' });
  await alice.getByText(/Policy payments-db-responders grants access/).waitFor();
  await keys.press('End the session of alice@example.com on payments-db');
  await keys.press('End it');
  await page.locator('dialog .field-error').getByText('Is required.').waitFor();
  await keys.type('Reason', 'left the company', { back: true });
  await page.keyboard.press('Enter');
  await sees('Nobody is in');
  assert.equal((await evaluate({ ...person, 'session-key': 's1' })).decision, 'DECISION_DENY');

  // The next one ends with the incident.
  assert.equal((await evaluate({ ...person, 'session-key': 's2' })).decision, 'DECISION_ALLOW');
  await alice.waitFor();
  await pagerDuty('resolve');
  await callAsPage(page, 'SyncIntegration', { name: 'acme-pagerduty' });
  await sees('Nobody is in');
  await keys.press('Activity', 'Enter', { back: true, most: 400 });
  await page.locator('.event').getByText(/an administrator ended it/).waitFor();
  await page.locator('.event').getByText(/the incident is resolved/).waitFor();
  await keys.to('Show');
  await page.keyboard.press('R');
  await eventually(async () => (await page.locator('.event .badge').allInnerTexts()).every(t => t === 'revoked'), 'revocations only');
  await keys.type('Find in what happened', 'left the company');
  await eventually(async () => await page.locator('.event').count() === 1, 'the one that is looked for');

  // What refers to an integration is named before it goes.
  await keys.press('Integrations', 'Enter', { back: true, most: 400 });
  await keys.press('Delete acme-pagerduty');
  await page.locator('dialog').getByText('bastion-on-call').waitFor();
  await keys.press('Delete it all the same', ' ');
  await keys.press('Delete');
  await sees('No integration yet');
  await keys.press('Policies', 'Enter', { back: true, most: 400 });
  await keys.press('Delete bastion-on-call');
  await keys.press('Delete');
  await page.getByRole('article', { name: 'Policy bastion-on-call' }).waitFor({ state: 'detached' });

  assert.equal(await keys.focused(), 'Policies', 'the focus does not get lost with what had it');

  // Out, with nothing left behind.
  await keys.press('Sign out', 'Enter', { back: true, most: 400 });
  await page.getByLabel('Token').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});
