// Reads one part's report of Stryker: a table by file, the mutants that no test noticed, and the score against the target.
// Usage: mutation-report.mjs PART FOLDER
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

const targets = { evaluation: 85, sessions: 85 };
const [part, folder] = process.argv.slice(2);
let report;
try {
  report = JSON.parse(readFileSync(join(folder, "reports", "mutation-report.json"), "utf8"));
} catch {
  console.error(`${part}: Stryker ended without a report; see ${join(folder, "log")}`);
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
  `| ${name} | ${count(mutants, noticed)} | ${count(mutants, ["Survived"])} | ${count(mutants, ["NoCoverage"])} | ${score(mutants)} |`;

const files = Object.entries(report.files)
  .map(([path, file]) => ({ name: basename(path), mutants: file.mutants, lines: file.source.split("\n") }))
  .filter(f => count(f.mutants, [...noticed, ...missed]) > 0)
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const everything = files.flatMap(f => f.mutants);
console.log(`## ${part}\n\n| file | noticed | survived | not covered | score % |\n| --- | --- | --- | --- | --- |`);
files.forEach(f => console.log(line(f.name, f.mutants)));
console.log(`${line("**all**", everything)}\n`);
for (const file of files) {
  for (const m of file.mutants.filter(m => missed.includes(m.status))) {
    const text = file.lines[m.location.start.line - 1].trim();
    console.log(`${file.name}:${m.location.start.line}:${m.location.start.column} ${m.status}, ${m.mutatorName}: ${m.replacement.replace(/\s+/g, " ").slice(0, 160)}\n    ${text}`);
  }
}

const reached = Number(score(everything));
if (everything.length === 0 || reached < (targets[part] ?? 0)) {
  console.error(`${part}: ${reached} % is below ${targets[part] ?? 0} %`);
  process.exit(1);
}
