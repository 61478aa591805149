// A line to type in with a list of what fits, asked for as one types (the ARIA pattern "combobox with a list popup").
import { fill, h, uniqueId } from './dom.js';

const pause = 250;

/** { search(text, signal): [{ value, text, detail }], onpick(option), onclear, value: what it shows, placeholder, disabled } */
export class Combobox {
  #options = [];
  #at = -1;
  #asked = null;
  #timer = 0;
  #search;
  #onpick;
  #ontype;

  constructor({ search, onpick, ontype = () => {}, text = '', placeholder = '', disabled = false }) {
    [this.#search, this.#onpick, this.#ontype] = [search, onpick, ontype];
    const id = uniqueId('options');
    this.list = h('ul.options', { id, role: 'listbox', hidden: true, 'aria-label': 'Services' });
    this.input = h('input', {
      type: 'text', id: uniqueId('combobox'), role: 'combobox', 'aria-expanded': 'false', 'aria-controls': id, 'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false',
      placeholder, disabled, value: text,
      oninput: () => { this.#ontype(this.input.value); this.#askSoon(); }, onfocus: () => this.input.select(), onclick: () => this.#askNow(), onkeydown: e => this.#key(e), onblur: () => this.close(),
    });
    this.said = h('span.visually-hidden', { role: 'status' });
    this.element = h('div.control.combobox', this.input, this.list, this.said);
  }

  set text(value) {
    if (document.activeElement !== this.input) this.input.value = value;
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.list.hidden = true;
    this.#at = -1;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }

  #askSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(this.input.value.trim()), pause);
  }

  #askNow() {
    if (this.list.hidden) this.#ask('');
  }

  async #ask(text) {
    this.#asked?.abort();
    const mine = (this.#asked = new AbortController());
    this.#show([h('li.option-note', { role: 'presentation' }, 'Asking PagerDuty …')]);
    try {
      this.#options = await this.#search(text, mine.signal);
      if (mine.signal.aborted) return;
      this.#at = -1;
      this.#show(this.#options.length ? this.#options.map((o, i) => this.#row(o, i)) : [h('li.option-note', { role: 'presentation' }, 'Nothing of that name.')]);
      this.said.textContent = `${this.#options.length} found`;
    } catch (e) {
      if (mine.signal.aborted) return;
      this.#options = [];
      this.#show([h('li.option-note.bad', { role: 'presentation' }, e.message)]);
      this.said.textContent = e.message;
    }
  }

  #row(option, i) {
    return h('li.option', { id: `${this.list.id}-${i}`, role: 'option', 'aria-selected': 'false', onmousedown: e => { e.preventDefault(); this.#pick(i); } }, h('span', option.text), h('span.muted', option.detail));
  }

  #show(rows) {
    fill(this.list, rows);
    this.list.hidden = false;
    this.input.setAttribute('aria-expanded', 'true');
  }

  #key(e) {
    if (e.key === 'Escape' && !this.list.hidden) {
      e.preventDefault();
      e.stopPropagation();
      this.close();
    } else if (e.key === 'Enter' && this.#at >= 0) {
      e.preventDefault();
      this.#pick(this.#at);
    } else if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      if (this.list.hidden) this.#askNow();
      else this.#move(e.key === 'ArrowDown' ? 1 : -1);
    }
  }

  #move(by) {
    if (!this.#options.length) return;
    this.#at = (this.#at + by + this.#options.length) % this.#options.length;
    [...this.list.children].forEach((row, i) => row.setAttribute('aria-selected', String(i === this.#at)));
    const row = this.list.children[this.#at];
    this.input.setAttribute('aria-activedescendant', row.id);
    row.scrollIntoView({ block: 'nearest' });
  }

  #pick(i) {
    const option = this.#options[i];
    this.input.value = option.text;
    this.close();
    this.said.textContent = `${option.text} chosen`;
    this.#onpick(option);
  }
}
