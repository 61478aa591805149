// Light, dark, or as the system has it.
import { button } from './parts.js';

const key = 'pdsidecar.theme';
const order = ['auto', 'light', 'dark'];
const signs = { auto: 'auto', light: 'sun', dark: 'moon' };
const words = { auto: 'system', light: 'light', dark: 'dark' };

export function applyTheme() {
  document.documentElement.dataset.theme = current();
}

/** A button that goes round. */
export function themeButton() {
  const at = current();
  const next = order[(order.indexOf(at) + 1) % order.length];
  const made = button(`Theme: ${words[at]}`, {
    sign: signs[at],
    kind: 'quiet',
    label: `Theme: ${words[at]}. Switch to ${words[next]}`,
    onclick: () => {
      localStorage.setItem(key, next);
      applyTheme();
      const other = themeButton();
      made.replaceWith(other);
      other.focus();
    },
  });
  return made;
}

function current() {
  const stored = localStorage.getItem(key);
  return order.includes(stored) ? stored : 'auto';
}
