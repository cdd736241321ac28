import { afterAll, beforeAll, expect, it } from 'vitest';
import { retrain } from '../../src/autopilot/retrain.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { autopilotJob } from '../../src/sidecar/jobs/autopilot.ts';
import { lookAgainAtAnswers } from '../../src/sidecar/jobs/second-looks.ts';
import { holdChampion } from '../../src/sidecar/local/champion.ts';
import { decideLocally } from '../../src/sidecar/local/decide.ts';
import { startSidecar } from '../../src/sidecar/sidecar.ts';
import { testConfig } from '../support/config.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { insert, look } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';

let database: TestDatabase;
let db: Database;
let asSidecar: Database;
const config = testConfig();

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
  // as in production: nothing here needs more than the role of a sidecar
  asSidecar = look(await database.urlFor('taxon_sidecar'));
});
afterAll(async () => {
  await asSidecar?.close();
  await db?.close();
  await database?.drop();
});

const states = () =>
  db.rows<{ model_id: number; state: string }>(
    'select model_id, state from taxon_internal.models order by 1',
  );

it('a retraining passes the gate, watches, answers a share, and becomes the champion', async () => {
  for (const [key, value] of Object.entries({
    shadow_names: 60,
    canary_names: 20,
    canary_share: 0.3,
    watch_names: 100_000,
  }))
    await db.rows('select taxon.set_setting($1, $2)', [key, JSON.stringify(value)]);
  const { verdict, model_id } = await retrain(asSidecar, config, { reason: 'test', clean: false, seed: 2 });
  expect(verdict).toMatchObject({ passed: true, challenger: model_id, champion: 1 });
  expect(await states()).toEqual([
    { model_id: 1, state: 'champion' },
    { model_id, state: 'shadow' },
  ]);
  // memory is what it was
  expect(
    await db.row(
      `select metrics -> 'chosen_by' as chosen_by from taxon_internal.models where model_id = $1`,
      [model_id],
    ),
  ).toEqual({ chosen_by: 1 });
  const sidecar = await startSidecar(
    await database.urlFor('taxon_sidecar'),
    { ...config, retrain: false },
    [],
    null,
  );
  try {
    for (let from = 20_000; (await states())[1]?.state !== 'champion'; from += 100) {
      const before = await db.row<{ n: number }>('select count(*) as n from taxon_internal.evidence');
      await insert(
        db,
        newNames(100, from).map(({ name }) => name),
      );
      await until(
        () => db.row<{ n: number }>('select count(*) as n from taxon_internal.evidence'),
        ({ n }) => n >= before.n + 100,
      );
      await db.rows('select taxon_internal.advance_rollout()');
      expect(from).toBeLessThan(30_000);
    }
    // the promotion gave the names that had gone to the LLM to the local layer again; one that was on its way there then is
    // given by the job of the next minute, or here
    await until(
      () =>
        db.row<{ tried: number | null; waits: boolean }>(
          'select taxon_internal.try_waiting() as tried, taxon_internal.names_wait() as waits',
        ),
      ({ tried, waits }) => tried === 0 && !waits,
    );
  } finally {
    await sidecar.stop();
  }
  expect(await db.rows('select step, state from taxon_internal.run_steps order by started_at, step')).toEqual(
    ['encode', 'clean', 'train', 'calibrate', 'gate', 'shadow', 'canary', 'promote', 'watch'].map((step) => ({
      step,
      state: step === 'clean' ? 'skipped' : step === 'watch' ? 'running' : 'done',
    })),
  );
  // each row carries the one model whose evidence it rests on
  expect(
    await db.rows(
      `select p.product_id from taxon.products p join taxon_internal.evidence e using (evidence_id) where p.model_id <> e.model_id`,
    ),
  ).toEqual([]);
});

it('the new champion is asked in the background about what the one before has answered', async () => {
  const old = await db.row<{ n: number }>(
    `select count(*) as n from taxon.products where source = 'local' and model_id = 1`,
  );
  expect(old.n).toBeGreaterThan(10);
  // the sidecar may have begun with it
  await db.rows('delete from taxon_internal.look_progress');
  const champion = holdChampion(asSidecar, config);
  try {
    await champion.refresh();
    expect(await lookAgainAtAnswers(asSidecar, champion, new AbortController().signal)).toBe(old.n);
  } finally {
    await champion.close();
  }
  expect(
    await db.row('select looked, done_at is not null as done from taxon_internal.look_progress'),
  ).toEqual({
    looked: old.n,
    done: true,
  });
  // a name of which it says the same, and is as sure, is not listed
  const stale = await db.rows<{ path: string; would_be: string; would: string }>(
    'select * from taxon_internal.stale_answers()',
  );
  expect(stale.length).toBeLessThan(old.n / 2);
  for (const { path, would_be, would } of stale)
    if (would === 'answer otherwise') expect(would_be).not.toBe(path);
});

it('names go on to the LLM where the model was taken back and no other can be loaded', async () => {
  await db.rows(`delete from taxon_internal.queue`);
  await insert(db, ['qwerty one', 'qwerty two']);
  await db.rows(`select from taxon_internal.claim('w', 10)`);
  const champion = holdChampion(asSidecar, config);
  try {
    await champion.refresh();
    await db.rows('update taxon_internal.models set barred_at = now() where model_id = $1', [champion.id()]);
    const stage = { db: asSidecar, worker: 'w', champion, onWatched: async () => {} };
    expect(await decideLocally(stage, ['qwerty one', 'qwerty two'])).toBe(2);
  } finally {
    await db.rows('update taxon_internal.models set barred_at = null');
    await champion.close();
  }
  expect(await db.rows('select distinct stage from taxon_internal.queue')).toEqual([{ stage: 'llm' }]);
});

it('the job of each minute asks for a retraining that is due, and may do so as a sidecar', async () => {
  await db.rows(`select taxon.set_setting('retrain_labels', '5')`);
  await db.rows(`select taxon.set_setting('retrain_growth', '0.01')`);
  await db.rows(
    `insert into taxon.labels (name_key, category_id, source)
       select 'new ' || i, (select category_id from taxon.labels limit 1), 'llm' from generate_series(1, 500) i`,
  );
  const job = autopilotJob({ ...config, retrain: false }, database.url, null, new AbortController().signal);
  await job.run(asSidecar);
  expect(
    await db.row('select cause, requested_by from taxon_internal.retrain_requests where run_id is null'),
  ).toEqual({
    cause: 'labels',
    requested_by: expect.stringContaining('taxon_sidecar'),
  });
});
