// `node scripts/tally.js FOLDER`: counts what .ci/run left in FOLDER: NAME.code holds a gate's exit code, tests.json
// vitest's own report. Prints what failed, then `N passed, N failed` as the last line; exit code 1 if anything failed.
// `npm test` counts by its tests; a run that ended badly with no test to blame (it crashed, found no test, left an
// error unhandled, was ended for taking too long) counts as one failure, and so do tests that were switched off.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const folder = process.argv[2];
const failures = [];
let passed = 0;

function tests(code) {
  const path = join(folder, 'tests.json');
  if (!existsSync(path)) return failures.push(`tests: no report, npm test ended with ${code}`);
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return failures.push(`tests: the report is cut off, npm test ended with ${code}`);
  }
  const before = failures.length;
  let passing = 0;
  let off = 0;
  for (const file of report.testResults) {
    const name = relative(process.cwd(), file.name);
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    for (const test of failed) failures.push(`${name}: ${test.fullName}`);
    passing += file.assertionResults.filter((test) => test.status === 'passed').length;
    // Could not be loaded, or a hook failed: no test of it says so.
    if (file.status === 'failed' && failed.length === 0) failures.push(`${name}: ${file.message}`);
    else off += file.assertionResults.filter((test) => !['passed', 'failed'].includes(test.status)).length;
  }
  if (off > 0) failures.push(`tests: ${off} did not run`);
  if (passing === 0) failures.push('tests: none passed');
  if (code !== 0 && failures.length === before) failures.push(`tests: npm test ended with ${code}`);
  passed += passing;
}

const names = readdirSync(folder)
  .filter((file) => file.endsWith('.code'))
  .map((file) => file.slice(0, -'.code'.length));
for (const name of names) {
  const code = Number.parseInt(readFileSync(join(folder, `${name}.code`), 'utf8'), 10);
  if (name === 'tests') tests(code);
  else if (code === 0) passed++;
  else failures.push(`${name}: ended with ${code}`);
}
if (!names.includes('tests')) failures.push('tests: npm test was not run');

for (const failure of failures) console.log(`failed ${failure.split('\n')[0]}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
