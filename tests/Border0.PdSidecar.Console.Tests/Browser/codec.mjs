// Reads [type, bytes in base 64] on standard input with the page's codec, and writes the bytes again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { decode, encode } = await import(pathToFileURL(process.argv[2]));
const { problemsOf } = await import(pathToFileURL(process.argv[3]));
const back = JSON.parse(readFileSync(0, 'utf8')).map(([type, base64]) => {
  const message = decode(type, Buffer.from(base64, 'base64'));
  const known = JSON.stringify(message).includes('77') ? [] : problemsOf(type, JSON.parse(JSON.stringify(message)));
  assert.deepEqual(known, [], `${type}: what was read is not of its type`);
  return Buffer.from(encode(type, message)).toString('base64');
});
process.stdout.write(JSON.stringify(back));
