import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { champion, modelFiles } from '../../src/database/registry.ts';
import { storedReport } from '../../src/database/reports.ts';
import { undiagnosed } from '../../src/database/runs.ts';
import { loadClassifier } from '../../src/model/bundle.ts';
import { readModelReport } from '../../src/model/report.ts';
import { diagnoseModel } from '../../src/train/diagnose-model.ts';
import { train } from '../../src/train/run.ts';
import { taxonHere } from '../support/command.ts';
import { testConfig } from '../support/config.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { startTaxon } from '../support/processes.ts';
import { shopDatabase } from '../support/shop.ts';
import { labelled } from '../support/shop-names.ts';

const config: Config = testConfig();
const going = new AbortController().signal;
let shop: TestDatabase;
let db: Database;

beforeAll(async () => {
  shop = await shopDatabase();
  db = openDatabase(shop.url, config);
});
afterAll(async () => {
  await db.close();
  await shop.drop();
});

const modelRows = () =>
  db.rows<{ model_id: number; state: string }>(
    'select model_id, state from taxon_internal.models order by 1',
  );
const lastRun = () =>
  db.row<{ run_id: number; state: string; error: string | null; options: object; report: object | null }>(
    'select * from taxon_internal.training_runs order by run_id desc limit 1',
  );
const digests = async (modelId: number) =>
  Object.fromEntries(
    [...(await modelFiles(db, modelId))].map(([name, bytes]) => [
      name,
      createHash('sha256').update(bytes).digest('hex'),
    ]),
  );

describe('train', () => {
  test('registers the run, the model and its files, and makes it the champion', async () => {
    expect(await modelRows()).toEqual([{ model_id: 1, state: 'champion' }]);
    const model = await db.row<Record<string, unknown>>(
      `select m.run_id, e.identity, e.dimension, m.manifest->>'encoder' as reads, jsonb_array_length(m.manifest->'paths') as paths
         from taxon_internal.models m join taxon_internal.encoders e using (encoder_id)`,
    );
    expect(model).toMatchObject({ run_id: 1, dimension: 64, reads: model.identity, paths: 8 });
    expect(await lastRun()).toMatchObject({
      run_id: 1,
      state: 'done',
      error: null,
      options: { seed: 1, encoder: model.identity },
      report: { model_id: 1, labels: labelled.length, encoded: labelled.length, sources: { import: 360 } },
    });
    const files = await db.rows<{ name: string; same: boolean }>(
      `select name, sha256 = sha256(content) as same from taxon_internal.model_files where model_id = 1 order by 1`,
    );
    expect(files).toEqual([
      { name: 'heads.onnx', same: true },
      { name: 'letters.bin', same: true },
      { name: 'manifest.json', same: true },
    ]);
    const classifier = await loadClassifier(await modelFiles(db, 1));
    expect(classifier.paths).toHaveLength(8);
    await classifier.close();
  });

  test('again: nothing is encoded twice, the same seed gives the same heads, the champion stays until both were compared', async () => {
    const { made: again } = await train(db, config, { seed: 1 });
    expect(again).toMatchObject({ model_id: 2, encoded: 0, labels: labelled.length });
    const [first, second] = [await digests(1), await digests(2)];
    for (const file of ['heads.onnx', 'letters.bin']) expect(second[file]).toBe(first[file]);
    expect(await modelRows()).toEqual([
      { model_id: 1, state: 'champion' },
      { model_id: 2, state: 'candidate' },
    ]);
  });

  test('a name drawn as a check leaves no trace in a model', async () => {
    // with this label the model would be another: a word that no other name has, and a wrong category
    await db.rows(
      `insert into taxon.labels (name_key, category_id, source)
         values ('electric kettle wxyzzy 1.7 l', taxon_internal.make_category('{Food,Drinks,Tea}'), 'llm')`,
    );
    await db.rows(
      `insert into taxon_internal.checks (name_key, layer, strategy, weight) values ('electric kettle wxyzzy 1.7 l', 'local', 'uniform', 1)`,
    );
    const { made: model } = await train(db, config, { seed: 1, clean: false });
    expect(model).toMatchObject({ labels: labelled.length, sealed: 1 });
    const [first, sealed] = [await digests(1), await digests(model.model_id)];
    for (const file of ['heads.onnx', 'letters.bin']) expect(sealed[file]).toBe(first[file]);
    await db.rows('delete from taxon_internal.checks');
    await db.rows(`delete from taxon.labels where name_key like '%wxyzzy%'`);
  });

  test('reports a baseline on the same embeddings, a learning curve and what it cost', async () => {
    const { made, inHand } = await train(db, config, { seed: 1, testShare: 0.3, epochs: 3 });
    const { cleaning, model_id } = made;
    const report = readModelReport(await diagnoseModel(db, config, model_id, going, inHand));
    expect(readModelReport((await storedReport(db, model_id))?.diagnostics)).toEqual(report);
    const methods = report?.methods.map(({ method }) => method);
    expect(methods?.slice(0, 3)).toEqual(['majority', 'logistic regression', 'seed heads']);
    const [majority, baseline] = report?.methods ?? [];
    // eight kinds of products, whose words differ
    expect(baseline?.path).toBeGreaterThan((majority?.path ?? 1) + 0.3);
    const last = report?.learningCurve.at(-1);
    expect(report?.learningCurve.length).toBeGreaterThan(1);
    expect(last?.path).toBeGreaterThan(0.9);
    const learning = await db.row(
      `select metrics -> 'learning' as curve from ${db.internal}models order by model_id desc limit 1`,
    );
    expect(learning).toMatchObject({ curve: { points: report?.learningCurve, heldOut: expect.any(Number) } });
    expect(report?.facts?.steps.map(({ step }) => step)).toEqual([
      'judging labels out of fold',
      'training the voices',
      'logistic regression, the baseline',
      'learning curve',
    ]);
    // memory is too small for any label to be changed
    expect(cleaning?.levels.l3).toMatchObject({ changed: 0 });
    expect(report?.cleaning?.l3.wrongAfter).toBe(report?.cleaning?.l3.wrongBefore);
  });

  test('a diagnosis that was cut short another command makes, from memory, as the first would have', async () => {
    const before = readModelReport((await storedReport(db, 1))?.diagnostics);
    await db.rows(`update taxon_internal.models set metrics = metrics - 'learning' where model_id = 1`);
    // the process that has trained it may be at it as long as its lease stands
    await db.rows(
      `update taxon_internal.training_runs set lease_until = now() + interval '1 s' where run_id = 1`,
    );
    expect(await undiagnosed(db)).toBeNull();
    await db.rows('update taxon_internal.training_runs set lease_until = now() where run_id = 1');
    expect(await undiagnosed(db)).toBe(1);
    const stop = AbortSignal.abort(new Error('enough'));
    expect(await diagnoseModel(db, config, 1, stop)).toBeNull();
    expect(await undiagnosed(db)).toBe(1);
    const { code, stdout } = await taxonHere(['train', '--measure', '1', '--json'], {
      DATABASE_URL: shop.url,
    });
    expect(code).toBe(0);
    expect(await undiagnosed(db)).toBeNull();
    const { path, methods, learningCurve } = JSON.parse(stdout);
    expect({ path, methods, learningCurve }).toEqual({
      path: before?.path,
      methods: before?.methods,
      learningCurve: before?.learningCurve,
    });
  });

  test('--levels cuts the baseline and the curve as it cuts the model', async () => {
    const { made, inHand } = await train(db, config, {
      ...{ seed: 1, testShare: 0.3, depth: 1, epochs: 3 },
      clean: false,
    });
    const diagnostics = await diagnoseModel(db, config, made.model_id, going, inHand);
    expect(diagnostics?.cleaning).toBeNull();
    expect(diagnostics?.learningCurve.every(({ l3 }) => l3 === 0)).toBe(true);
    const baseline = diagnostics?.methods.find(({ method }) => method === 'logistic regression');
    expect(baseline?.l1).toBeGreaterThan(0.5);
    expect(baseline?.l2).toBe(0);
  });

  test('refuses a memory that is too small, and says so in the run', async () => {
    const small = await testDatabase();
    const own = openDatabase(small.url, config);
    try {
      await own.rows(
        `insert into taxon.labels (name_key, category_id, source)
           select 'name ' || i, taxon_internal.make_category('{A}'), 'human' from generate_series(1, 49) i`,
      );
      await expect(train(own, config)).rejects.toMatchObject({
        name: 'TaxonError',
        message: 'memory holds 49 labelled names, training needs at least 50',
        hint: expect.stringContaining('taxon import'),
      });
      expect(await own.rows('select state, error from taxon_internal.training_runs')).toEqual([
        { state: 'failed', error: expect.stringContaining('49 labelled names') },
      ]);
    } finally {
      await own.close();
      await small.drop();
    }
  });
});

describe('taxon train', () => {
  test('--json prints one object alone', async () => {
    const { code, stdout, stderr } = await taxonHere(['train', '--epochs', '3', '--json'], {
      DATABASE_URL: shop.url,
    });
    expect([code, stderr]).toEqual([0, expect.stringContaining('training')]);
    expect(stdout.trimEnd()).not.toContain('\n');
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      labels: 360,
      encoded: 0,
      report: { paths: 8, levels: { l1: { classes: 4, epochs: 3 }, l3: { classes: 8 } } },
    });
    expect((await champion(db))?.modelId).toBe(result.model_id);
  });

  test('interrupted it leaves no half model: the champion stays, the run says why', async () => {
    const before = await modelRows();
    // so many epochs that it is still at it when the signal comes
    const process = startTaxon(['train', '--epochs', '100000'], { DATABASE_URL: shop.url });
    await process.says('training');
    expect(await process.kill('SIGINT')).toBe(1);
    expect(process.stderr()).toContain('taxon: interrupted');
    expect(await modelRows()).toEqual(before);
    expect(await db.row('select count(distinct model_id) as n from taxon_internal.model_files')).toEqual({
      n: before.length,
    });
    expect(await lastRun()).toMatchObject({
      state: 'failed',
      report: null,
      error: expect.stringContaining('interrupted'),
    });
  });

  test.each([
    ['--epochs', '0'],
    ['--epochs', 'many'],
    ['--seed', '-1'],
  ])('%s %s is misuse', async (flag, value) => {
    const { code, stdout, stderr } = await taxonHere(['train', flag, value], { DATABASE_URL: shop.url });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`${flag} ${value}`);
  });
});

describe('a damaged artefact', () => {
  test('is refused with what to do', async () => {
    const { modelId } = (await champion(db)) as { modelId: number };
    // what a bad disk does, no statement can: the table checks every write
    await db.rows('alter table taxon_internal.model_files drop constraint model_files_check');
    await db.rows(
      `update taxon_internal.model_files set content = set_byte(content, 100, 255 - get_byte(content, 100)) where model_id = $1 and name = 'heads.onnx'`,
      [modelId],
    );
    await expect(modelFiles(db, modelId)).rejects.toMatchObject({
      name: 'TaxonError',
      message: `the file heads.onnx of model ${modelId} is damaged: its sha256 differs`,
      hint: expect.stringContaining('Train again'),
    });
  });
});

describe('taxon clean --gain', () => {
  test('compares training with and without cleaning, and changes neither a label nor the champion', async () => {
    const before = [await modelRows(), await db.rows('select * from taxon.labels order by name_hash')];
    const { code, stdout } = await taxonHere(['clean', '--gain', '--epochs', '2', '--json'], {
      DATABASE_URL: shop.url,
    });
    expect(code).toBe(0);
    const gain = JSON.parse(stdout);
    expect(gain).toMatchObject({ changed: 0, l3: { won: 0, lost: 0, p: 1 } });
    expect(gain.names).toBeGreaterThan(0);
    expect(gain.names + gain.learnt).toBeLessThanOrEqual(360);
    expect([await modelRows(), await db.rows('select * from taxon.labels order by name_hash')]).toEqual(
      before,
    );
    const { report, state } = await lastRun();
    expect([report, state]).toEqual([gain, 'done']);
  });

  test('is no dry run', async () => {
    const { code, stderr } = await taxonHere(['clean', '--gain', '--dry-run'], { DATABASE_URL: shop.url });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("'--gain' cannot be used with option '--dry-run'"),
    ]);
  });
});
