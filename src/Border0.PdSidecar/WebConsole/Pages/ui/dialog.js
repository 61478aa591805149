// The browser's own dialog: it keeps the focus inside, closes on Escape, and gives the focus back.
import { h, uniqueId } from './dom.js';
import { icon } from './icons.js';

/** Opens a dialog: { title, wide }, and what is in it, made by a function that is given how to close it. Tells when it is closed. */
export function openDialog({ title, wide = false }, content) {
  const id = uniqueId('dialog');
  const before = document.activeElement;
  const dialog = h('dialog', { 'aria-labelledby': id, class: wide ? 'wide' : '' });
  const close = () => dialog.close();
  dialog.append(h(
    'div.dialog-box',
    h('header', h('h2', { id, tabindex: '-1' }, title), h('button.button.icon-only', { type: 'button', 'aria-label': 'Close', onclick: close }, icon('cross'))),
    content(close)));
  document.body.append(dialog);
  const closed = new Promise(done => dialog.addEventListener('close', () => {
    dialog.remove();

    // What opened it may have been drawn again meanwhile.
    if (before?.isConnected) before.focus();
    else document.querySelector('h1')?.focus();
    done();
  }));
  dialog.showModal();
  (dialog.querySelector('[autofocus]') ?? dialog.querySelector('h2')).focus();
  return closed;
}
