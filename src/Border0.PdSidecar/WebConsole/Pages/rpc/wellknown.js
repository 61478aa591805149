// Protobuf's well-known types, as its JSON has them.
import { Reader, Writer } from './wire.js';

const instant = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const span = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

export const wellKnown = {
  '#Timestamp': {
    read: reader => {
      const [seconds, nanos] = pair(reader);
      return new Date(seconds * 1000).toISOString().slice(0, 19) + fraction(nanos) + 'Z';
    },
    write: (writer, value) => {
      const [, whole, part = '', zone] = instant.exec(value) ?? fail(`${value} is not an instant`);
      put(writer, Date.parse(whole + zone) / 1000, Number(part.padEnd(9, '0')));
    },
    problem: value => (typeof value === 'string' && instant.test(value) && !Number.isNaN(Date.parse(value)) ? '' : 'must be an instant such as 2026-11-24T01:03:20Z'),
  },
  '#Duration': {
    read: reader => {
      const [seconds, nanos] = pair(reader);
      return `${seconds < 0 || nanos < 0 ? '-' : ''}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
    },
    write: (writer, value) => {
      const [, sign, whole, part = ''] = span.exec(value) ?? fail(`${value} is not a duration`);
      const times = sign ? -1 : 1;
      put(writer, times * Number(whole), times * Number(part.padEnd(9, '0')));
    },
    problem: value => (typeof value === 'string' && span.test(value) ? '' : 'must be a duration in seconds such as 90s'),
  },
  '#FieldMask': {
    read: reader => {
      const paths = [];
      while (reader.more()) {
        const [number, wire] = reader.tag();
        if (number === 1) paths.push(reader.text());
        else reader.skip(wire);
      }

      return paths;
    },
    write: (writer, paths) => paths.forEach(path => writer.text(1, path)),
    problem: value => (Array.isArray(value) ? '' : 'must be a list of paths'),
  },
  '#Struct': {
    read: readStruct,
    write: writeStruct,
    problem: value => (value && typeof value === 'object' && !Array.isArray(value) ? '' : 'must be an object'),
  },
};

function readStruct(reader) {
  // Without a prototype: a key may be any text, "__proto__" too.
  const struct = Object.create(null);
  while (reader.more()) {
    const [number, wire] = reader.tag();
    if (number !== 1) {
      reader.skip(wire);
      continue;
    }

    const entry = new Reader(reader.chunk());
    let [key, value] = ['', null];
    while (entry.more()) {
      const [part, kind] = entry.tag();
      if (part === 1) key = entry.text();
      else if (part === 2) value = readValue(new Reader(entry.chunk()));
      else entry.skip(kind);
    }

    struct[key] = value;
  }

  return struct;
}

function readValue(reader) {
  let value = null;
  while (reader.more()) {
    const [number, wire] = reader.tag();
    if (number === 1) [value] = [null, reader.number()];
    else if (number === 2) value = reader.double();
    else if (number === 3) value = reader.text();
    else if (number === 4) value = reader.number() !== 0;
    else if (number === 5) value = readStruct(new Reader(reader.chunk()));
    else if (number === 6) value = readList(new Reader(reader.chunk()));
    else reader.skip(wire);
  }

  return value;
}

function readList(reader) {
  const list = [];
  while (reader.more()) {
    const [number, wire] = reader.tag();
    if (number === 1) list.push(readValue(new Reader(reader.chunk())));
    else reader.skip(wire);
  }

  return list;
}

function writeStruct(writer, struct) {
  for (const [key, value] of Object.entries(struct)) {
    const entry = new Writer();
    entry.text(1, key);
    entry.bytes(2, valueBytes(value));
    writer.bytes(1, entry.done());
  }
}

function valueBytes(value) {
  const writer = new Writer();
  if (value === null || value === undefined) {
    writer.number(1, 0);
  } else if (typeof value === 'number') {
    writer.double(2, value);
  } else if (typeof value === 'string') {
    writer.text(3, value);
  } else if (typeof value === 'boolean') {
    writer.number(4, value ? 1 : 0);
  } else {
    const inner = new Writer();
    if (Array.isArray(value)) value.forEach(item => inner.bytes(1, valueBytes(item)));
    else writeStruct(inner, value);
    writer.bytes(Array.isArray(value) ? 6 : 5, inner.done());
  }

  return writer.done();
}

function pair(reader) {
  const read = [0, 0];
  while (reader.more()) {
    const [number, wire] = reader.tag();
    if (number === 1 || number === 2) read[number - 1] = reader.number();
    else reader.skip(wire);
  }

  return read;
}

function put(writer, seconds, nanos) {
  if (seconds) writer.number(1, seconds);
  if (nanos) writer.number(2, nanos);
}

function fraction(nanos) {
  return nanos ? '.' + String(nanos).padStart(9, '0').replace(/(000){1,2}$/, '') : '';
}

function fail(why) {
  throw new Error(why);
}
