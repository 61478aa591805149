// A list of short texts: type one and press Enter; each has a button that takes it out.
import { fill, h, uniqueId } from './dom.js';
import { icon } from './icons.js';

/** { control: the element with the label, values, onchange } */
export class ListInput {
  #list;
  #values;
  #onchange;
  #said;
  #disabled;

  constructor({ values = [], placeholder = '', onchange = () => {}, disabled = false, noun = 'entry', suggestions = [] }) {
    [this.#values, this.#onchange, this.#disabled, this.noun] = [[...values], onchange, disabled, noun];
    const listId = suggestions.length ? uniqueId('list') : undefined;
    this.input = h('input', { type: 'text', id: uniqueId('list-input'), placeholder, autocomplete: 'off', spellcheck: 'false', disabled, list: listId, onkeydown: e => this.#key(e), onblur: () => this.#take(), onpaste: e => this.#paste(e) });
    this.#list = h('ul.tokens');
    this.#said = h('span.visually-hidden', { role: 'status' });
    this.element = h('div.control.list-input', this.#list, this.input, this.#said, listId ? h('datalist', { id: listId }, suggestions.map(s => h('option', { value: s }))) : null);
    this.#draw();
  }

  get values() {
    return [...this.#values];
  }

  set values(next) {
    if (JSON.stringify(next) === JSON.stringify(this.#values)) return;
    this.#values = [...next];
    this.#draw();
  }

  #key(e) {
    if (e.key === 'Enter' || e.key === ',') {
      if (this.input.value.trim() || e.key === ',') e.preventDefault();
      this.#take();
    } else if (e.key === 'Backspace' && !this.input.value && this.#values.length) {
      this.#remove(this.#values.length - 1);
    }
  }

  #paste(e) {
    const text = e.clipboardData.getData('text');
    if (!/[\s,;]/.test(text.trim())) return;
    e.preventDefault();
    this.#add(text.split(/[\s,;]+/));
  }

  #take() {
    if (!this.input.value.trim()) return;
    this.#add([this.input.value]);
    this.input.value = '';
  }

  #add(texts) {
    const added = texts.map(t => t.trim()).filter(t => t && !this.#values.includes(t));
    if (!added.length) return;
    this.#values.push(...added);
    this.#draw();
    this.#said.textContent = `${added.join(', ')} added`;
    this.#onchange(this.values);
  }

  #remove(index) {
    const [gone] = this.#values.splice(index, 1);
    this.#draw();
    this.#said.textContent = `${gone} removed`;
    this.input.focus();
    this.#onchange(this.values);
  }

  #draw() {
    this.#list.hidden = !this.#values.length;
    fill(this.#list, this.#values.map((value, i) => h('li.token', h('span', value), this.#disabled ? null : h('button', { type: 'button', 'aria-label': `Remove ${value}`, onclick: () => this.#remove(i) }, icon('cross')))));
  }
}
