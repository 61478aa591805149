// The coming on-call windows, a row for each person. Each window is a button that tests for its person and its beginning.
import { clock } from '../../state/clock.js';
import { h } from '../../ui/dom.js';
import { instantText } from '../../ui/time.js';

/** Windows of a ListEligibleUsersResponse; pick(window, instant in ms) is called for the one that is chosen. */
export function timeline({ users, known_until: knownUntil }, pick) {
  const now = clock.now();
  const end = knownUntil ? Date.parse(knownUntil) : now;
  const windows = users.map(u => ({ ...u, from: u.start_time ? Date.parse(u.start_time) : -Infinity, to: u.end_time ? Date.parse(u.end_time) : Infinity })).filter(w => w.to > now && w.from < end);
  if (!windows.length || end <= now) return null;
  const place = instant => Math.min(100, Math.max(0, (instant - now) / (end - now) * 100));
  const people = Map.groupBy(windows, w => w.user_email);
  return h('div.timeline', { role: 'group', 'aria-label': 'On-call windows: choose one to test for it' },
    h('div.timeline-axis', { 'aria-hidden': 'true' }, ticksOf(now, end).map(tick => h('span.tick', { style: { left: `${place(tick)}%` } }, tickText(tick)))),
    [...people].map(([email, of]) => h('div.timeline-row',
      h('span.timeline-name', of[0].user_name || email),
      h('div.timeline-track', of.map(window => {
        const [from, to] = [place(window.from), place(window.to)];
        const words = `${window.from <= now ? 'now' : `from ${instantText(window.start_time)}`} ${window.end_time ? `until ${instantText(window.end_time)}` : 'without end'}`;
        return h('button.window', {
          type: 'button', class: `level-${Math.min(window.escalation_level || 1, 3)}${window.from <= now ? ' now' : ''}`, style: { left: `${from}%`, width: `${Math.max(to - from, 1.2)}%` },
          title: `${email}, ${words}, level ${window.escalation_level}`,
          'aria-label': `${window.user_name || email}, L${window.escalation_level}, ${words}: test for it`,
          onclick: () => pick(window, Math.max(now, window.from)),
        }, h('span', `L${window.escalation_level}`));
      })))));
}

function ticksOf(now, end) {
  const hour = 3_600_000;
  const step = [1, 2, 3, 6, 12, 24, 48].find(n => (end - now) / (n * hour) <= 6) * hour || 96 * hour;
  const ticks = [];
  const first = new Date(now);
  first.setMinutes(0, 0, 0);
  for (let at = first.getTime() + hour; at < end; at += hour) if (new Date(at).getHours() % Math.max(1, step / hour) === 0) ticks.push(at);

  // At the edges a word would stand over them.
  return ticks.filter(at => at - now > (end - now) * 0.03 && end - at > (end - now) * 0.03);
}

function tickText(at) {
  const date = new Date(at);
  return date.getHours() === 0 ? date.toLocaleDateString(undefined, { weekday: 'short', day: 'numeric' }) : date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}
