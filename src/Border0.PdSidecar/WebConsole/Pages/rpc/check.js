// Whether a JSON value, which somebody typed, is a message.
import { enums, messages } from './contract.js';
import { wellKnown } from './wellknown.js';

/** What in a JSON value is not of a message's type, as [path, sentence]. */
export function problemsOf(type, value, path = '') {
  if (wellKnown[type]) {
    const wrong = wellKnown[type].problem(value);
    return wrong ? [[path, wrong]] : [];
  }

  if (type.startsWith('=')) return Object.hasOwn(enums[type.slice(1)], value) ? [] : [[path, `must be one of ${Object.keys(enums[type.slice(1)]).join(', ')}`]];
  if (!messages[type]) return scalarProblem(type, value, path);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [[path, 'must be an object']];
  const fields = new Map(messages[type].map(f => [f[0], f]));
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path ? `${path}.${name}` : name;
    if (!fields.has(name)) return [[at, 'is not a field']];
    const [, , of, label] = fields.get(name);
    if (label === 'list') return Array.isArray(inner) ? inner.flatMap((item, i) => problemsOf(of, item, `${at}[${i}]`)) : [[at, 'must be a list']];
    if (label === 'map') {
      return inner && typeof inner === 'object' && !Array.isArray(inner)
        ? Object.entries(inner).flatMap(([key, item]) => problemsOf(of, item, `${at}.${key}`))
        : [[at, 'must be an object']];
    }

    return problemsOf(of, inner, at);
  });
}

function scalarProblem(type, value, path) {
  const fits = type === 'string' ? typeof value === 'string'
    : type === 'bool' ? typeof value === 'boolean'
    : type === 'double' ? typeof value === 'number'
    : Number.isSafeInteger(value) && (type === 'int64' || Math.abs(value) < 2 ** 31);
  return fits ? [] : [[path, `must be ${{ string: 'a text', bool: 'true or false', double: 'a number' }[type] ?? 'a whole number'}`]];
}
