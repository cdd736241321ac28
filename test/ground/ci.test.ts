import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';

const gates = ['lint', 'types', 'imports', 'unused', 'files', 'build'];
/** Stands in for npm, which a run starts eight times. */
const fakeNpm = `#!/bin/sh
case $1 in
  run) exec sh gates/$3 ;;
  test) shift 2 && exec node_modules/.bin/vitest run "$@" ;;
esac
`;
let folder: string;

function plant(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text, { mode });
}

/** A project as small as can be, with the real .ci/run, the real vitest and gates that do nothing. */
function plantProject(gate: Record<string, string> = {}): void {
  plant('package.json', '{"type": "module"}');
  // in one thread: a process for each file takes .2 s of the processor
  plant('vitest.config.js', "export default { test: { pool: 'threads', isolate: false, maxWorkers: 1 } };\n");
  for (const name of gates) plant(`gates/${name}`, gate[name] ?? 'true');
}

function run() {
  const { CI, NODE_OPTIONS, VITEST, ...environment } = process.env;
  const path = `${join(folder, 'bin')}:${dirname(process.execPath)}:${environment.PATH}`;
  const ended = spawnSync(join(folder, '.ci/run'), { encoding: 'utf8', env: { ...environment, PATH: path } });
  const lines = ended.stdout.split('\n');
  return { code: ended.status, said: ended.stdout, last: lines.at(-2), after: lines.at(-1) };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgtaxon-ci-'));
  cpSync(join(packageRoot, '.ci/run'), join(folder, '.ci/run'));
  cpSync(join(packageRoot, 'scripts/tally.js'), join(folder, 'scripts/tally.js'));
  symlinkSync(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  plant('scripts/set-up.js', '');
  // Not root, so that the trial installs nothing on this machine.
  plant('bin/id', '#!/bin/sh\necho 1000\n', 0o755);
  plant('bin/npm', fakeNpm, 0o755);
  plantProject();
  plant('good.test.js', "import { test } from 'vitest';\ntest('one', () => {});\ntest('two', () => {});\n");
  plant('test/sql/some.test.js', "import { test } from 'vitest';\ntest('of SQL', () => {});\n");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('.ci/run', () => {
  test('ends with the true counts of tests and gates, and nothing behind them', () => {
    const leftBehind = '(sleep 1; echo late) & echo early';
    plantProject({ build: leftBehind });
    const { code, last, after } = run();
    // Three tests, six gates, the machine, the packages, and those of SQL on the other PostgreSQL.
    expect({ code, last, after }).toEqual({ code: 0, last: '12 passed, 0 failed', after: '' });
  });

  test('counts each failed test, each failed gate and each file that cannot be loaded', () => {
    plantProject({ lint: 'echo bad line; exit 3' });
    plant(
      'bad.test.js',
      "import { test } from 'vitest';\ntest('three', () => { throw new Error('no'); });\n",
    );
    plant('broken.test.js', "import 'not-there';\n");
    const { code, last, said } = run();
    expect({ code, last }).toEqual({ code: 1, last: '11 passed, 3 failed' });
    for (const failure of ['lint: ended with 3', 'bad.test.js: three', 'broken.test.js: '])
      expect(said).toContain(`failed ${failure}`);
    expect(said).toContain('bad line');
  });

  test('fails when no test is to blame: an error nobody caught', () => {
    plant(
      'late.test.js',
      "import { test } from 'vitest';\ntest('four', async () => { void Promise.reject(new Error('x')); await new Promise(setImmediate); });\n",
    );
    expect(run()).toMatchObject({ code: 1, last: '13 passed, 1 failed' });
  });

  test('fails when the runner dies', () => {
    plant('vitest.config.js', "export default { test: { globalSetup: './die.js' } };\n");
    plant('die.js', "export default () => process.kill(process.pid, 'SIGKILL');\n");
    expect(run()).toMatchObject({ code: 1, last: '8 passed, 2 failed' });
  });

  test('fails when there is no test, and when tests are switched off', () => {
    plant('good.test.js', "import { test } from 'vitest';\ntest.skip('one', () => {});\n");
    rmSync(join(folder, 'test'), { recursive: true });
    const { code, last, said } = run();
    expect({ code, last }).toEqual({ code: 1, last: '8 passed, 3 failed' });
    expect(said).toContain('failed tests: 1 did not run');
    rmSync(join(folder, 'good.test.js'));
    expect(run()).toMatchObject({ code: 1, last: '8 passed, 2 failed' });
  });

  test('runs all on one PostgreSQL and the SQL tests on the other, and fails where only that does', () => {
    const on = (name: string) =>
      `import { test, expect } from 'vitest';\ntest('here', () => expect(process.env.TAXON_POSTGRES).toBe('${name}'));\n`;
    plant('good.test.js', on('machine'));
    plant('test/sql/some.test.js', on('machine'));
    const { code, last, said } = run();
    expect({ code, last }).toEqual({ code: 1, last: '10 passed, 1 failed' });
    expect(said).toContain('failed sql-18: ended with 1');
  });
});
