// Deletes an integration, once it is plain which policies refer to it.
import { all, call } from '../../state/session.js';
import { fill, h, uniqueId } from '../../ui/dom.js';
import { openDialog } from '../../ui/dialog.js';
import { badge, button, failure, loading, notice } from '../../ui/parts.js';
import { say } from '../../ui/toast.js';

export function openRemoval({ name, etag }, changed) {
  return openDialog({ title: `Delete ${name}?` }, close => {
    const id = uniqueId('force');
    const force = h('input', { type: 'checkbox', id, onchange: () => { remove.disabled = !force.checked; } });
    const body = h('div.flow', loading('policies that refer to it'));
    const problem = h('div');
    const remove = button('Delete', { kind: 'danger', sign: 'trash', disabled: true, onclick: () => submit() });
    all('ListPolicies', 'policies', { integration_name: name }).then(policies => {
      remove.disabled = policies.length > 0;
      fill(body, policies.length
        ? [notice('warn', `${policies.length === 1 ? 'One policy refers' : `${policies.length} policies refer`} to it.`, 'Without it they deny, and sessions that rest on them end.'),
          h('ul.checks', policies.map(p => h('li', badge('warn', 'will deny'), h('strong', p.name), h('span.muted', p.description)))),
          h('div.check-line', force, h('label', { for: id }, 'Delete it all the same'))]
        : h('p', 'No policy refers to it. Its key is forgotten.'));
    }, e => fill(body, failure(e)));

    async function submit() {
      remove.disabled = true;
      try {
        const { orphaned_policies: orphaned } = await call('DeleteIntegration', { name, etag, force: force.checked });
        close();
        say(orphaned.length ? `${name} is deleted. ${orphaned.join(', ')} ${orphaned.length === 1 ? 'denies' : 'deny'} from now on.` : `${name} is deleted.`);
        changed();
      } catch (e) {
        remove.disabled = false;
        fill(problem, failure(e));
      }
    }

    return [body, problem, h('footer.actions', h('span.spacer'), button('Cancel', { onclick: close }), remove)];
  });
}
