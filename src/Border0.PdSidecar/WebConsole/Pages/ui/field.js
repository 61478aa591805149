// Labelled controls that show what the sidecar says is wrong with them.
import { fill, h, uniqueId } from './dom.js';

/** A control with its label, a hint and room for an error. */
export class Field {
  #control;
  #error;
  #describedBy;

  /** @param options { label, hint, control, path: how field violations name it, wide } */
  constructor({ label, hint, control, path = '', wide = false, optional = false }) {
    const id = control.id || (control.id = uniqueId('field'));
    this.path = path;
    this.#control = control;
    this.#error = h('p.field-error', { id: `${id}-error`, hidden: true });
    const hintElement = hint ? h('p.hint', { id: `${id}-hint` }, hint) : null;
    this.#describedBy = hint ? [`${id}-hint`] : [];
    this.#describe();
    this.element = h(
      'div.field', { class: wide ? 'wide' : '' },
      h('label', { for: id }, label, optional ? h('span.optional', ' optional') : null),
      control.closest?.('.control') ?? control, hintElement, this.#error);
  }

  /** Says what is wrong, or that nothing is any more. */
  error(text) {
    this.#error.hidden = !text;
    fill(this.#error, text ?? '');
    this.#control.setAttribute('aria-invalid', text ? 'true' : 'false');
    this.#describe(text ? [this.#error.id] : []);
  }

  focus() {
    this.#control.focus();
  }

  #describe(more = []) {
    const ids = [...this.#describedBy, ...more];
    if (ids.length) this.#control.setAttribute('aria-describedby', ids.join(' '));
    else this.#control.removeAttribute('aria-describedby');
  }
}

/** Puts every violation at its field; gives back those that have none. */
export function placeViolations(fields, violations, { focus = true } = {}) {
  fields.forEach(f => f.error(''));
  const left = [];
  let first = null;
  for (const { field, description } of violations) {
    const at = fields.find(f => f.path === field) ?? fields.filter(f => f.path && field.startsWith(f.path)).sort((a, b) => b.path.length - a.path.length)[0];
    if (!at) {
      left.push({ field, description });
      continue;
    }

    at.error(at.path === field ? capital(description) : `${field.slice(at.path.length).replace(/^\./, '')} ${description}`);
    first ??= at;
  }

  if (focus) first?.focus();
  return left;
}

/** A line to type in. */
export function input(properties = {}) {
  return h('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', ...properties });
}

/** A drop-down of [value, text]. */
export function select(options, value, properties = {}) {
  const element = h('select', properties, options.map(([v, text]) => h('option', { value: v }, text)));
  element.value = value;
  return element;
}

/** An on/off switch with its label beside it. */
export function toggle(label, checked, onchange, hint = null) {
  const id = uniqueId('switch');
  const box = h('input', { type: 'checkbox', role: 'switch', id, checked, 'aria-describedby': hint ? `${id}-hint` : undefined, onchange: () => onchange(box.checked) });
  return h('div.switch', box, h('div', h('label', { for: id }, label), hint ? h('p.hint', { id: `${id}-hint` }, hint) : null));
}

const capital = text => text.charAt(0).toUpperCase() + text.slice(1) + '.';
