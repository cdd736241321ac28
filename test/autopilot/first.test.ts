import { afterEach, beforeEach, expect, test } from 'vitest';
import { retrain } from '../../src/autopilot/retrain.ts';
import type { Database } from '../../src/database/connection/open.ts';
import type { Step } from '../../src/database/runs.ts';
import { taxonHere } from '../support/command.ts';
import { testConfig } from '../support/config.ts';
import type { TestDatabase } from '../support/database.ts';
import { startSidecarProcess, until } from '../support/processes.ts';
import { look } from '../support/rows.ts';
import { encodedShop } from '../support/shop.ts';

const config = testConfig();
let shop: TestDatabase;
let db: Database;
let asSidecar: Database;

beforeEach(async () => {
  shop = await encodedShop();
  db = look(shop.url);
  asSidecar = look(await shop.urlFor('taxon_sidecar'));
});
const leave = async () => {
  await asSidecar?.close();
  await db?.close();
  await shop?.drop();
};
afterEach(leave);

const states = () =>
  db.rows<{ model_id: number; state: string; letters: boolean }>(
    'select model_id, state, encoder is null as letters from taxon.models_readable order by 1',
  );
const steps = () =>
  db.rows<{ step: string; state: string }>(
    'select step, state from taxon_internal.run_steps order by started_at, step',
  );
/** A retraining that is stopped where it comes to a step, and gives its lease back. */
async function retrainUntil(wanted: Step): Promise<void> {
  const stop = new AbortController();
  const onStep = async (step: Step) => {
    if (step === wanted) stop.abort(new Error('stopped'));
  };
  const stopped = retrain(asSidecar, config, { clean: false, signal: stop.signal, onStep });
  await expect(stopped).rejects.toThrow('stopped');
}
const done = (...names: string[]) => names.map((step) => ({ step, state: 'done' }));

test('a retraining without a champion makes a first model, cleans by letters, and its full model takes over at once', async () => {
  await db.rows('truncate taxon_internal.embeddings');
  let answered: unknown;
  const { model_id, first, verdict } = await retrain(asSidecar, config, {
    epochs: 2,
    onStep: async (step) => {
      if (step === 'encode')
        answered = [
          await states(),
          (await db.row<{ n: number }>('select count(*) as n from taxon_internal.embeddings')).n,
        ];
    },
  });
  // it answers before a single name is encoded
  expect(answered).toEqual([[{ model_id: 1, state: 'champion', letters: true }], 0]);
  expect(first).toMatchObject({ model_id: 1, labels: 360 });
  expect(verdict).toMatchObject({ passed: true, champion: 1, challenger: model_id });
  expect(await states()).toEqual([
    { model_id: 1, state: 'retired', letters: true },
    { model_id, state: 'champion', letters: false },
  ]);
  expect(await steps()).toEqual([
    ...done('first', 'clean', 'encode', 'train', 'calibrate', 'gate'),
    { step: 'shadow', state: 'skipped' },
    { step: 'canary', state: 'skipped' },
    ...done('promote'),
  ]);
  // letters judged all labels, once
  expect(
    await db.row('select count(*) as n, count(distinct run_id) as runs from taxon_internal.out_of_fold'),
  ).toEqual({
    n: 360,
    runs: 1,
  });
  await db.rows('select taxon.roll_back_model()');
  expect((await states())[0]?.state).toBe('champion');
});

test('where a promise stands, the full model watches first', async () => {
  const stop = new AbortController();
  const promised = async (step: Step) => {
    if (step === 'gate') await db.rows(`select taxon.set_promise(.1, .9, 'test', force => true)`);
  };
  const { model_id } = await retrain(asSidecar, config, {
    clean: false,
    epochs: 2,
    onStep: promised,
    signal: stop.signal,
  });
  expect(await states()).toEqual([
    { model_id: 1, state: 'champion', letters: true },
    { model_id, state: 'shadow', letters: false },
  ]);
});

test.each(['first', 'encode'] as const)(
  'stopped in the step %s, it goes on there with one first model',
  async (wanted) => {
    await retrainUntil(wanted);
    await retrainUntil('train');
    expect(await db.rows('select takeovers from taxon_internal.training_runs')).toEqual([{ takeovers: 1 }]);
    const attempts = await db.rows<{ step: string; attempts: number }>(
      `select step, attempts from taxon_internal.run_steps where state = 'done' order by started_at`,
    );
    expect(attempts).toEqual(
      ['first', 'encode'].map((step) => ({ step, attempts: step === wanted ? 2 : 1 })),
    );
    expect(await states()).toEqual([{ model_id: 1, state: 'champion', letters: true }]);
  },
);

test('killed between storing the first model and saying so, it is not made again', async () => {
  await retrainUntil('encode');
  await db.rows(
    `update taxon_internal.run_steps set state = 'running', ended_at = null where step = 'first'`,
  );
  await db.rows(`delete from taxon_internal.run_steps where step <> 'first'`);
  await retrain(asSidecar, config, { clean: false, epochs: 2 });
  expect((await states()).map(({ letters }) => letters)).toEqual([true, false]);
  expect((await steps()).slice(0, 1)).toEqual(done('first'));
});

test('a sidecar that starts with labels and no champion has all of it made, without being asked', async () => {
  await db.rows(`select taxon.set_setting('retrain_labels', '100')`);
  await db.rows(
    `insert into taxon.labels (name_key, category_id, source)
       select l.name_key || ' ' || i, l.category_id, 'import' from taxon.labels l, generate_series(1, 1) i`,
  );
  const sidecar = await startSidecarProcess(shop.url, { TAXON_LLM_PROVIDER: 'none' });
  try {
    await until(states, (models) => models.some(({ state, letters }) => state === 'champion' && letters));
    await until(states, (models) => models.some(({ state, letters }) => state === 'champion' && !letters));
  } finally {
    await sidecar.kill('SIGTERM');
  }
  expect((await steps()).slice(0, 3)).toEqual(done('first', 'clean', 'encode'));
});

test('taxon train prints the first model, then goes on to the full one, which cleans no second time', async () => {
  const { code, stdout } = await taxonHere(['train', '--epochs', '2'], { DATABASE_URL: shop.url });
  expect(code).toBe(0);
  const lines = stdout.trim().split('\n');
  expect(lines[0]).toMatch(
    /^model 1, of letters alone, answers meanwhile: 360 labels, .* s; down to each level it met the labels of \d+ names/,
  );
  expect(lines.at(-1)).toMatch(/^model 2 won, it is the champion/);
  expect(await db.rows('select run_id, count(*) as n from taxon_internal.out_of_fold group by 1')).toEqual([
    { run_id: 1, n: 360 },
  ]);
  expect(
    await db.row(
      "select report -> 'cleaning' is not null as cleaned from taxon_internal.training_runs where run_id = 2",
    ),
  ).toEqual({
    cleaned: true,
  });
});

test('a memory that is too small is said once: the run fails, its request is taken', async () => {
  await db.rows(
    'delete from taxon.labels where name_key not in (select name_key from taxon.labels limit 20)',
  );
  await db.rows(`select taxon.request_retrain('test')`);
  await expect(retrain(asSidecar, config)).rejects.toThrow('training needs at least 50');
  expect(await db.row('select state, error from taxon_internal.training_runs')).toMatchObject({
    state: 'failed',
  });
  expect(await db.row('select taxon_internal.retrain_waits() as waits')).toEqual({ waits: false });
});
