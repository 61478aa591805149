// Ends a session, with a reason for the record.
import { call } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { openDialog } from '../../ui/dialog.js';
import { Field, input, placeViolations } from '../../ui/field.js';
import { button, failure } from '../../ui/parts.js';
import { say } from '../../ui/toast.js';

export function openEnding({ connector_id: connector, session_key: key, user_email: user, service_account: account, socket_id: socket }, changed) {
  return openDialog({ title: 'End this session?' }, close => {
    const reason = input({ maxlength: '1024', placeholder: 'left the company', autofocus: true });
    const field = new Field({ label: 'Reason', hint: 'For the record, and for the connector.', control: reason, path: 'reason' });
    const problem = h('div');
    const end = button('End it', { kind: 'danger', sign: 'stop', type: 'submit' });
    return h('form', { novalidate: true, onsubmit: async e => {
      e.preventDefault();
      end.disabled = true;
      try {
        await call('RevokeSession', { connector_id: connector, session_key: key, reason: reason.value.trim() });
        close();
        say(`The session of ${user || account} on ${socket} has ended.`);
        changed();
      } catch (wrong) {
        end.disabled = false;
        const left = placeViolations([field], wrong.violations ?? []);
        fill(problem, wrong.violations?.length && !left.length ? null : failure(wrong));
      }
    } },
    h('p', h('strong', user || account), ' on ', h('code', socket), '. It ends for good: this session is not opened again, a new one may be.'),
    field.element, problem,
    h('footer.actions', h('span.spacer'), button('Cancel', { onclick: close }), end));
  });
}
