// Protobuf messages as plain objects under the contract's own names: enums by name, timestamps and durations as in protobuf's JSON
// ("2026-11-24T01:03:20Z", "7.5s"), structs as they are, field masks as lists of paths, 64-bit integers as numbers.
import { messages, enums } from './contract.js';
import { Reader, Writer } from './wire.js';
import { wellKnown } from './wellknown.js';

const names = new Map();

/** The bytes of a message. What is undefined, null or a field's default is left out. */
export function encode(type, value) {
  const writer = new Writer();
  if (wellKnown[type]) {
    wellKnown[type].write(writer, value);
    return writer.done();
  }

  for (const [name, number, of, label] of fieldsOf(type)) {
    const field = value[name];
    if (field === undefined || field === null) continue;
    if (label === 'list') {
      for (const item of field) write(writer, number, of, item, true);
    } else if (label === 'map') {
      for (const [key, item] of Object.entries(field)) {
        const entry = new Writer();
        entry.text(1, key);
        write(entry, 2, of, item, true);
        writer.bytes(number, entry.done());
      }
    } else {
      write(writer, number, of, field, false);
    }
  }

  return writer.done();
}

/** The message that bytes are. Every field is there, but for messages that are absent. */
export function decode(type, bytes) {
  if (wellKnown[type]) return wellKnown[type].read(new Reader(bytes));
  const message = empty(type);
  const fields = new Map(fieldsOf(type).map(f => [f[1], f]));
  const reader = new Reader(bytes);
  while (reader.more()) {
    const [number, wire] = reader.tag();
    const field = fields.get(number);
    if (!field) {
      reader.skip(wire);
      continue;
    }

    const [name, , of, label] = field;
    if (label === 'map') {
      const [key, item] = entry(of, reader.chunk());
      message[name][key] = item;
    } else if (label === 'list' && wire === 2 && isPacked(of)) {
      const packed = new Reader(reader.chunk());
      while (packed.more()) message[name].push(read(packed, of, 0));
    } else if (label === 'list') {
      message[name].push(read(reader, of, wire));
    } else {
      message[name] = read(reader, of, wire);
    }
  }

  return message;
}

/** A message without what a reader would take for granted: defaults, empty lists, empty messages. */
export function sparse(type, value) {
  if (type.startsWith('#') || value === null || typeof value !== 'object') return value;
  const kept = {};
  for (const [name, , of, label] of fieldsOf(type)) {
    const field = value[name];
    if (field === undefined || field === null) continue;
    if (label === 'list') {
      if (field.length) kept[name] = field.map(item => (messages[of] ? sparse(of, item) : item));
    } else if (label === 'map') {
      if (Object.keys(field).length) kept[name] = Object.fromEntries(Object.entries(field).map(([k, v]) => [k, messages[of] ? sparse(of, v) : v]));
    } else if (messages[of]) {
      const inner = sparse(of, field);
      if (Object.keys(inner).length) kept[name] = inner;
    } else if (!isDefault(of, field)) {
      kept[name] = field;
    }
  }

  return kept;
}

/** A message of a type with nothing in it. Its maps have no prototype: a key may be any text, "__proto__" too. */
export function empty(type) {
  return Object.fromEntries(fieldsOf(type).map(([name, , of, label]) => [name, label === 'list' ? [] : label === 'map' ? Object.create(null) : defaultOf(of)]));
}

function fieldsOf(type) {
  if (!messages[type]) throw new Error(`${type} is not in the contract`);
  return messages[type];
}

const isPacked = of => of.startsWith('=') || ['int32', 'int64', 'bool'].includes(of);

function defaultOf(of) {
  if (of.startsWith('=')) return nameOf(of.slice(1), 0);
  return { string: '', bool: false, int32: 0, int64: 0, double: 0 }[of];
}

const isDefault = (of, value) => value === defaultOf(of) || value === undefined;

function nameOf(type, number) {
  if (!names.has(type)) names.set(type, new Map(Object.entries(enums[type]).map(([name, n]) => [n, name])));
  return names.get(type).get(number) ?? number;
}

function write(writer, number, of, value, always) {
  if (wellKnown[of] || messages[of]) {
    writer.bytes(number, encode(of, value));
  } else if (of.startsWith('=')) {
    const enumNumber = typeof value === 'number' ? value : Object.hasOwn(enums[of.slice(1)], value) ? enums[of.slice(1)][value] : undefined;
    if (enumNumber === undefined) throw new Error(`${value} is not one of ${of.slice(1)}`);
    if (always || enumNumber !== 0) writer.number(number, enumNumber);
  } else if (of === 'string') {
    if (always || value !== '') writer.text(number, value);
  } else if (of === 'bool') {
    if (always || value) writer.number(number, value ? 1 : 0);
  } else if (of === 'double') {
    if (always || value !== 0) writer.double(number, value);
  } else if (always || Number(value) !== 0) {
    writer.number(number, value);
  }
}

function read(reader, of, wire) {
  if (wellKnown[of] || messages[of]) return decode(of, reader.chunk());
  if (of.startsWith('=')) return nameOf(of.slice(1), reader.number());
  if (of === 'string') return reader.text();
  if (of === 'double') return reader.double();
  if (wire !== 0) throw new Error('a number is not where one should be');
  return of === 'bool' ? reader.number() !== 0 : reader.number();
}

function entry(of, bytes) {
  const reader = new Reader(bytes);
  let [key, value] = ['', messages[of] ? empty(of) : wellKnown[of] ? wellKnown[of].read(new Reader(new Uint8Array())) : defaultOf(of)];
  while (reader.more()) {
    const [number, wire] = reader.tag();
    if (number === 1) key = reader.text();
    else if (number === 2) value = read(reader, of, wire);
    else reader.skip(wire);
  }

  return [key, value];
}
