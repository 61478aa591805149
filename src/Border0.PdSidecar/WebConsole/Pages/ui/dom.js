// Elements without markup: what is put into them is text, whatever it looks like.

/** Makes an element: h('p.note', { id: 'a', onclick }, 'text', otherElement, [more], null). */
export function h(selector, ...rest) {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag);
  if (classes.length) element.classList.add(...classes);
  if (rest.length && isProperties(rest[0])) apply(element, rest.shift());
  element.append(...flat(rest));
  return element;
}

/** Puts other content into an element. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** A name that no other element of the page has. */
export function uniqueId(prefix = 'x') {
  return `${prefix}-${++last}`;
}

let last = 0;

const isProperties = value => value !== null && typeof value === 'object' && !(value instanceof Node) && !Array.isArray(value);

const flat = children => children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false).map(c => (c instanceof Node ? c : String(c)));

function apply(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.classList.add(...value.split(' ').filter(Boolean));
    else if (name === 'style') for (const [property, of] of Object.entries(value)) element.style.setProperty(property, of);
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'hidden' || name === 'selected' || name === 'open' || name === 'readOnly') element[name] = value;
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false) element.setAttribute(name, value);
  }
}
