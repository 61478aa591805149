// Times as people read them. Elements that tell an age or what is left go on by themselves.
import { clock } from '../state/clock.js';
import { h } from './dom.js';

/** "just now", "12 s", "3 min", "5 h 20 min", "3 d". */
export function spanText(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  if (s < 90 * 60) return `${Math.floor(s / 60)} min${s < 600 && s % 60 ? ` ${s % 60} s` : ''}`;
  if (s < 36 * 3600) return `${Math.floor(s / 3600)} h${Math.floor((s % 3600) / 60) ? ` ${Math.floor((s % 3600) / 60)} min` : ''}`;
  return `${Math.floor(s / 86400)} d${Math.floor((s % 86400) / 3600) ? ` ${Math.floor((s % 86400) / 3600)} h` : ''}`;
}

/** "24 Nov, 01:03" in the reader's own time zone; the second only where it matters. */
export function instantText(iso, { seconds = false } = {}) {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date(clock.now()).toDateString();
  return date.toLocaleString(undefined, {
    ...(isToday ? {} : { day: 'numeric', month: 'short', ...(date.getFullYear() === new Date(clock.now()).getFullYear() ? {} : { year: 'numeric' }) }),
    hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}), hourCycle: 'h23',
  });
}

/** An instant, with the exact one behind it. */
export function instant(iso, options) {
  return h('time', { datetime: iso, title: iso }, instantText(iso, options));
}

/** How long ago an instant was. */
export function ago(iso) {
  return ticking(h('time', { datetime: iso, title: iso }), () => spanText(clock.since(iso)));
}

/** How long there is until an instant. */
export function left(iso) {
  return ticking(h('time', { datetime: iso, title: iso }), () => (clock.since(iso) >= 0 ? 'now' : spanText(-clock.since(iso))));
}

/** Seconds of a duration ("7.5s"); 0 for none. */
export const secondsOf = duration => (duration ? Number.parseFloat(duration) : 0);

/** "15m", "90s", "1h30m" as a duration in seconds ("900s"); null for what is none. Empty is undefined. */
export function readDuration(text) {
  const trimmed = text.trim();
  if (!trimmed) return undefined;
  const parts = /^(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+(?:\.\d+)?)\s*s)?$/.exec(trimmed);
  if (!parts || !parts.slice(1).some(Boolean)) return null;
  const [d, hours, m, s] = parts.slice(1).map(p => Number(p ?? 0));
  return `${d * 86400 + hours * 3600 + m * 60 + s}s`;
}

/** A duration as it is typed. */
export function writeDuration(duration) {
  let s = secondsOf(duration);
  if (!s) return duration ? '0s' : '';
  const parts = [];
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['m', 60]]) {
    if (s >= size) parts.push(`${Math.floor(s / size)}${unit}`);
    s %= size;
  }

  return parts.join(' ') + (s ? `${parts.length ? ' ' : ''}${Math.round(s * 1000) / 1000}s` : '');
}

function ticking(element, text) {
  element.textContent = text();
  tickers.set(element, text);
  return element;
}

const tickers = new Map();
setInterval(() => {
  for (const [element, text] of tickers) {
    if (!element.isConnected) tickers.delete(element);
    else if (element.textContent !== text()) element.textContent = text();
  }
}, 1000);
