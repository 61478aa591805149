// Reads what Stryker reported of one part, in one piece or several: a table by file, the mutants that no test noticed, and the score
// against the target. Of a file that was measured more than once the last time counts; one that has changed since does not count.
// Usage: mutation-report.mjs PART FOLDER SOURCES
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

const targets = { evaluation: 85, sessions: 85 };
const [part, folder, sources] = process.argv.slice(2);
const noticed = ["Killed", "Timeout"];
const missed = ["Survived", "NoCoverage"];
const count = (mutants, states) => mutants.filter(m => states.includes(m.status)).length;

const reportOf = piece => join(folder, piece, "reports", "mutation-report.json");
const pieces = (existsSync(folder) ? readdirSync(folder) : [])
  .filter(piece => existsSync(reportOf(piece)))
  .sort((a, b) => statSync(reportOf(a)).mtimeMs - statSync(reportOf(b)).mtimeMs);
const measured = new Map();
for (const piece of pieces) {
  const report = JSON.parse(readFileSync(reportOf(piece), "utf8"));
  const wanted = new Set(readFileSync(join(folder, piece, "files"), "utf8").split("\n").filter(Boolean));
  for (const name of wanted) measured.set(name, null);
  for (const [path, file] of Object.entries(report.files)) {
    const name = basename(path);
    if (path.endsWith(join(basename(sources), name)) && wanted.has(name)) measured.set(name, file);
  }
}

const names = readdirSync(sources).filter(name => name.endsWith(".cs")).sort();
const hasChanged = name => measured.get(name) && measured.get(name).source !== readFileSync(join(sources, name), "utf8");
const missing = names.filter(name => !measured.has(name) || hasChanged(name));
const files = names
  .filter(name => measured.get(name) && !hasChanged(name))
  .map(name => ({ name, mutants: measured.get(name).mutants, lines: measured.get(name).source.split("\n") }))
  .filter(f => count(f.mutants, [...noticed, ...missed]) > 0);

const score = mutants => {
  const all = count(mutants, [...noticed, ...missed]);
  return all === 0 ? "-" : ((100 * count(mutants, noticed)) / all).toFixed(1);
};
const line = (name, mutants) =>
  `| ${name} | ${count(mutants, [...noticed, ...missed])} | ${count(mutants, ["Killed"])} | ${count(mutants, ["Timeout"])} | ${count(mutants, ["Survived"])} | ${count(mutants, ["NoCoverage"])} | ${score(mutants)} |`;
const everything = files.flatMap(f => f.mutants);
console.log(`## ${part}\n\n| file | mutants | killed | timed out | survived | not covered | score % |\n| --- | --- | --- | --- | --- | --- | --- |`);
files.forEach(f => console.log(line(f.name, f.mutants)));
console.log(`${line("**all**", everything)}\n`);
for (const file of files) {
  for (const m of file.mutants.filter(m => missed.includes(m.status))) {
    const text = file.lines[m.location.start.line - 1].trim();
    console.log(`${file.name}:${m.location.start.line}:${m.location.start.column} ${m.status}, ${m.mutatorName}: ${m.replacement.replace(/\s+/g, " ").slice(0, 160)}\n    ${text}`);
  }
}

if (missing.length > 0) {
  console.error(`${part}: not measured, or changed since: ${missing.join(", ")}`);
}

const reached = Number(score(everything));
if (everything.length === 0 || missing.length > 0 || reached < (targets[part] ?? 0)) {
  console.error(`${part}: ${reached} % of ${everything.length === 0 ? "nothing" : "what was measured"}; the target is ${targets[part] ?? 0} % of everything`);
  process.exit(1);
}
