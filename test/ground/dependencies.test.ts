import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';

let folder: string;

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** The database's driver, and a development package. */
function plantPackages(): void {
  const dependencies = { dependencies: { pg: '1.0.0' }, devDependencies: { planted: '1.0.0' } };
  plant('package.json', JSON.stringify({ type: 'module', ...dependencies }));
  for (const name of ['pg', 'planted']) {
    plant(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    plant(`node_modules/${name}/index.js`, 'exports.x = 1;\n');
  }
}

function check() {
  const run = spawnSync(process.execPath, [join(packageRoot, 'scripts/dependencies.js'), folder], {
    encoding: 'utf8',
  });
  return { code: run.status, said: run.stderr + run.stdout };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgtaxon-dependencies-'));
  cpSync(join(packageRoot, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'));
  plant('src/errors.ts', 'export type Code = 1 | 2;\nexport const failed: Code = 1;\n');
  plant('src/database/pool.ts', "import { failed } from '../errors.ts';\nexport const pool = failed;\n");
  plant('src/model/heads.ts', "import type { Code } from '../errors.ts';\nexport const heads: Code = 2;\n");
  plant(
    'src/train/fit.ts',
    "import { pool } from '../database/pool.ts';\nimport { heads } from '../model/heads.ts';\nexport const fit = [pool, heads];\n",
  );
  plant(
    'src/cli/main.ts',
    "import { fit } from '../train/fit.ts';\nexport type Args = string[];\nfit.at(0);\n",
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the import rules', () => {
  test('let the layers through and count every file and import', () => {
    expect(check()).toEqual({ code: 0, said: '5 of 5 files of src/ read, 5 imports, 0 against the rules\n' });
  });

  const upwards = [
    ['a value import', "import { fit } from '../train/fit.ts';\nexport const x = fit;"],
    ['a type-only import', "import type { Args } from '../cli/main.ts';\nexport const x: Args = [];"],
    ['an inline type import', "import { type Args } from '../cli/main.ts';\nexport const x: Args = [];"],
    ['a dynamic import', "export const x = () => import('../train/fit.ts');"],
    ['a re-export', "export { fit } from '../train/fit.ts';"],
    ['a re-exported type', "export type { Args } from '../cli/main.ts';"],
  ] as const;
  test('refuse each way to point upwards', () => {
    upwards.forEach(([, text], i) => {
      plant(`src/model/planted-${i}.ts`, `${text}\n`);
    });
    const { code, said } = check();
    for (const [i, [way]] of upwards.entries())
      expect(said, way).toMatch(
        new RegExp(`error model-imports-down: src/model/planted-${i}\\.ts → src/(cli|train)/`),
      );
    expect(code).toBe(1);
  });

  const rules = [
    ['no-circular', 'src/database/planted.ts', "import './pool.ts';"],
    ['base-imports-base', 'src/errors.ts', "export { pool } from './database/pool.ts';"],
    ['known-layer', 'src/new/planted.ts', "import '../errors.ts';"],
    ['shipped-code-stands-alone', 'src/cli/planted-too.ts', "import '../../test/support.ts';"],
    ['resolvable', 'src/cli/planted.ts', "import './not-there.ts';"],
    ['sidecar-imports-down', 'src/sidecar/planted.ts', "import type { Args } from '../cli/main.ts';"],
    ['train-imports-down', 'src/train/planted.ts', "import '../report/page.ts';"],
    ['demo-imports-down', 'src/demo/planted.ts', "import '../report/page.ts';"],
    ['sidecar-imports-down', 'src/sidecar/planted-too.ts', "import '../classify/classify.ts';"],
    ['llm-imports-down', 'src/llm/planted.ts', "import '../simulator/simulator.ts';"],
    ['compare-imports-down', 'src/compare/planted.ts', "import '../simulator/simulator.ts';"],
    ['sidecar-local-imports-down', 'src/sidecar/local/planted.ts', "import '../llm/ask.ts';"],
    ['sidecar-llm-imports-down', 'src/sidecar/llm/planted.ts', "import '../jobs/jobs.ts';"],
    ['sidecar-jobs-imports-down', 'src/sidecar/jobs/planted.ts', "import '../sidecar.ts';"],
    ['sidecar-ground-imports-ground', 'src/sidecar/waker.ts', "import './llm/ask.ts';"],
    ['sidecar-known-room', 'src/sidecar/new/planted.ts', "import '../waker.ts';"],
    ['train-data-imports-down', 'src/train/data/planted.ts', "import '../fit.ts';"],
    ['train-join-imports-down', 'src/train/join/planted.ts', "import '../judge/evaluate.ts';"],
    ['train-judge-imports-down', 'src/train/judge/planted.ts', "import '../cleaning/clean.ts';"],
  ] as const;
  test('know each rule', () => {
    plant('test/support.ts', 'export {};\n');
    plant('src/database/pool.ts', "import './planted.ts';\nexport const pool = 1;\n");
    for (const room of [
      'report/page',
      'classify/classify',
      'simulator/simulator',
      'sidecar/sidecar',
      'sidecar/waker',
      'sidecar/llm/ask',
      'sidecar/jobs/jobs',
      'train/judge/evaluate',
      'train/cleaning/clean',
    ])
      plant(`src/${room}.ts`, 'export {};\n');
    for (const [, path, text] of rules) plant(path, `${text}\n`);
    const { code, said } = check();
    for (const [rule, path] of rules) expect(said).toContain(`error ${rule}: ${path} → `);
    expect(code).toBe(1);
  });

  // one run for each of these groups: it takes .45 s of the processor, whatever it reads
  test('let through rooms of a layer that point down, the database’s driver in its layer, and types of a development package', () => {
    plant('src/sidecar/waker.ts', 'export {};\n');
    plant('src/sidecar/local/decide.ts', "import '../waker.ts';\n");
    plant('src/sidecar/jobs/jobs.ts', "import '../local/decide.ts';\nimport '../waker.ts';\n");
    plant('src/sidecar/sidecar.ts', "import './jobs/jobs.ts';\nimport './local/decide.ts';\n");
    plantPackages();
    plant('src/database/planted.ts', "export { x } from 'pg';\n");
    plant('src/cli/planted.ts', "import type { X } from 'planted';\nexport const x: X | 0 = 0;\n");
    expect(check().code).toBe(0);
  });

  test('refuse the driver elsewhere, and a development package in shipped code', () => {
    plantPackages();
    plant('src/cluster/planted.ts', "export { x } from 'pg';\n");
    plant('src/cli/planted.ts', "export { x } from 'planted';\n");
    const { code, said } = check();
    expect(said).toContain('error database-alone-speaks-to-it: src/cluster/planted.ts → node_modules/pg');
    expect(said).toContain('error no-development-packages: src/cli/planted.ts → node_modules/planted');
    expect(code).toBe(1);
  });

  const hidden = [
    ['not seen', "export type Args = import('../cli/main.ts').Args;"],
    ['a path to the command line', "export const main = ['src', 'cli', 'main.ts'].join('/');"],
    ['a path to the command line', "export const main = '../cli/main.ts';"],
    ['query text', `export const text = (db: { at: string }) => \`select * from \${db.at}settings\`;`],
  ] as const;
  test('refuse what no import shows: an import in a type, a spawned path to the command line, query text', () => {
    hidden.forEach(([, text], i) => {
      plant(`src/sidecar/planted-${i}.ts`, `${text}\n`);
    });
    const { code, said } = check();
    for (const [i, [what]] of hidden.entries())
      expect(said).toMatch(new RegExp(`error ${what}.*: src/sidecar/planted-${i}\\.ts`));
    // none of them is against a rule of the cruiser's: they alone make it fail
    expect(said).toContain(' 0 against the rules');
    expect(code).toBe(1);
  });

  test('fail when fewer files are read than there are', () => {
    const config = readFileSync(join(folder, '.dependency-cruiser.cjs'), 'utf8');
    plant(
      '.dependency-cruiser.cjs',
      config.replace("parser: 'swc',", "parser: 'swc',\n    exclude: 'src/(model|train)',"),
    );
    const { code, said } = check();
    expect(said).toContain('error not read: src/model/heads.ts');
    expect(said).toContain('3 of 5 files of src/ read');
    expect(code).toBe(1);
  });

  test('fail on a project without files', () => {
    rmSync(join(folder, 'src'), { recursive: true });
    mkdirSync(join(folder, 'src'));
    expect(check().code).toBe(1);
  });
});
