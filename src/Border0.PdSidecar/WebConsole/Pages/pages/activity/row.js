// One thing that happened.
import { h } from '../../ui/dom.js';
import { badge } from '../../ui/parts.js';
import { instant } from '../../ui/time.js';

const causes = {
  SHIFT_ENDED: 'the shift ended', NOT_ON_CALL: 'not on call any more', INCIDENT_RESOLVED: 'the incident is resolved', TIME_BOUND: 'the time is over', POLICY_CHANGED: 'a policy changed',
  INTEGRATION_CHANGED: 'the integration is gone', SERVICE_GONE: 'the service is gone', FACTS_STALE: 'PagerDuty is not heard of', MAX_SESSION_DURATION: 'it lasted as long as it may',
  ADMINISTRATOR: 'an administrator ended it', ABANDONED: 'its connector is gone', NOT_ALLOWED_ON_ADOPTION: 'not allowed when adopted', REEVALUATION_DENIED: 'denied when asked again',
};
const did = { create: 'created', update: 'changed', delete: 'deleted', revoke: 'revoked' };

/** The row of an entry. */
export function entryRow(entry) {
  const { decision, revocation, change } = entry;
  return h('li.event', h('span.event-time', instant(entry.time, { seconds: true })), decision ? decided(decision) : revocation ? revoked(revocation) : changed(change));
}

/** All that an entry says, in small letters, to find it by. */
export function textOf(entry) {
  return (entry.text ??= JSON.stringify([entry.decision, entry.revocation, entry.change]).toLowerCase());
}

function decided(decision) {
  const isAllow = decision.decision === 'DECISION_ALLOW';
  return [
    badge(isAllow ? 'ok' : 'bad', isAllow ? 'allowed' : 'denied'),
    h('div.event-main',
      h('p', h('strong', decision.user_email || decision.service_account), ' ', h('code.chip', decision.socket_id), ' ', h('span.muted', `${decision.socket_type}${decision.connector_id ? ` by ${decision.connector_id}` : ''}${decision.client_ip ? ` from ${decision.client_ip}` : ''}`)),
      h('ul.reasons', decision.reasons.map(r => h('li', r.policy_name ? [h('code', r.policy_name), ' '] : null, r.message)))),
  ];
}

function revoked({ connector_id: connector, session_revoked: event }) {
  return [
    badge('warn', 'revoked'),
    h('div.event-main',
      h('p', h('strong', event.user_email || event.service_account), ' ', h('code.chip', event.socket_id), ' ', h('span.muted', `by ${connector}: ${causes[event.cause.replace('REVOCATION_CAUSE_', '')] ?? 'not known why'}`)),
      h('ul.reasons', h('li', event.policy_name ? [h('code', event.policy_name), ' '] : null, event.reason_admin))),
  ];
}

function changed(change) {
  return [
    badge('info', did[change.action] ?? change.action),
    h('div.event-main', h('p', change.type, ' ', h('strong', change.name), change.actor ? h('span.muted', ` by ${change.actor}`) : null)),
  ];
}
