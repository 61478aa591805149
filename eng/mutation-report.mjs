// Reads what was found of one part's mutants: a table by file, the mutants that no test noticed, and the score against the target.
// Usage: mutation-report.mjs PART REPORT SOURCES
import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const targets = { evaluation: 85, sessions: 85 };
const [part, file, sources] = process.argv.slice(2);
let report;
try {
  report = JSON.parse(readFileSync(file, "utf8"));
} catch {
  console.error(`${part}: not every mutant was judged; see ${join(dirname(file), "log")}`);
  process.exit(1);
}

const noticed = ["Killed", "Timeout"];
const missed = ["Survived", "NoCoverage"];
const count = (mutants, states) => mutants.filter(m => states.includes(m.status)).length;
const score = mutants => {
  const all = count(mutants, [...noticed, ...missed]);
  return all === 0 ? "-" : ((100 * count(mutants, noticed)) / all).toFixed(1);
};
const line = (name, mutants) =>
  `| ${name} | ${count(mutants, [...noticed, ...missed])} | ${count(mutants, ["Killed"])} | ${count(mutants, ["Timeout"])} | ${count(mutants, ["Survived"])} | ${count(mutants, ["NoCoverage"])} | ${score(mutants)} |`;

const files = Object.entries(report.files)
  .filter(([path]) => basename(dirname(path)) === basename(sources))
  .map(([path, found]) => ({ name: basename(path), mutants: found.mutants, lines: found.source.split("\n") }))
  .filter(f => count(f.mutants, [...noticed, ...missed]) > 0)
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const everything = files.flatMap(f => f.mutants);
console.log(`## ${part}\n\n| file | mutants | killed | timed out | survived | not covered | score % |\n| --- | --- | --- | --- | --- | --- | --- |`);
files.forEach(f => console.log(line(f.name, f.mutants)));
console.log(`${line("**all**", everything)}\n`);
const without = readdirSync(sources).filter(name => name.endsWith(".cs") && !files.some(f => f.name === name));
if (without.length > 0) {
  console.log(`Without mutants: ${without.join(", ")}\n`);
}

for (const f of files) {
  for (const m of f.mutants.filter(m => missed.includes(m.status))) {
    const text = f.lines[m.location.start.line - 1].trim();
    console.log(`${f.name}:${m.location.start.line}:${m.location.start.column} ${m.status}, ${m.mutatorName}: ${m.replacement.replace(/\s+/g, " ").slice(0, 160)}\n    ${text}`);
  }
}

const reached = Number(score(everything));
if (everything.length === 0 || reached < (targets[part] ?? 0)) {
  console.error(`${part}: ${reached} % is below ${targets[part] ?? 0} %`);
  process.exit(1);
}
