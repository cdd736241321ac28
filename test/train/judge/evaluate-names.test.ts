import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/database/connection/open.ts';
import { evaluateNames, type LabelledName } from '../../../src/train/judge/evaluate-names.ts';
import { writeTinyEncoder } from '../../model/tiny-encoder.ts';
import { taxonHere } from '../../support/command.ts';
import { testConfig } from '../../support/config.ts';
import { testDatabase } from '../../support/database.ts';
import { lettersShop, shopOfFile } from '../../support/shop.ts';
import { labelled, newNames } from '../../support/shop-names.ts';

const config = testConfig();
const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'taxon-evaluate-'));
const full = shopOfFile();
/** Where it is all the same what the model reads: nothing is encoded. */
const shop = shopOfFile(lettersShop);

afterAll(() => rmSync(folder, { recursive: true }));

const evaluate = (names: Omit<LabelledName, 'line'>[], signal = never, db = shop.db) =>
  evaluateNames(
    db,
    config,
    names.map((row, i) => ({ line: i + 2, ...row })),
    signal,
  );

function fileWith(name: string, lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

describe('evaluateNames', () => {
  test('scores the champion on names that it never saw, and writes nothing', async () => {
    const stored = () => full.db.row('select count(*) as n from taxon_internal.embeddings');
    const before = await stored();
    const report = await evaluate(newNames(200), never, full.db);
    // Measured: l2 .84, l3 .84, as every fifth name says nothing of what it is; one category for all would reach .25 and .125.
    expect(report.levels.l2.top1).toBeGreaterThan(0.75);
    expect(report.levels.l3.top1).toBeGreaterThan(0.7);
    expect(report).toMatchObject({ model_id: 1, names: 200, unknown: 0 });
    expect(report.levels.l3).toMatchObject({ n: 200, majority: 0.125 });
    expect(report.thresholds.l1).toBeCloseTo(0.75, 5);
    expect(await stored()).toEqual(before);
  });

  test('takes a name as memory does: case and spacing change nothing', async () => {
    const names = newNames(40);
    const shouted = names.map(({ name, path }) => ({ name: `  ${name.toUpperCase()} `, path }));
    const said = await evaluate(names);
    expect(await evaluate(shouted)).toEqual(said);
    const respelt = names.map(({ name, path }) => ({
      name,
      path: path.map((part) => `${part.toUpperCase()}\u200b`),
    }));
    expect(await evaluate(respelt)).toEqual(said);
  });

  test('does not score a level that is empty in the truth', async () => {
    const names = newNames(8).map(({ name, path }, i) => ({
      name,
      path: path.slice(0, i < 4 ? 3 : i < 6 ? 2 : 1),
    }));
    const { levels } = await evaluate(names);
    expect([levels.l1.n, levels.l2.n, levels.l3.n]).toEqual([8, 6, 4]);
    const { levels: flat } = await evaluate(names.slice(6));
    expect(flat.l3).toEqual({ n: 0, majority: null, top1: null, top3: null, top5: null });
  });

  test('counts a category that the database does not know as wrong, below its known ancestors only', async () => {
    const { name, path } = labelled[200] as (typeof labelled)[number];
    const report = await evaluate([
      { name, path },
      { name, path: [...path.slice(0, 2), 'Nowhere'] },
      { name, path: ['Nowhere', ...path.slice(1)] },
    ]);
    expect(report).toMatchObject({ names: 3, unknown: 2, path: 1 / 3 });
    expect([report.levels.l1.top1, report.levels.l2.top1, report.levels.l3.top1]).toEqual([
      2 / 3,
      2 / 3,
      1 / 3,
    ]);
  });

  test('can be stopped', async () => {
    const stopped = evaluate(newNames(5), AbortSignal.abort(new Error('enough')), full.db);
    await expect(stopped).rejects.toThrow('enough');
  });

  test('refuses another encoder than that of the champion', async () => {
    const other = mkdtempSync(join(folder, 'encoder-'));
    writeTinyEncoder(other);
    await expect(
      evaluateNames(full.db, { ...config, encoder: other }, [{ line: 2, name: 'x', path: ['Food'] }], never),
    ).rejects.toMatchObject({
      name: 'TaxonError',
      message: expect.stringMatching(/^model 1 reads embeddings of "small-encoder.*not of "encoder-/),
      hint: expect.stringContaining('TAXON_ENCODER'),
    });
  });

  test('says what is missing: a champion, a name', async () => {
    const bare = await testDatabase();
    const own = openDatabase(bare.url, config);
    try {
      await expect(
        evaluateNames(own, config, [{ line: 2, name: 'x', path: ['A'] }], never),
      ).rejects.toMatchObject({
        message: 'there is no champion to evaluate',
        hint: expect.stringContaining('taxon train'),
      });
    } finally {
      await own.close();
      await bare.drop();
    }
    await expect(evaluate([])).rejects.toThrow('no name to evaluate on');
  });
});

describe('taxon model evaluate', () => {
  const rows = newNames(30).map(({ name, path }) => [name, ...path].join('\t'));

  test('--json prints one object of the whole report alone', async () => {
    const file = fileWith('gold.tsv', [
      'name\tl1\tl2\tl3',
      ...rows,
      'чайник\tHome\tKitchen\t',
      'чай\tFood\t\t',
    ]);
    const { code, stdout, stderr } = await taxonHere(['model', 'evaluate', file, '--json'], {
      DATABASE_URL: full.url,
    });
    expect([code, stderr]).toEqual([0, expect.stringContaining('evaluating')]);
    expect(stdout.trimEnd()).not.toContain('\n');
    const score = (n: number) => {
      const share = expect.toSatisfy(
        (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1,
      );
      return { n, majority: share, top1: share, top3: share, top5: share };
    };
    const number = expect.any(Number);
    expect(JSON.parse(stdout)).toEqual({
      model_id: 1,
      unknown: 0,
      names: 32,
      levels: { l1: score(32), l2: score(31), l3: score(30) },
      path: number,
      coverage: number,
      selectiveError: number,
      ece: { l1: number, l2: number, l3: number },
      thresholds: { l1: number, l2: number, l3: number },
    });
  });

  test('names the lines whose category the database does not know', async () => {
    const file = fileWith('strange.tsv', [
      'name\tl1\tl2\tl3',
      ...rows,
      'x\tFood\tDrinks\tCofee',
      'y\tToys\t\t',
    ]);
    const { code, stdout, stderr } = await taxonHere(['model', 'evaluate', file, '--json'], {
      DATABASE_URL: shop.url,
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ unknown: 2, names: 32 });
    expect(stderr).toContain('line 32: Food > Drinks > Cofee; line 33: Toys');
  });

  test('a person reads a table', async () => {
    const { code, stdout } = await taxonHere(
      ['model', 'evaluate', fileWith('few.tsv', ['name\tl1\tl2\tl3', ...rows])],
      { DATABASE_URL: shop.url },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^level +names +majority +top 1/);
    expect(stdout).toMatch(/model 1: whole path right [\d.]+ % of 30 names/);
  });

  test('a bad line is named', async () => {
    const file = fileWith('bad.tsv', ['name\tl1\tl2\tl3', 'x\tFood\tDrinks\tTea', 'y\t\t\tTea']);
    const { code, stdout, stderr } = await taxonHere(['model', 'evaluate', file], { DATABASE_URL: shop.url });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${file}, line 3:`);
  });
});
