// What a policy as it stands would be warned about: asked of the sidecar, with nothing stored.
import { call } from '../../state/session.js';
import { fill, h } from '../../ui/dom.js';
import { badge } from '../../ui/parts.js';
import { writable } from './json.js';

const telling = new Set([
  'REASON_CODE_SERVICE_NOT_FOUND', 'REASON_CODE_INTEGRATION_NOT_FOUND', 'REASON_CODE_NO_ESCALATION_POLICY', 'REASON_CODE_FACTS_STALE', 'REASON_CODE_FACTS_UNKNOWN',
  'REASON_CODE_INTEGRATION_UNAUTHORIZED',
]);

export class Findings {
  #list = h('ul.warnings', { 'aria-live': 'polite' });
  #timer = 0;
  #under = null;
  #last = '';
  #signal;
  #listeners = [];

  constructor(signal) {
    this.#signal = signal;
    this.element = h('section.panel.findings', h('h2', 'Warnings'), this.#list);
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** Has what stands at one condition told to its place in the form. */
  onCondition(index, listener) {
    this.#listeners.push([index, listener]);
  }

  /** Looks at a draft, soon. */
  look(draft) {
    const policy = writable(draft);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(policy), 400);
  }

  /** Shows the warnings of a write. */
  tell(warnings) {
    this.#show(warnings.map(w => ({ tone: 'warn', word: w.code, text: w.message, field: w.field })));
  }

  async #ask(policy) {
    this.#under?.abort();
    const mine = (this.#under = new AbortController());
    try {
      const answer = await call('TestPolicy', { policy, user_email: 'somebody@example.com' }, AbortSignal.any([mine.signal, this.#signal]));
      const found = answer.warnings.map(w => ({ tone: 'warn', word: w.code, text: w.message, field: w.field }));
      for (const condition of flat(answer.trace?.conditions ?? [])) {
        const { reason } = condition;
        const index = /^integrations\[(\d+)\]/.exec(condition.condition)?.[1];
        if (reason && telling.has(reason.code) && !found.some(f => f.text === reason.message)) {
          found.push({ tone: 'bad', word: reason.code.replace('REASON_CODE_', ''), text: reason.message, field: `integrations[${index}]` });
        }
      }

      this.#show(found);
    } catch (e) {
      if (mine.signal.aborted || this.#signal.aborted) return;
      this.#show(e.violations?.length
        ? e.violations.map(v => ({ tone: 'info', word: 'not complete', text: `${v.field.replace(/^policy\./, '')} ${v.description}`, field: v.field.replace(/^policy\./, '') }))
        : [{ tone: 'info', word: 'not checked', text: e.message, field: '' }]);
    }
  }

  #show(found) {
    this.#listeners = this.#listeners.filter(([, listener]) => listener.isConnected());
    for (const [index, listener] of this.#listeners) listener.tell(found.filter(f => f.tone !== 'info' && f.field.startsWith(`integrations[${index}]`)));
    const next = JSON.stringify(found);
    if (next === this.#last) return;
    this.#last = next;
    fill(this.#list, found.length
      ? found.map(f => h('li', badge(f.tone, f.word.toLowerCase().replaceAll('_', ' ')), h('span', f.text)))
      : h('li', badge('ok', 'none'), h('span', 'Nothing looks wrong.')));
  }
}

const flat = conditions => conditions.flatMap(c => [c, ...flat(c.parts)]);
