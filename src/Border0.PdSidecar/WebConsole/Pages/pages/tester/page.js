// What one policy would decide, for whom and when, and why.
import { all, call } from '../../state/session.js';
import { clock } from '../../state/clock.js';
import { draftToTest } from '../../state/draft.js';
import { fill, h } from '../../ui/dom.js';
import { Field, input, placeViolations, select } from '../../ui/field.js';
import { ListInput } from '../../ui/listinput.js';
import { button, emptyState, failure, loading, notice, pageHead } from '../../ui/parts.js';
import { writable } from '../policies/json.js';
import { eligibleList } from './eligible.js';
import { timeline } from './timeline.js';
import { verdict } from './trace.js';

export function testerPage({ signal, query }) {
  const body = h('div.tester', loading('policies'));
  load();
  return h('div.page', pageHead('Policy tester', 'What a policy would decide, for whom and when. Nothing is stored, nobody is let in.'), body);

  async function load() {
    try {
      const policies = await all('ListPolicies', 'policies', {}, signal);
      const draft = query.has('draft') ? draftToTest() : null;
      fill(body, policies.length || draft ? tester(policies, draft, query, signal) : emptyState('test', 'Nothing to test yet', 'Once there is a policy, this page says who may enter now, and who next.', h('a.button.primary', { href: '#/policies/+' }, 'New policy')));
    } catch (e) {
      if (!signal.aborted) fill(body, failure(e, load));
    }
  }
}

function tester(policies, draft, query, signal) {
  const drafted = '\u0000draft';
  const policy = select([...(draft ? [[drafted, `${draft.name || 'New policy'} (as in the editor)`]] : []), ...policies.map(p => [p.name, p.name])], draft ? drafted : query.get('policy') ?? policies[0].name, { onchange: () => { lookAhead(); test(); } });
  if (policy.selectedIndex < 0) policy.selectedIndex = 0;
  const user = input({ value: query.get('user') ?? '', placeholder: 'alice@example.com', type: 'email' });
  const account = input({ placeholder: 'ci-deploy' });
  const groups = new ListInput({ noun: 'group', placeholder: 'sre' });
  const address = input({ placeholder: '192.0.2.10' });
  const country = input({ placeholder: 'DE', maxlength: '2' });
  const type = select([['', 'any that it grants'], ...['ssh', 'database', 'http', 'tls', 'rdp', 'vnc', 'vpn', 'kubernetes'].map(t => [t, t])], '');
  const at = input({ type: 'datetime-local', step: '1' });
  const fields = [
    new Field({ label: 'Policy', control: policy, path: 'name' }),
    new Field({ label: 'User', hint: 'E-mail address', control: user, path: 'user_email' }),
    new Field({ label: 'Socket type', control: type, path: 'socket_type' }),
    new Field({ label: 'Instant', hint: 'Empty: now. Incidents are those of now.', control: at, path: 'time', optional: true }),
    new Field({ label: 'Client address', control: address, path: 'client_ip', optional: true }),
    new Field({ label: 'Country', control: country, path: 'client_country', optional: true }),
    new Field({ label: 'Groups', control: groups.input, path: 'groups', optional: true }),
    new Field({ label: 'Service account', hint: 'Instead of a user', control: account, path: 'service_account', optional: true }),
  ];
  const result = h('section.panel.result', { 'aria-live': 'polite', 'aria-label': 'Result' }, h('p.muted', 'Name a user to see what the policy decides.'));
  const ahead = h('section.panel', { 'aria-label': 'Who may enter now, and who next' });
  let under = null;

  async function test() {
    if (!user.value.trim() && !account.value.trim()) return;
    under?.abort();
    const mine = (under = new AbortController());
    try {
      const answer = await call('TestPolicy', {
        ...(policy.value === drafted ? { policy: writable(draft) } : { name: policy.value }),
        user_email: user.value.trim(), service_account: account.value.trim(), groups: groups.values, client_ip: address.value.trim(), client_country: country.value.trim(), socket_type: type.value,
        time: at.value ? new Date(at.value).toISOString() : undefined,
      }, AbortSignal.any([mine.signal, signal]));
      placeViolations(fields, []);
      fill(result, verdict(answer, Boolean(at.value)));
    } catch (e) {
      if (mine.signal.aborted || signal.aborted) return;
      const left = placeViolations(fields, e.violations ?? []);
      fill(result, e.violations?.length && !left.length ? h('p.muted', 'See the fields that are marked.') : failure(e));
    }
  }

  async function lookAhead() {
    if (policy.value === drafted) {
      fill(ahead, h('h2', 'Who may enter now, and who next'), notice('info', 'Not for a draft.', 'Save the policy to see whom it lets in.'));
      return;
    }

    const name = policy.value;
    fill(ahead, h('h2', 'Who may enter now, and who next'), loading('on-call windows'));
    try {
      const answer = await call('ListEligibleUsers', { name, page_size: 200 }, signal);
      if (policy.value !== name) return;
      const pick = (window, instant) => {
        user.value = window.user_email;
        at.value = instant > clock.now() ? local(instant) : '';
        account.value = '';
        test();
        result.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
      };
      fill(ahead, h('h2', 'Who may enter now, and who next'), timeline(answer, pick), eligibleList(answer));
    } catch (e) {
      if (!signal.aborted) fill(ahead, h('h2', 'Who may enter now, and who next'), failure(e, lookAhead));
    }
  }

  lookAhead();
  test();
  const [main, more] = [fields.slice(0, 4), fields.slice(4)];
  return [
    h('div.tester-columns',
      h('form.panel', { novalidate: true, onsubmit: e => { e.preventDefault(); test(); } },
        h('div.form-grid', main.map(f => f.element)),
        h('details.more', h('summary', 'Address, country, groups, service account'), h('div.form-grid', more.map(f => f.element))),
        h('footer.actions', button('Test', { kind: 'primary', sign: 'test', type: 'submit' }), button('Now', { sign: 'clock', label: 'Test for now', onclick: () => { at.value = ''; test(); } }))),
      result),
    ahead,
  ];
}

function local(instant) {
  return new Date(instant - new Date(instant).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
