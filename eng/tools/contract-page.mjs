// Writes the contract as a page of Markdown, from a descriptor set as JSON on standard input (buf build -o -#format=json): every service,
// method, message, field and enum of the package, with the protos' own comments.
import { readFileSync } from 'node:fs';

const image = JSON.parse(readFileSync(0, 'utf8'));
const own = 'border0.pdsidecar.v1';
const files = image.file.filter(f => f.package === own);
const comments = new Map();
const messages = [];
const enums = [];

for (const file of files) {
  const byPath = new Map((file.sourceCodeInfo?.location ?? []).map(l => [(l.path ?? []).join('.'), (l.leadingComments ?? l.trailingComments ?? '').trim()]));
  const note = (thing, path) => comments.set(thing, byPath.get(path) ?? '');
  const message = (m, path, prefix) => {
    m.fullName = `${prefix}.${m.name}`;
    note(m, path);
    m.field?.forEach((f, i) => note(f, `${path}.2.${i}`));
    if (!m.options?.mapEntry) messages.push({ ...m, file: file.name, source: m });
    else messages.push({ ...m, isMap: true, source: m });
    m.nestedType?.forEach((n, i) => message(n, `${path}.3.${i}`, m.fullName));
    m.enumType?.forEach((e, i) => enumeration(e, `${path}.4.${i}`, m.fullName));
  };
  const enumeration = (e, path, prefix) => {
    e.fullName = `${prefix}.${e.name}`;
    note(e, path);
    e.value.forEach((v, i) => note(v, `${path}.2.${i}`));
    enums.push({ ...e, file: file.name, source: e });
  };
  file.service?.forEach((s, i) => {
    note(s, `6.${i}`);
    s.method.forEach((m, j) => note(m, `6.${i}.2.${j}`));
  });
  file.messageType?.forEach((m, i) => message(m, `4.${i}`, '.' + own));
  file.enumType?.forEach((e, i) => enumeration(e, `5.${i}`, '.' + own));
}

const maps = new Map(messages.filter(m => m.isMap).map(m => [m.fullName, m]));
const short = name => name.startsWith(`.${own}.`) ? name.slice(own.length + 2) : name.slice(1);
const anchor = name => short(name).toLowerCase().replaceAll('.', '');
const link = name => name.startsWith(`.${own}.`) ? `[${short(name)}](#${anchor(name)})` : `\`${short(name)}\``;
const say = thing => (comments.get(thing) ?? '').replace(/\s*\n\s*/g, ' ').trim();
// What stands in code is shown as it is, but for the bar that would end the cell.
const cell = text => text.replaceAll('|', '\\|').split('`').map((part, i) => i % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('*', '\\*')).join('`');

function type(field) {
  if (field.type !== 'TYPE_MESSAGE' && field.type !== 'TYPE_ENUM') return `\`${field.type.slice(5).toLowerCase()}\``;
  const map = maps.get(field.typeName);
  return map ? `map of ${type(map.field[0])} to ${type(map.field[1])}` : link(field.typeName);
}

function fields(message) {
  const lines = ['| field | type | meaning |', '| --- | --- | --- |'];
  for (const field of message.field ?? []) {
    const list = field.label === 'LABEL_REPEATED' && !maps.has(field.typeName) ? 'list of ' : '';
    const oneof = field.oneofIndex !== undefined && !field.proto3Optional ? `one of \`${message.oneofDecl[field.oneofIndex].name}\`; ` : '';
    lines.push(`| \`${field.name}\` = ${field.number} | ${list}${type(field)}${field.proto3Optional ? ', may be absent' : ''} | ${cell(oneof + say(field))} |`);
  }
  return lines;
}

const out = [];
const services = files.flatMap(f => f.service ?? []).sort((a, b) => a.name < b.name ? -1 : 1);
for (const service of services) {
  out.push('', `## ${service.name}`, '', say(service), '', '| method | request | answer | what it does |', '| --- | --- | --- | --- |');
  for (const method of service.method) {
    out.push(`| \`${method.name}\` | ${method.clientStreaming ? 'stream of ' : ''}${link(method.inputType)} | ${method.serverStreaming ? 'stream of ' : ''}${link(method.outputType)} | ${cell(say(method))} |`);
  }
}
out.push('', '# Messages');
const known = messages.filter(m => !m.isMap).sort((a, b) => a.fullName < b.fullName ? -1 : 1);
for (const message of known) {
  out.push('', `## ${short(message.fullName)}`, '', say(message.source));
  if (message.field?.length) out.push('', ...fields(message.source));
}
out.push('', '# Enums');
for (const e of enums.sort((a, b) => a.fullName < b.fullName ? -1 : 1)) {
  out.push('', `## ${short(e.fullName)}`, '', say(e.source), '', '| value | meaning |', '| --- | --- |');
  for (const value of e.value) out.push(`| \`${value.name}\` = ${value.number ?? 0} | ${cell(say(value))} |`);
}
process.stdout.write(out.join('\n') + '\n');
