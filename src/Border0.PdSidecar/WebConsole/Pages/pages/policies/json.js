// The policy as JSON, to read and to write. What is typed goes into the form as soon as it is a policy.
import { problemsOf } from '../../rpc/check.js';
import { empty, sparse } from '../../rpc/codec.js';
import { messages } from '../../rpc/contract.js';
import { fill, h, uniqueId } from '../../ui/dom.js';

const readable = ['warnings', 'etag', 'organization_id', 'create_time', 'update_time'];

/** A policy without what only the sidecar writes. */
export function writable(policy) {
  return Object.fromEntries(Object.entries(policy).filter(([name]) => !readable.includes(name)));
}

export class JsonView {
  #text;
  #problem;
  #timer = 0;

  constructor({ readOnly, onchange }) {
    const id = uniqueId('json');
    this.#text = h('textarea.json', { id, spellcheck: 'false', rows: '20', readOnly, 'aria-describedby': `${id}-problem`, autocomplete: 'off', autocapitalize: 'off', oninput: () => this.#readSoon(onchange) });
    this.#problem = h('p.field-error', { id: `${id}-problem`, role: 'status' });
    this.element = h('section.panel', h('h2', h('label', { for: id }, 'JSON')), h('p.hint', readOnly ? 'As the contract has it.' : 'The same policy. Edit either: the other follows.'), this.#text, this.#problem);
  }

  show(policy) {
    if (document.activeElement === this.#text) return;
    this.#text.value = pretty(sparse('Policy', writable(policy)));
    this.#say('');
  }

  #readSoon(onchange) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(onchange), 300);
  }

  #read(onchange) {
    let value;
    try {
      value = JSON.parse(this.#text.value);
    } catch (e) {
      this.#say(`This is no JSON yet: ${e.message}`);
      return;
    }

    const problems = problemsOf('Policy', value);
    problems.push(...readable.filter(name => value && name in value).map(name => [name, 'is written by the sidecar only']));
    if (problems.length) {
      this.#say(problems.slice(0, 5).map(([path, why]) => `${path || 'It'} ${why}`).join('; '));
      return;
    }

    this.#say('');
    onchange(complete('Policy', value));
  }

  #say(text) {
    fill(this.#problem, text);
    this.#text.setAttribute('aria-invalid', text ? 'true' : 'false');
  }
}

/** A message with every field, of one that leaves some out. */
function complete(type, value) {
  const whole = empty(type);
  for (const [name, , of, label] of messages[type]) {
    if (!(name in value)) continue;
    const inner = value[name];
    whole[name] = !messages[of] ? inner
      : label === 'list' ? inner.map(item => complete(of, item))
      : label === 'map' ? Object.fromEntries(Object.entries(inner).map(([k, v]) => [k, complete(of, v)]))
      : complete(of, inner);
  }

  return whole;
}

/** JSON with what is short on one line. */
function pretty(value, indent = '') {
  const short = JSON.stringify(value);
  if (value === null || typeof value !== 'object' || short.length < 3) return short;
  const isList = Array.isArray(value);
  if (isList && short.length < 60 && value.every(item => typeof item !== 'object')) return `[${value.map(item => JSON.stringify(item)).join(', ')}]`;
  const deeper = `${indent}  `;
  const lines = isList ? value.map(item => deeper + pretty(item, deeper)) : Object.entries(value).map(([key, item]) => `${deeper}${JSON.stringify(key)}: ${pretty(item, deeper)}`);
  return `${isList ? '[' : '{'}\n${lines.join(',\n')}\n${indent}${isList ? ']' : '}'}`;
}
