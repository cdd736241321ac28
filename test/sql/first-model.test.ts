import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let encoder: number;
beforeEach(async () => {
  encoder = await t.owner.value(`select register_encoder('e', 2)`);
});

async function model(reads: number | null, run: number | null = null): Promise<number> {
  const id = await t.owner.value<number>(
    `select save_model($1, $2, '{}', data => '{"labels": 100}')`,
    reads,
    run,
  );
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, id);
  return id;
}

const begin = () => t.owner.value<number>(`select run_id from begin_retrain('w')`);
const stateOf = (id: number) => t.owner.value('select state from models where model_id = $1', id);

/** A first model answers, a run has made a full one. */
async function followed() {
  const first = await model(null);
  await t.owner.rows('select promote_first($1)', first);
  const run = await begin();
  return { first, run, full: await model(encoder, run) };
}

test('a first model takes the place of nobody', async () => {
  const [first, second] = [await model(null), await model(null)];
  expect(await t.owner.value('select promote_first($1)', first)).toBe(true);
  expect(await t.owner.value('select promote_first($1)', second)).toBe(false);
  expect(await stateOf(first)).toBe('champion');
});

test('it is not the model of its run, which goes on to the full one', async () => {
  const run = await begin();
  await model(null, run);
  expect(await t.owner.value('select run_model($1)', run)).toBeNull();
  const full = await model(encoder, run);
  expect(await t.owner.value('select run_model($1)', run)).toBe(full);
});

test('the full model is due at once, unless the gate has refused one', async () => {
  const { first, run, full } = await followed();
  await t.owner.rows(`select end_run($1, null)`, run);
  expect(await t.owner.rows('select * from retrain_due()')).toEqual([
    { cause: 'labels', reason: 'the full model follows the first one, which is of letters alone' },
  ]);
  await t.owner.rows(
    `insert into gate_verdicts (run_id, challenger, champion, passed, reasons, numbers) values ($1, $2, $3, false, '{}', '{}')`,
    run,
    full,
    first,
  );
  expect(await t.owner.rows('select * from retrain_due()')).toEqual([]);
});

describe('its gate', () => {
  const slow = JSON.stringify({ bytes: 1e9, challenger_ms: 30, champion_ms: 0.2 });

  test('has no rule of speed and size; the next has', async () => {
    const { first, full } = await followed();
    const judged = (a: number, b: number) =>
      t.owner.row<{ passed: boolean; reasons: string[] }>(
        'select passed, reasons from gate_judges($1, $2, $3)',
        a,
        b,
        slow,
      );
    expect(await judged(first, full)).toMatchObject({ passed: true });
    expect(
      await t.owner.value(`select numbers -> 'teacher' ->> 'drop' from gate_judges($1, $2)`, first, full),
      'is not taken for what is usual',
    ).toBeNull();
    expect(await judged(full, await model(encoder))).toEqual({
      passed: false,
      reasons: [
        'it is 1000.0 MB large, at most 400 are allowed',
        'it takes 30.00 ms a name, the champion 0.20',
      ],
    });
  });

  test('lets the full model answer at once, where no promise stands', async () => {
    const { first, run, full } = await followed();
    expect(await t.owner.value('select pass_gate($1, $2, $3)', run, full, slow)).toBe(true);
    expect([await stateOf(first), await stateOf(full)]).toEqual(['retired', 'champion']);
    expect(await t.owner.rows('select step, state from run_steps order by started_at')).toEqual([
      { step: 'gate', state: 'done' },
      { step: 'shadow', state: 'skipped' },
      { step: 'canary', state: 'skipped' },
      { step: 'promote', state: 'done' },
    ]);
    expect(await t.owner.value('select state from training_runs')).toBe('done');
  });

  test('leaves it to people where autopilot_promote is off', async () => {
    await t.owner.rows(`select set_setting('autopilot_promote', 'false')`);
    const { run, full } = await followed();
    await t.owner.rows('select pass_gate($1, $2)', run, full);
    expect(await stateOf(full)).toBe('candidate');
  });
});

test('a retraining after it needs no evidence: nobody watches', async () => {
  await t.owner.rows(`select set_setting('evidence_days', '0')`);
  await t.owner.rows('select promote_first($1)', await model(null));
  const run = await begin();
  await t.owner.rows('select end_run($1, null)', run);
  await t.owner.rows('select promote_model($1)', await model(encoder));
  await expect(begin()).rejects.toThrow('a new model cannot be watched');
});

test('labels that its run has judged are not judged again for the full model', async () => {
  expect(await t.owner.value('select cleaning_due()')).toBe(true);
  const run = await begin();
  await t.owner.rows('select promote_first($1)', await model(null, run));
  expect(await t.owner.value('select cleaning_due()')).toBe(true);
  await t.owner.rows(`select end_run($1, '{"cleaning": {"labels": 1}}')`, run);
  expect(await t.owner.value('select cleaning_due()')).toBe(false);
  await t.owner.rows('select promote_model($1)', await model(encoder));
  expect(await t.owner.value('select cleaning_due()')).toBe(true);
});
