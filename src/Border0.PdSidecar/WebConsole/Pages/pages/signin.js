// The one page without a token.
import { session } from '../state/session.js';
import { h } from '../ui/dom.js';
import { Field, input } from '../ui/field.js';
import { button, notice } from '../ui/parts.js';
import { themeButton } from '../ui/theme.js';

/** The page, with why somebody who was signed in is no longer. */
export function signInPage(why) {
  const token = input({ type: 'password', name: 'token', autocomplete: 'off', placeholder: 'pdsc_…', required: true, maxlength: '200' });
  const field = new Field({ label: 'Token', hint: 'Kept for this tab only, until you close it or sign out.', control: token });
  const submit = button('Sign in', { kind: 'primary', type: 'submit', sign: 'key' });
  const form = h('form', {
    novalidate: true,
    onsubmit: async e => {
      e.preventDefault();
      field.error('');
      if (!token.value.trim()) {
        field.error('A token is needed.');
        field.focus();
        return;
      }

      submit.disabled = true;
      try {
        await session.signIn(token.value.trim());
      } catch (wrong) {
        field.error(wrong.message);
        field.focus();
      } finally {
        submit.disabled = false;
      }
    },
  }, field.element, submit);
  return h('main.signin',
    h('div.signin-card',
      h('img', { src: 'favicon.svg', alt: '', width: '44', height: '44' }),
      h('h1', 'PdSidecar console'),
      h('p.lead', 'Who may enter, why, and who next.'),
      why ? notice('warn', 'Signed out.', why) : null,
      form,
      h('div.signin-help', h('p', 'No token yet? On the machine that the sidecar runs on:'), h('pre', { tabindex: '0' }, 'pdsidecar token create --role admin --name me'), h('p.muted', 'Role viewer looks at everything and changes nothing.')),
      themeButton()));
}
