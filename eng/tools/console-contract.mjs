// Reads a FileDescriptorSet in JSON on standard input, and writes what the console's codec needs of it: of each message its fields as
// [name, number, type, label], of each enum its values, of each service its methods. What no method reaches is left out.
import { readFileSync } from 'node:fs';

const files = JSON.parse(readFileSync(0, 'utf8')).file;
const services = ['IntegrationService', 'PolicyService', 'EvaluationService', 'ActivityService'];
const only = { EvaluationService: ['ListSessions', 'RevokeSession'] };
const short = name => name.replace(/^\./, '').replace(/^border0\.pdsidecar\.v1\./, '').replace(/^google\.protobuf\./, '#');
const scalar = { TYPE_DOUBLE: 'double', TYPE_INT64: 'int64', TYPE_INT32: 'int32', TYPE_BOOL: 'bool', TYPE_STRING: 'string', TYPE_BYTES: 'bytes' };

const messages = new Map();
const enums = new Map();
const found = new Map();
for (const file of files) {
  const walk = (prefix, message) => {
    const name = `${prefix}.${message.name}`;
    messages.set(short(name), message);
    (message.nestedType ?? []).forEach(nested => walk(name, nested));
    (message.enumType ?? []).forEach(e => enums.set(short(`${name}.${e.name}`), e));
  };
  (file.messageType ?? []).forEach(m => walk(file.package, m));
  (file.enumType ?? []).forEach(e => enums.set(short(`${file.package}.${e.name}`), e));
  (file.service ?? []).forEach(s => found.set(s.name, s));
}

const out = { messages: {}, enums: {}, methods: {} };
function typeOf(field) {
  if (field.type === 'TYPE_MESSAGE') return reach(short(field.typeName));
  if (field.type === 'TYPE_ENUM') {
    const name = short(field.typeName);
    out.enums[name] ??= Object.fromEntries(enums.get(name).value.map(v => [v.name, v.number ?? 0]));
    return `=${name}`;
  }
  if (!scalar[field.type]) throw new Error(`${field.name}: ${field.type} is not known here`);
  return scalar[field.type];
}

function reach(name) {
  if (name.startsWith('#') || out.messages[name]) return name;
  out.messages[name] = [];
  for (const field of messages.get(name).field ?? []) {
    const entry = field.type === 'TYPE_MESSAGE' ? messages.get(short(field.typeName)) : undefined;
    if (entry?.options?.mapEntry) {
      out.messages[name].push([field.name, field.number, typeOf(entry.field[1]), 'map']);
    } else {
      out.messages[name].push([field.name, field.number, typeOf(field), field.label === 'LABEL_REPEATED' ? 'list' : '']);
    }
  }
  return name;
}

for (const name of services) {
  for (const method of found.get(name).method) {
    if (only[name] && !only[name].includes(method.name)) continue;
    out.methods[method.name] = [name, reach(short(method.inputType)), reach(short(method.outputType)), method.serverStreaming ? 'stream' : ''];
  }
}

const lines = object => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => `  ${k}: ${JSON.stringify(v)},`).join('\n');
process.stdout.write(`// Made of the protos by eng/console-contract: do not edit.

// [name, number, type, label]: "#Name" is a well-known type of protobuf, "=Name" an enum; a map's keys are strings.
export const messages = {
${lines(out.messages)}
};

export const enums = {
${lines(out.enums)}
};

// [service, request, response, kind]
export const methods = {
${lines(out.methods)}
};
`);
