import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { readOptions } from '../../bench/accuracy/options.ts';
import { type Result, readResults } from '../../bench/accuracy/results.ts';
import { packageRoot } from '../../src/config.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bench = (...args: string[]) => benchWith({}, ...args);

function benchWith(environment: Record<string, string>, ...args: string[]) {
  return spawnSync(process.execPath, [join(packageRoot, 'bench/accuracy/run.ts'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, TAXON_DATA_DIR: folder, ...environment },
  });
}

it('trains and scores our method on a small demo, and does not do it again', () => {
  const args = ['--set', 'demo', '--only', 'seed heads', '--seeds', '1', '--sample', '300', '--json'];
  const first = bench(...args);
  expect(first.stderr).toContain('demo, original teacher, seed 1: 300 names to learn from');
  expect(first.status).toBe(0);
  const [row, ...more] = JSON.parse(first.stdout) as Result[];
  expect(more).toEqual([]);
  expect(row).toMatchObject({ set: 'demo', method: 'seed heads', kind: 'ours', sample: 300, embeds: true });
  // 423 categories and 300 names: little, but far more than the majority class
  expect(row?.l1).toBeGreaterThan(0.3);
  expect(row?.peakBytes).toBeGreaterThan(50e6);
  const file = join(folder, 'bench', 'accuracy.jsonl');
  const before = readFileSync(file, 'utf8');

  const second = bench(...args);
  expect(JSON.parse(second.stdout)).toEqual([row]);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

it('cleans first where it is asked to, and scores that against the truth', () => {
  const cleaned = ['--set', 'demo', '--only', 'cleaned', '--seeds', '1', '--sample', '300', '--json'];
  const run = benchWith({ TAXON_ENCODER: inject('encoder') }, ...cleaned);
  expect(run.status).toBe(0);
  const [row, ...more] = JSON.parse(run.stdout) as Result[];
  expect(more).toEqual([]);
  expect(row?.cleaning).toHaveLength(3);
  const [l1] = row?.cleaning ?? [];
  expect(l1?.wrongBefore).toBeCloseTo(row?.teacherErrors[0] as number, 12);
  expect(l1?.wrongPathBefore).toBe(row?.teacherErrors[0]);
  const stored = readResults(join(folder, 'bench', 'accuracy.jsonl')).find(
    ({ method }) => method === 'cleaned',
  );
  expect(stored?.rightByLevel).toHaveLength(3);
});

it('says so and goes on where the real titles are not there', () => {
  const run = bench('--set', 'titles', '--seeds', '1', '--data', '/nowhere/products.tsv.xz', '--json');
  expect(run.stderr).toContain('titles, systematic teacher: left out, there is no /nowhere/products.tsv.xz');
  expect(run.stdout).toBe('[]\n');
  expect(run.status).toBe(0);
});

it('asks every teacher of the titles and, unless told otherwise, the original one of the demo', () => {
  const runs = (...args: string[]) => readOptions(args).runs.map(({ set, teacher }) => `${set} ${teacher}`);
  expect(runs()).toEqual(['titles original', 'titles random', 'titles systematic', 'demo original']);
  expect(runs('--set', 'demo', '--teacher', 'random')).toEqual(['demo random']);
  expect(readOptions(['--seeds', '2']).seeds).toEqual([1, 2]);
  expect([...readOptions(['--only', 'svm', '--only', 'seed heads']).methods]).toEqual(['svm', 'seed heads']);
});

it.each([
  [['--only', 'magic'], 'magic'],
  [['--seeds', '0'], '1 to'],
  [['--sample', 'all'], 'sample'],
  [['--nonsense'], 'nonsense'],
])('refuses %j', (args, says) => {
  expect(() => readOptions(args)).toThrow(says);
});
