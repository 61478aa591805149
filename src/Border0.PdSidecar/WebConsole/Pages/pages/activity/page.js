// What happens, as it happens.
import { activity } from '../../state/activity.js';
import { fill, h } from '../../ui/dom.js';
import { select } from '../../ui/field.js';
import { icon } from '../../ui/icons.js';
import { badge, button, emptyState, pageHead } from '../../ui/parts.js';
import { entryRow, textOf } from './row.js';

const kinds = {
  all: ['Everything', {}],
  allow: ['Allowed', { kinds: ['ACTIVITY_KIND_DECISION'], decision: 'DECISION_ALLOW' }],
  deny: ['Denied', { kinds: ['ACTIVITY_KIND_DECISION'], decision: 'DECISION_DENY' }],
  revocation: ['Revoked', { kinds: ['ACTIVITY_KIND_REVOCATION'] }],
  change: ['Changes', { kinds: ['ACTIVITY_KIND_CHANGE'] }],
};
const most = 200;

let chosen = 'all';

export function activityPage({ signal }) {
  const rows = h('ol.feed', { 'aria-label': 'What happened, the newest first' });
  const state = h('span', { role: 'status' });
  const missed = h('span.muted');
  const kind = select(Object.entries(kinds).map(([value, [text]]) => [value, text]), chosen, { 'aria-label': 'Show', onchange: () => { chosen = kind.value; activity.refine(kinds[chosen][1]); draw(); } });
  const search = h('input', { type: 'search', placeholder: 'User, socket, policy, reason …', 'aria-label': 'Find in what happened', oninput: () => draw() });
  let isPaused = false;
  let waiting = 0;
  const pause = button('Pause', { sign: 'pause', 'aria-pressed': 'false', onclick: () => { isPaused = !isPaused; waiting = 0; draw(); showPause(); } });
  const drawn = new Map();

  activity.refine(kinds[chosen][1]);
  activity.start();
  signal.addEventListener('abort', () => activity.refine({}));
  activity.onChange(entry => {
    showState();
    if (!entry) return;
    if (isPaused) {
      waiting++;
      showPause();
    } else {
      soon();
    }
  }, signal);
  draw();
  showState();

  let frame = 0;
  function soon() {
    frame ||= requestAnimationFrame(() => { frame = 0; if (!signal.aborted) draw(); });
  }

  function draw() {
    const word = search.value.trim().toLowerCase();
    const matching = activity.entries.filter(e => fits(e) && (!word || textOf(e).includes(word))).slice(0, most);
    if (!matching.length) {
      drawn.clear();
      fill(rows, h('li.no-list', emptyState('activity', activity.entries.length ? 'Nothing of that kind' : 'Quiet so far', activity.entries.length ? 'Other things have happened. Show everything to see them.' : 'Decisions, revocations and changes appear here the moment they happen.')));
      return;
    }

    const wanted = matching.map(e => {
      if (!drawn.has(e.id)) drawn.set(e.id, entryRow(e));
      return drawn.get(e.id);
    });
    for (const [id, element] of drawn) if (!wanted.includes(element)) drawn.delete(id);
    for (let i = 0; i < wanted.length; i++) if (rows.children[i] !== wanted[i]) rows.insertBefore(wanted[i], rows.children[i] ?? null);
    while (rows.children.length > wanted.length) rows.lastElementChild.remove();
  }

  function showState() {
    const is = activity.state;
    const next = is === 'live' ? 'live' : is === 'connecting' || is === 'off' ? 'connecting' : `not live: ${is}`;
    if (state.dataset.is !== next) {
      state.dataset.is = next;
      fill(state, is === 'live' ? badge('ok', 'live') : badge(next === 'connecting' ? 'wait' : 'bad', next));
    }

    fill(missed, activity.missed ? `${activity.missed} left out: too much happened to show it all` : '');
  }

  function showPause() {
    pause.setAttribute('aria-pressed', String(isPaused));
    fill(pause, icon(isPaused ? 'play' : 'pause'), h('span', isPaused ? `Go on${waiting ? ` (${waiting} new)` : ''}` : 'Pause'));
  }

  return h('div.page',
    pageHead('Activity', 'Decisions, revocations and changes as they happen, from when you came. The record is the decision log.', state),
    h('div.toolbar', kind, h('div.search', icon('search'), search), pause, button('Clear', { onclick: () => { activity.clear(); draw(); } }), missed),
    rows);
}

function fits(entry) {
  return chosen === 'all'
    || (chosen === 'allow' && entry.decision?.decision === 'DECISION_ALLOW')
    || (chosen === 'deny' && entry.decision?.decision === 'DECISION_DENY')
    || (chosen === 'revocation' && entry.revocation)
    || (chosen === 'change' && entry.change);
}
