// Small pieces that every page is made of.
import { h } from './dom.js';
import { icon } from './icons.js';

const signs = { ok: 'check', bad: 'cross', warn: 'warn', info: 'info', wait: 'clock', none: 'minus', quiet: 'eye' };

/** A word with a sign and a colour, which says the same three times. */
export function badge(tone, text, title = undefined) {
  return h(`span.badge.tone-${tone}`, { title }, icon(signs[tone]), text);
}

/** A button. */
export function button(text, { sign, kind = 'plain', label, ...properties } = {}) {
  return h(`button.button.${kind}`, { type: 'button', 'aria-label': label, ...properties }, sign ? icon(sign) : null, h('span', text));
}

/** A message that stands in the page: tone, bold words, more words. */
export function notice(tone, title, ...more) {
  return h(`div.notice.tone-${tone}`, icon(signs[tone]), h('div', title ? h('strong', title) : null, title && more.length ? ' ' : null, ...more));
}

/** What a page says when there is nothing to show. */
export function emptyState(sign, title, text, action = null) {
  return h('div.empty', icon(sign), h('h2', title), h('p', text), action);
}

/** What a page says until it has something to show. */
export function loading(what) {
  return h('p.loading', { role: 'status' }, h('span.spinner', { 'aria-hidden': 'true' }), `Loading ${what} …`);
}

/** A failed call, with what to do about it. */
export function failure(error, again = null) {
  return h('div.notice.tone-bad', { role: 'alert' }, icon('cross'), h('div', h('strong', titleOf(error)), ' ', error.message), again ? button('Try again', { sign: 'sync', onclick: again }) : null);
}

/** A head line with what can be done on the page. */
export function pageHead(title, lead, ...actions) {
  return h('header.page-head', h('div', h('h1', { tabindex: '-1' }, title), lead ? h('p.lead', lead) : null), h('div.actions', ...actions));
}

/** Said on pages where a viewer misses what an administrator would find. */
export function viewerNotice(what) {
  return notice('quiet', 'You look as a viewer.', `${what} needs a token of role admin.`);
}

/** Said of what `pdsidecar apply` keeps. */
export function keptElsewhere(owner) {
  return notice('info', `Kept by ${owner}.`, 'Change it there: what is changed here is written over by the next pdsidecar apply.');
}

/** The names of things in a row. */
export function chips(values, most = 6) {
  return h('span.chips', values.slice(0, most).map(v => h('code.chip', v)), values.length > most ? h('span.muted', `and ${values.length - most} more`) : null);
}

function titleOf(error) {
  return {
    UNAVAILABLE: 'No answer.', DEADLINE_EXCEEDED: 'Too slow.', PERMISSION_DENIED: 'Not allowed.', NOT_FOUND: 'Not there.', ABORTED: 'Changed meanwhile.',
    INVALID_ARGUMENT: 'Not accepted.', FAILED_PRECONDITION: 'Not possible now.', ALREADY_EXISTS: 'There is one already.', RESOURCE_EXHAUSTED: 'Too much.',
  }[error.code] ?? 'That did not work.';
}
