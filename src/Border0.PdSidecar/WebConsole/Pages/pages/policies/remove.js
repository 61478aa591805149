// Deletes a policy.
import { call } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { openDialog } from '../../ui/dialog.js';
import { button, failure } from '../../ui/parts.js';
import { say } from '../../ui/toast.js';

export function openDeletion({ name, etag }, changed) {
  return openDialog({ title: `Delete ${name}?` }, close => {
    const problem = h('div');
    const remove = button('Delete', { kind: 'danger', sign: 'trash', onclick: async () => {
      remove.disabled = true;
      try {
        await call('DeletePolicy', { name, etag });
        close();
        say(`${name} is deleted.`);
        changed();
      } catch (e) {
        remove.disabled = false;
        fill(problem, failure(e));
      }
    } });
    return [h('p', 'Sessions that no other policy allows end at once.'), problem, h('footer.actions', h('span.spacer'), button('Cancel', { onclick: close }), remove)];
  });
}
