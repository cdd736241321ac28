import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';

let folder: string;

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function check() {
  execFileSync('git', ['add', '--all'], { cwd: folder });
  const script = join(packageRoot, 'scripts/files.js');
  const run = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  return { code: run.status, said: run.stderr + run.stdout };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgtaxon-files-'));
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  plant('src/good.ts', 'export {};\n'.repeat(300));
  plant('package-lock.json', '{}\n'.repeat(301));
  plant('models/foreign.txt', `TO${'DO'}\n`.repeat(301));
  plant('test/support/needs.ts', `context.sk${'ip'}(what);\n`);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the house rules', () => {
  test('let good files through, and exceptions', () => {
    plant('sql/good.sql', `-- taxon_internal: ${'long '.repeat(40)}\nselect '${'text '.repeat(40)}';\n`);
    expect(check()).toEqual({ code: 0, said: '4 files looked at, 0 against the rules\n' });
  });

  test.each([
    ['src/long.ts', 'export {};\n'.repeat(301), 'src/long.ts: 301 lines, at most 300'],
    ['package-lock.json', '{}\n', 'package-lock.json: 1 lines, needs no exception'],
    ['test/support/needs.ts', 'export {};\n', 'test/support/needs.ts: needs no exception'],
    ['sql/late.sql', `-- taxon: What.\n-- FIX${'ME'} soon\n`, 'sql/late.sql:2: left to do'],
    ['sql/nobodys.sql', '-- What.\n', 'sql/nobodys.sql:1: the first line says whose objects these are'],
    [
      'sql/wide.sql',
      `-- taxon: What.\nselect ${'a, '.repeat(50)}b;\n`,
      'sql/wide.sql:2: 159 characters of code, at most 140',
    ],
    [
      'test/off.test.ts',
      `describe.sk${'ip'}('x', () => {});\n`,
      'test/off.test.ts:1: test switched off or alone',
    ],
    [
      'test/alone.test.ts',
      `test.on${'ly'}.each([1])('x', () => {});\n`,
      'test/alone.test.ts:1: test switched off or alone',
    ],
    ['test/one.test.ts', `it.concurrent.on${'ly'}('x');\n`, 'test/one.test.ts:1: test switched off or alone'],
  ])('refuse %s', (path, text, said) => {
    plant(path, text);
    const found = check();
    expect(found.said).toContain(`error ${said}`);
    expect(found.code).toBe(1);
  });
});
