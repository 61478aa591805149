// The verdict, and every condition of the policy as a tree: what holds and what does not, in words, signs and colours.
import { h } from '../../ui/dom.js';
import { icon } from '../../ui/icons.js';
import { badge, chips } from '../../ui/parts.js';
import { ago, instant, left } from '../../ui/time.js';

const outcomes = {
  CONDITION_OUTCOME_PASS: ['ok', 'holds'],
  CONDITION_OUTCOME_FAIL: ['bad', 'does not hold'],
  CONDITION_OUTCOME_NO_OP: ['warn', 'asks for nothing'],
  CONDITION_OUTCOME_ABSENT: ['none', 'not asked'],
};
const names = {
  'condition.who': 'Who', 'condition.where': 'Where from', 'condition.when': 'When', require_be_oncall: 'On call', require_incident: 'Open incident',
};

/** What TestPolicy answered. */
export function verdict(answer, isThen) {
  const isAllow = answer.decision === 'DECISION_ALLOW';
  const granted = Object.keys(answer.allowed_actions).concat(Object.keys(answer.permissions));
  return [
    h(`div.verdict.tone-${isAllow ? 'ok' : 'bad'}`, icon(isAllow ? 'check' : 'cross'), h('div',
      h('h2', isAllow ? 'Allow' : 'Deny'),
      h('p', isThen ? 'at ' : 'now, ', instant(answer.time, { seconds: true }), answer.valid_until ? [isAllow ? '; known to hold for another ' : '; may change in ', left(answer.valid_until)] : null))),
    isAllow && granted.length ? h('p', h('span.muted', 'Grants '), chips(granted)) : null,
    answer.facts_time ? h('p.muted', 'By facts that are ', ago(answer.facts_time), ' old.') : null,
    answer.warnings.length ? h('ul.warnings', answer.warnings.map(w => h('li', badge('warn', w.code.toLowerCase().replaceAll('_', ' ')), h('span', w.message)))) : null,
    h('h3', 'Why'),
    answer.trace ? h('ul.trace', h('li', line(answer.trace.holds ? 'ok' : 'bad', answer.trace.holds ? 'holds' : 'does not hold', answer.trace.policy_name || 'This policy',
      answer.trace.grants ? null : 'It grants nothing for this socket type.'),
    h('ul', answer.trace.conditions.map(condition)))) : null,
  ].filter(Boolean);
}

function condition(trace) {
  const [tone, word] = outcomes[trace.outcome] ?? ['none', 'not known'];
  return h('li', { class: trace.shadow ? 'shadow' : '' },
    line(trace.shadow && tone === 'bad' ? 'warn' : tone, trace.shadow ? `${word} (only watched)` : word, nameOf(trace.condition), trace.outcome === 'CONDITION_OUTCOME_ABSENT' || trace.parts.length ? null : trace.reason?.message,
      trace.valid_until && !trace.parts.length ? h('span.muted', 'until ', instant(trace.valid_until, { seconds: true })) : null),
    trace.parts.length ? h('ul', trace.parts.map(condition)) : null);
}

function line(tone, word, name, why, more = null) {
  return h(`div.trace-line.tone-${tone}`, badge(tone, word), h('div', h('strong', name), why ? h('p', why) : null, more));
}

function nameOf(path) {
  const whole = /^integrations\[(\d+)\]$/.exec(path);
  return whole ? `PagerDuty condition ${Number(whole[1]) + 1}` : names[path] ?? names[path.split('.').at(-1)] ?? path;
}
