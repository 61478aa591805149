// What PagerDuty says of a key.
import { call } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { openDialog } from '../../ui/dialog.js';
import { badge, button, failure, loading, notice } from '../../ui/parts.js';
import { secondsOf } from '../../ui/time.js';

const reads = { services: 'Services', oncalls: 'On-call shifts', incidents: 'Incidents', users: 'Users', webhook_subscriptions: 'Webhook subscriptions' };

/** The report on a key. */
export function keyReport(answer) {
  const tone = answer.usable ? (answer.write_access === 'WRITE_ACCESS_READ_WRITE' ? 'warn' : 'ok') : 'bad';
  return h('div.key-report',
    notice(tone, answer.usable ? 'The key works.' : answer.key_valid ? 'The key is not enough.' : 'PagerDuty refuses the key.', answer.message),
    h('ul.checks', answer.capabilities.map(c => h('li', badge(c.ok ? 'ok' : c.required ? 'bad' : 'none', c.ok ? 'can read' : 'cannot read'), h('span', reads[c.name] ?? c.name, c.required ? null : h('span.muted', ' (optional)')), c.detail ? h('span.muted', c.detail) : null))),
    h('dl.figures',
      h('div.figure', h('dt', 'Rights'), h('dd', answer.write_access === 'WRITE_ACCESS_READ_WRITE' ? badge('warn', 'can write: use a read-only key') : answer.write_access === 'WRITE_ACCESS_READ_ONLY' ? badge('ok', 'read-only') : badge('none', 'could not be told'))),
      h('div.figure', h('dt', 'Kind'), h('dd', { KEY_KIND_ACCOUNT: 'the account’s key', KEY_KIND_USER: 'a user’s key: sees what the user sees' }[answer.key_kind] ?? 'not known')),
      h('div.figure', h('dt', 'Round trip'), h('dd', answer.latency ? `${Math.round(secondsOf(answer.latency) * 1000)} ms` : 'not known')),
      answer.rate_budget?.limit ? h('div.figure', h('dt', 'Rate limit'), h('dd', `${answer.rate_budget.remaining} of ${answer.rate_budget.limit} left`)) : null),
    answer.webhook_subscriptions.length ? h('div', h('h3', 'Webhook subscriptions that deliver here'), h('ul.checks', answer.webhook_subscriptions.map(s =>
      h('li', badge(s.temporarily_disabled ? 'bad' : s.active ? 'ok' : 'none', s.temporarily_disabled ? 'switched off by PagerDuty' : s.active ? 'active' : 'off'), h('code', s.url))))) : null);
}

/** Checks the stored key of an integration. */
export function openKeyCheck({ name }) {
  return openDialog({ title: `Check the key of ${name}` }, close => {
    const result = h('div', { 'aria-live': 'polite' }, loading('PagerDuty’s answers'));
    call('CheckIntegration', { name }).then(answer => fill(result, keyReport(answer)), e => fill(result, failure(e)));
    return [result, h('footer.actions', button('Close', { kind: 'primary', onclick: close }))];
  });
}
