// Who is in, why, and for how long.
import { activity } from '../../state/activity.js';
import { all, session } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { keepingFocus } from '../../ui/focus.js';
import { icon } from '../../ui/icons.js';
import { badge, button, chips, emptyState, failure, loading, pageHead, viewerNotice } from '../../ui/parts.js';
import { poll } from '../../ui/poll.js';
import { ago, instant, left } from '../../ui/time.js';
import { openEnding } from './end.js';

export function sessionsPage({ signal }) {
  const rows = h('div.rows', loading('sessions'));
  const search = h('input', { type: 'search', placeholder: 'Find by user, socket, connector or policy', 'aria-label': 'Find sessions', oninput: () => draw() });
  const found = h('p.muted', { role: 'status' });
  const shown = new Map();
  let sessions = null;
  const look = poll(2500, async () => {
    try {
      sessions = await all('ListSessions', 'sessions', {}, signal);
      draw();
    } catch (e) {
      if (signal.aborted) return;
      shown.clear();
      fill(rows, failure(e, look));
    }
  }, signal);

  // What opens or ends one is seen at once, and not at the next look.
  activity.start();
  activity.onChange(entry => { if (entry && (entry.revocation || entry.decision?.session_key)) look(); }, signal);

  function draw() {
    if (!sessions) return;
    const word = search.value.trim().toLowerCase();
    const matching = sessions.filter(s => !word || JSON.stringify([s.user_email, s.service_account, s.socket_id, s.socket_type, s.connector_id, s.policy_names, s.session_key, s.client_ip]).toLowerCase().includes(word)).slice(0, 500);
    found.textContent = sessions.length ? `${word ? `${matching.length} of ` : ''}${sessions.length} open` : '';
    if (!matching.length) {
      shown.clear();
      if (!rows.querySelector('.empty') || word) keepingFocus(rows, () => fill(rows, sessions.length ? h('p.muted.pad', 'No session matches.') : emptyState('sessions', 'Nobody is in', 'As soon as a connector opens a session, it is here, with the reason it is allowed.')));
      return;
    }

    const wanted = matching.map(s => {
      const key = `${s.connector_id}\n${s.session_key}`;
      const says = JSON.stringify({ ...s, last_seen_time: '', reasons: s.reasons.map(r => r.code + r.policy_name) });
      const known = shown.get(key);
      if (known?.says === says) return known.element;
      const made = row(s);
      shown.set(key, { says, element: made });
      return made;
    });
    for (const [key, { element }] of shown) if (!wanted.includes(element)) shown.delete(key);
    if (wanted.length !== rows.children.length || wanted.some((e, i) => rows.children[i] !== e)) keepingFocus(rows, () => fill(rows, wanted));
  }

  const row = s => h('article.row.session', { 'aria-label': `Session of ${s.user_email || s.service_account} on ${s.socket_id}` },
    h('div.row-main',
      h('h2', s.user_email || s.service_account, s.service_account ? badge('none', 'service account') : null),
      h('p', h('code.chip', s.socket_id), ' ', h('span.muted', `${s.socket_type} by ${s.connector_id}${s.client_ip ? ` from ${s.client_ip}` : ''}`)),
      h('ul.reasons', s.reasons.map(r => h('li', icon(s.grace_until ? 'warn' : 'check'), h('span', r.message))))),
    h('dl.row-facts',
      h('div', h('dt', 'Time left'), h('dd', s.grace_until ? badge('bad', ['ends in ', left(s.grace_until)]) : s.valid_until ? [h('strong', left(s.valid_until)), h('span.muted', ' until ', instant(s.valid_until))] : h('span.muted', 'no end is known'))),
      h('div', h('dt', 'Open for'), h('dd', ago(s.open_time))),
      h('div', h('dt', 'By'), h('dd', s.policy_names.length ? chips(s.policy_names) : h('span.muted', 'no policy any more')))),
    session.mayWrite ? h('div.row-actions', button('End', { sign: 'stop', kind: 'danger-quiet', label: `End the session of ${s.user_email || s.service_account} on ${s.socket_id}`, onclick: () => openEnding(s, look) })) : null);

  return h('div.page',
    pageHead('Sessions', 'Connections that were allowed and go on.'),
    session.mayWrite ? null : viewerNotice('To end one'),
    h('div.toolbar', h('div.search', icon('search'), search), found),
    rows);
}
