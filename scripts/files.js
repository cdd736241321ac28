// `npm run files [-- FOLDER]`: house rules over the tracked files of FOLDER (default: this project) that no other
// tool here knows: nothing left to do, no test switched off, no file over 300 lines without a reason.
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const most = 300;
/** Files that may be longer, and why. An entry that is not needed any more is an error too. */
const mayBeLong = new Map([
  ['package-lock.json', 'written by npm'],
  ['docs/reference/internal.md', 'made from the COMMENTs in the database'],
  ['test/sql/examples.txt', 'made from the examples in the database'],
  ['test/sql/roles.test.ts', 'lists all functions and tables, so that each is put somewhere'],
]);
/** Files that a rule does not hold for, and why. */
const excepted = new Map([
  ['test/docs/applications.test.ts', 'packages of other languages that cannot be installed here'],
  ['test/support/needs.ts', 'a test that needs a program which is not installed here skips; in CI it fails'],
]);
/** Not ours to write. */
const foreign = /^models\//;

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
const rules = [
  { name: 'left to do', in: /./, not: /\b(?:TO[D]O|FIX[M]E|XX[X])\b/ },
  {
    name: 'test switched off or alone',
    in: /^test\/.*\.ts$/,
    not: /\b(?:test|it|describe|suite|context|ctx)(?:\.\w+)*\.(?:only|skip|skipIf|runIf|todo|fails)\b/,
  },
];

/** Longest line of SQL, strings and comments left out: two halves of a screen. */
const widest = 140;
/** What tests do not hold repeatable SQL to: whose objects a file makes, and lines that one can read. */
function judgeSql(path, text) {
  if (!/^-- (taxon|taxon_internal): /.test(text))
    errors.push(`${path}:1: the first line says whose objects these are: -- taxon_internal: …`);
  const code = text.replaceAll(/--.*|'(?:[^']|'')*'/g, (found) => found.replaceAll(/[^\n]/g, ''));
  for (const [at, line] of code.split('\n').entries())
    if (line.length > widest)
      errors.push(`${path}:${at + 1}: ${line.length} characters of code, at most ${widest}`);
}

const errors = [];
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: folder, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && !foreign.test(path))
  // A symbolic link or a file deleted but not yet committed.
  .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile());
for (const path of tracked) {
  const text = readFileSync(join(folder, path), 'utf8');
  if (text.includes('\0')) continue;
  const lines = text.replace(/\n$/, '').split('\n');
  const long = lines.length > most;
  if (long && !mayBeLong.has(path))
    errors.push(`${path}: ${lines.length} lines, at most ${most} (or a reason in scripts/files.js)`);
  if (!long && mayBeLong.has(path))
    errors.push(`${path}: ${lines.length} lines, needs no exception in scripts/files.js`);
  if (/^sql\/.*\.sql$/.test(path)) judgeSql(path, text);
  const against = [];
  for (const rule of rules.filter((rule) => rule.in.test(path)))
    for (const [at, line] of lines.entries())
      if (rule.not.test(line)) against.push(`${path}:${at + 1}: ${rule.name}: ${line.trim()}`);
  if (!excepted.has(path)) errors.push(...against);
  else if (against.length === 0) errors.push(`${path}: needs no exception in scripts/files.js`);
}

for (const error of errors) console.error(`error ${error}`);
console.log(`${tracked.length} files looked at, ${errors.length} against the rules`);
process.exit(errors.length > 0 || tracked.length === 0 ? 1 : 0);
