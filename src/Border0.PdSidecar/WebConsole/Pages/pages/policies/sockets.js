// Attaches a policy to sockets and detaches it, at once.
import { call } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { openDialog } from '../../ui/dialog.js';
import { Field, input, placeViolations } from '../../ui/field.js';
import { button, failure } from '../../ui/parts.js';

export function openSockets({ name, socket_ids: known }, changed) {
  return openDialog({ title: `Sockets of ${name}` }, close => {
    const list = h('ul.checks');
    const problem = h('div', { 'aria-live': 'polite' });
    const socket = input({ placeholder: 'payments-db', maxlength: '256', autofocus: true });
    const field = new Field({ label: 'Attach to socket', control: socket, path: 'socket_ids', hint: 'Its id, as the connector names it.' });

    const draw = ids => fill(list, ids.length
      ? ids.map(id => h('li', h('code', id), h('span.spacer'), button('Detach', { sign: 'cross', label: `Detach from ${id}`, onclick: () => change('DetachPolicy', id) })))
      : h('li.muted', 'It is attached to no socket.'));

    async function change(method, id) {
      try {
        const { policy } = await call(method, { name, socket_ids: [id] });
        draw(policy.socket_ids);
        fill(problem);
        field.error('');
        socket.value = '';
        socket.focus();
        changed();
      } catch (e) {
        const left = placeViolations([field], e.violations ?? []);
        fill(problem, e.violations?.length && !left.length ? null : failure(e));
      }
    }

    draw(known);
    return [
      h('form.inline-form', { novalidate: true, onsubmit: e => { e.preventDefault(); change('AttachPolicy', socket.value.trim()); } }, field.element, button('Attach', { kind: 'primary', sign: 'plus', type: 'submit' })),
      problem, list, h('p.hint', 'Detaching ends the sessions that no other policy allows.'), h('footer.actions', h('span.spacer'), button('Done', { onclick: close })),
    ];
  });
}
