// `npm run imports [-- FOLDER]`: the import rules of .dependency-cruiser.cjs over FOLDER/src (default: this
// project). Fails on a broken rule, and when fewer files were read than there are: with a TypeScript that it does not
// know, dependency-cruiser reads none, finds nothing wrong and exits 0. (npm runs a script called `dependencies` by
// itself after each install, hence `imports`.)
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
const bin = join(import.meta.dirname, '../node_modules/.bin/depcruise');
const run = spawnSync(
  process.execPath,
  [bin, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'],
  { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 },
);
if (run.error || !run.stdout.startsWith('{')) {
  console.error(`dependency-cruiser did not run: ${run.error?.message ?? run.stdout}${run.stderr ?? ''}`);
  process.exit(1);
}

const { modules, summary } = JSON.parse(run.stdout);
const files = globSync('src/**/*.ts', { cwd: folder });
const found = new Map(modules.map((module) => [module.source, module.dependencies]));
const unread = files.filter((file) => !found.has(file));
// Arrows that no import shows: a path to the command line that is spawned, and a query that is asked past src/database/.
const hidden = [
  {
    allowed: 'src/cli/',
    text: /['"`/]cli['"`/]/,
    error: 'a path to the command line: let src/cli/ hand it in',
  },
  { allowed: 'src/database/', text: /\.(?:at|internal)\}/, error: 'query text: its place is src/database/' },
];
let imports = 0;
let unseen = 0;
for (const file of files) {
  const seen = new Set(found.get(file)?.map((dependency) => dependency.module));
  imports += seen.size;
  // What the parser passes over in silence, `import('./x.ts').Type` above all, could break any rule.
  const text = readFileSync(join(folder, file), 'utf8');
  for (const [, specifier] of text.matchAll(/\b(?:from|import)\b[\s(]*['"`](\.[^'"`]+)['"`]/g)) {
    if (seen.has(specifier)) continue;
    unseen++;
    console.error(`error not seen: ${file} → ${specifier} (write it as an import statement)`);
  }
  for (const { allowed, text: sought, error } of hidden) {
    if (file.startsWith(allowed)) continue;
    for (const line of text
      .split('\n')
      .filter((line) => sought.test(line) && !/^\s*(import\b|\/\/|\/?\*)/.test(line))) {
      unseen++;
      console.error(`error ${error}: ${file}: ${line.trim()}`);
    }
  }
}

const comments = new Map(summary.ruleSetUsed.forbidden.map((rule) => [rule.name, rule.comment]));
for (const { rule, from, to, cycle } of summary.violations) {
  const what = cycle ? cycle.map((step) => step.name).join(' → ') : to;
  const why = comments.get(rule.name);
  console.error(`${rule.severity} ${rule.name}: ${from} → ${what}${why ? ` (${why})` : ''}`);
}
for (const file of unread) console.error(`error not read: ${file}`);

const failed = unread.length > 0 || unseen > 0 || files.length === 0 || summary.error > 0;
console.log(
  `${files.length - unread.length} of ${files.length} files of src/ read, ${imports} imports, ${summary.violations.length} against the rules`,
);
process.exit(failed ? 1 : 0);
