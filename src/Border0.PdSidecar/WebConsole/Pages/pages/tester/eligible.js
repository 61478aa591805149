// Whom a policy lets in, now and next, as a list.
import { clock } from '../../state/clock.js';
import { h } from '../../ui/dom.js';
import { badge, notice } from '../../ui/parts.js';
import { ago, instant, left } from '../../ui/time.js';

/** Of a ListEligibleUsersResponse. */
export function eligibleList(answer) {
  const now = answer.users.filter(isNow);
  const next = answer.users.filter(u => !isNow(u));
  return h('div.eligible',
    answer.not_limited_to_on_call ? notice('info', 'Not only who is on call.', 'The policy does not ask who is: whomever it names, or anybody, may enter while the rest holds.') : null,
    answer.also_required.map(text => notice('info', 'Also needed:', text)),
    answer.users.length ? h('div.eligible-columns',
      h('div', h('h3', 'Now'), now.length ? h('ul.people', now.map(person)) : h('p.muted', 'Nobody.')),
      h('div', h('h3', 'Next'), next.length ? h('ul.people', next.map(person)) : h('p.muted', 'Nobody that is known of.'))) : answer.not_limited_to_on_call ? null : h('p.muted', 'Nobody is on call in the known future.'),
    answer.facts_time ? h('p.muted', 'By facts that are ', ago(answer.facts_time), ' old', answer.known_until ? ['; windows are known until ', instant(answer.known_until)] : null, '.') : null);
}

const isNow = user => !user.start_time || Date.parse(user.start_time) <= clock.now();

function person(user) {
  return h('li', h('div', h('strong', user.user_name || user.user_email), h('span.muted', user.user_email)),
    h('span.person-when', isNow(user)
      ? user.end_time ? ['for another ', left(user.end_time)] : 'without end'
      : ['from ', instant(user.start_time), ', in ', left(user.start_time)]),
    isNow(user) ? badge(user.eligible_now ? 'ok' : 'wait', user.eligible_now ? `may enter, level ${user.escalation_level}` : `on call, level ${user.escalation_level}`) : badge('none', `level ${user.escalation_level}`));
}
