// Checks Kubernetes objects: node check-kubernetes.mjs FILE... ("-" for standard input). Says everything that is wrong, and ends with 1 then.
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { unknownFields, violations } from './kubernetes-types.mjs';
import { podProblems } from './pods.mjs';

const reference = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
const optionNames = new Set(reference.match(/PDSIDECAR_[A-Z0-9_]+/g));
let count = 0;
let failed = false;
for (const file of process.argv.slice(2)) {
  const problems = [];
  const names = new Set();
  for (const document of parseAllDocuments(readFileSync(file === '-' ? 0 : file, 'utf8'), { uniqueKeys: true })) {
    problems.push(...[...document.errors, ...document.warnings].map(e => e.message));
    const object = document.errors.length > 0 ? null : document.toJS();
    if (object === null) continue;
    count++;
    const id = `${object.kind} ${object.metadata?.namespace ?? ''}/${object.metadata?.name}`;
    if (names.has(id)) problems.push(`${id}: is there twice`);
    names.add(id);
    const unknown = unknownFields(object);
    problems.push(...unknown, ...unknown.some(u => u.endsWith('such kind')) ? [] : await violations(object), ...podProblems(object, optionNames));
  }
  if (names.size === 0) problems.push('there is nothing in it');
  for (const problem of problems) console.error(`${file}: ${problem}`);
  failed ||= problems.length > 0;
}
if (!failed) console.log(`${count} Kubernetes objects are as Kubernetes 1.34 describes them`);
process.exitCode = failed ? 1 : 0;
