// What a policy says, in a few words.
const involvement = { INCIDENT_INVOLVEMENT_ASSIGNED: ' assigned to the user', INCIDENT_INVOLVEMENT_ACKNOWLEDGED: ' acknowledged by the user' };

/** What a policy grants: "ssh, database (read)". */
export function grantsOf(policy) {
  const actions = Object.entries(policy.actions).map(([type, { values }]) => `${type === '*' ? 'every type' : type}${values.length === 1 && values[0] === '*' ? '' : ` (${values.join(', ')})`}`);
  return [...actions, ...Object.keys(policy.permissions)].join(', ');
}

/** What a policy asks for, a short sentence each. */
export function conditionsOf(policy, nameOf = (_, id) => id) {
  const { who, where, when } = policy.condition ?? {};
  const said = policy.integrations.map(i => `${conditionText(i, nameOf)}${i.mode === 'CONDITION_MODE_SHADOW' ? ' (only watched)' : ''}`);
  const people = who ? [...who.email, ...who.domain.map(d => `@${d}`), ...who.group, ...who.service_account] : [];
  if (people.length) said.push(`who: ${short(people)}`);
  if (where && (where.allowed_ip.length || where.country.length || where.country_not.length)) {
    said.push(`from ${short([...where.allowed_ip, ...where.country, ...where.country_not.map(c => `not ${c}`)])}`);
  }

  if (when && (when.after || when.before)) said.push(`${when.after ? `from ${when.after} ` : ''}${when.before ? `until ${when.before}` : ''}`.trim());
  if (when && (when.time_of_day_after || when.time_of_day_before)) {
    said.push(`daily ${when.time_of_day_after || '00:00'} to ${when.time_of_day_before || '24:00'} ${when.time_zone}`.trim());
  }

  return said;
}

function conditionText({ integration_name: name, pagerduty_oncall: oncall }, nameOf) {
  if (!oncall) return `${name}: nothing`;
  const needs = [];
  if (oncall.require_be_oncall) needs.push(`on call${oncall.max_escalation_level ? ` up to level ${oncall.max_escalation_level}` : ''}`);
  if (oncall.require_incident) needs.push(`an open incident${involvement[oncall.incident_involvement] ?? ''}`);
  const service = nameOf(name, oncall.service_id);
  return needs.length ? `${needs.join(' and ')} · ${service} in ${name}` : `nothing of ${service} in ${name} (NO-OP)`;
}

const short = values => (values.length > 3 ? `${values.slice(0, 3).join(', ')} and ${values.length - 3} more` : values.join(', '));
