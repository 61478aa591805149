// Kubernetes' own field names, from the type declarations of kubernetes-models. Its validators know what a field must be, and let fields
// that do not exist pass, which a cluster with strict validation refuses and others silently drop.
import { readFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';

const modules = fileURLToPath(new URL('node_modules/', import.meta.url));
const read = new Map();

function declaration(file) {
  if (!read.has(file)) {
    const text = readFileSync(file, 'utf8');
    const imports = new Map();
    for (const [, names, from] of text.matchAll(/^import \{ ([^}]+) \} from "([^"]+)";$/gm)) {
      for (const name of names.split(',').map(n => n.trim())) imports.set(name, from);
    }
    const body = text.replace(/\/\*\*[\s\S]*?\*\//g, '').match(/^export interface \w+(?: extends TypeMeta)? \{\n([\s\S]*?)^\}/m)?.[1];
    read.set(file, { imports, fields: body === undefined ? null : members(body), file });
  }
  return read.get(file);
}

/** The members of a type in braces: names to types, which may hold braces themselves. "[key" stands for any name. */
function members(body) {
  const found = new Map();
  let at = 0;
  for (;;) {
    const name = body.slice(at).match(/^\s*(?:"([^"]+)"\??|\[(key): string\]): /);
    if (!name) return found;
    at += name[0].length;
    const begin = at;
    for (let depth = 0; depth > 0 || body[at] !== ';'; at++) depth += '{<'.includes(body[at]) ? 1 : '}>'.includes(body[at]) ? -1 : 0;
    found.set(name[1] ?? '[key', body.slice(begin, at).trim());
    at++;
  }
}

function resolve(from, path) {
  const file = path.startsWith('.') ? join(dirname(from), path.replace(/\.js$/, '') + '.d.ts') : join(modules, path + '.d.ts');
  return existsSync(file) ? file : null;
}

function walk(value, type, context, path, problems) {
  if (value === null || typeof value !== 'object') return;
  const list = type.match(/^Array<([\s\S]+)>$/);
  const inline = type.match(/^\{([\s\S]*)\}$/);
  if (list) {
    if (!Array.isArray(value)) problems.push(`${path}: must be a list`);
    else value.forEach((v, i) => walk(v, list[1], context, `${path}[${i}]`, problems));
  } else if (inline) {
    fields(value, { ...context, fields: members(inline[1]) }, path, problems);
  } else if (context.imports.has(type)) {
    const file = resolve(context.file, context.imports.get(type));
    if (file) fields(value, declaration(file), path, problems);
  }
}

function fields(value, type, path, problems) {
  if (type.fields === null) return;
  for (const [key, v] of Object.entries(value)) {
    const known = type.fields.get(key) ?? type.fields.get('[key');
    if (known === undefined) problems.push(`${path}.${key}: there is no such field`);
    else walk(v, known, type, `${path}.${key}`, problems);
  }
}

/** What of an object Kubernetes does not know by name. */
export function unknownFields(object) {
  const file = join(modules, 'kubernetes-models', object.apiVersion, object.kind + '.d.ts');
  if (!existsSync(file)) return [`${object.apiVersion} ${object.kind}: there is no such kind`];
  const problems = [];
  fields(object, declaration(file), object.kind, problems);
  return problems;
}

/** What Kubernetes' schema says of an object: types, required fields, formats, allowed values. */
export async function violations(object) {
  const found = await import(`kubernetes-models/${object.apiVersion}`);
  try {
    new found[object.kind](object).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}
