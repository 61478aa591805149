// A word about what has just been done: seen for some seconds, and read out.
import { h } from './dom.js';
import { icon } from './icons.js';

const place = h('div.toasts', { role: 'status', 'aria-live': 'polite' });
document.body.append(place);

/** Says something. */
export function say(text, tone = 'ok') {
  const toast = h(`div.toast.tone-${tone}`, icon(tone === 'ok' ? 'check' : 'info'), h('span', text));

  // What is drawn anew may have taken its place away.
  if (!place.isConnected) document.body.append(place);
  place.append(toast);
  setTimeout(() => toast.remove(), 6000);
}
