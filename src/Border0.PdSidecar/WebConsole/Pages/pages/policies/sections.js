// What the sections of the form are made of.
import { h } from '../../ui/dom.js';
import { Field } from '../../ui/field.js';

/** A section of the form. */
export function section(title, lead, ...content) {
  return h('section.panel', h('h2', title), lead ? h('p.hint', lead) : null, content);
}

/** Fields side by side, where there is room. */
export const grid = (...fields) => h('div.form-grid', fields);

/** A field that is known to whoever places violations. */
export function add(fields, options) {
  options.control.dataset.key = options.key ?? options.path;
  const field = new Field(options);
  fields.push(field);
  return field.element;
}
