// Keeps the focus where it is when what has it is drawn anew.

/** Draws a part of the page anew; the focus stays at what it was at, or goes to the nearest head above it. */
export function keepingFocus(root, draw) {
  const at = root.contains(document.activeElement) ? document.activeElement : null;
  const section = [...root.querySelectorAll('section')].findIndex(s => s.contains(at));
  draw();
  if (!at || document.activeElement === at) return;
  if (at.isConnected) {
    at.focus({ preventScroll: true });
    return;
  }

  const again = [...root.querySelectorAll('input, select, button, a')].find(e => keyOf(e) === keyOf(at) && !e.disabled);
  const head = root.querySelectorAll('section')[section]?.querySelector('h2') ?? document.querySelector('h1');
  if (!again) head?.setAttribute('tabindex', '-1');
  (again ?? head)?.focus({ preventScroll: true });
}

const keyOf = control => control.dataset.key || control.getAttribute('aria-label') || control.textContent;
