import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
let encoder: number;
beforeEach(async () => {
  encoder = await t.owner.value(`select register_encoder('e', 2)`);
  await t.category('Home');
});

async function model(): Promise<number> {
  const id = await makeModel(t, false);
  await t.owner.rows(`update models set data = '{"labels": 100}' where model_id = $1`, id);
  return id;
}

/** Labels of the only category there is. */
const learn = (from: number, to: number) =>
  t.owner.rows(
    `insert into labels (name_key, category_id, source) select 'name ' || i, c.category_id, 'llm' from categories c, generate_series($1::integer, $2::integer) i`,
    from,
    to,
  );

describe('retrain_due', () => {
  const due = () => t.owner.rows<{ cause: string; reason: string }>('select * from retrain_due()');
  beforeEach(async () => {
    await t.owner.rows('select promote_model($1)', await model());
    await t.owner.rows(`select set_setting('retrain_labels', '1000')`);
  });

  test('by labels: so many, and the share by which memory must grow', async () => {
    await learn(1, 1000);
    expect(await due()).toEqual([]);
    await learn(1001, 1100);
    expect(await due()).toEqual([{ cause: 'labels', reason: '1000 new labels beside 100' }]);
    await t.owner.rows(`select set_setting('autopilot_request', 'false')`);
    expect(await due()).toEqual([]);
  });

  test('not again within six hours of one that failed; people may ask all the same', async () => {
    await learn(1, 1100);
    expect(await due()).toHaveLength(1);
    const run = await t.owner.value<number>(`select run_id from begin_retrain('w')`);
    await t.owner.rows(`select note_run($1, '{"labels": 1100}')`, run);
    await t.owner.rows(`select end_run($1, null, 'out of memory')`, run);
    expect(await due()).toEqual([]);
    await t.owner.rows(`update training_runs set ended_at = now() - interval '7 hours'`);
    expect(await due(), 'what it was trained on stays known').toEqual([]);
    await learn(1101, 2200);
    expect(await due()).toHaveLength(1);
    await t.owner.rows(`select request_retrain('now')`);
    expect(await t.owner.value('select retrain_waits()')).toBe(true);
  });

  test('by the learning curve, where retrain_growth is 0', async () => {
    await t.owner.rows(`select set_setting('retrain_growth', '0')`);
    await learn(1, 1100);
    const pays = () => t.owner.value<boolean>('select pays from retrain_pays()');
    expect(await pays()).toBe(true);
    expect(await due()).toEqual([{ cause: 'labels', reason: '1000 new labels beside 100' }]);
    await t.owner.rows(`update models set data = '{"labels": 1050}'`);
    await t.owner.rows(`select set_setting('retrain_labels', '10')`);
    expect(await pays()).toBe(false);
    expect(await due()).toEqual([]);
  });

  test('by drift: once for the alarms so far, when there are 200 labels to learn them from', async () => {
    await learn(1, 299);
    await t.owner.rows(
      `insert into alarms (model_id, stream, detail) select model_id, 'confidence', 'a new branch arrives' from champion()`,
    );
    expect(await due()).toEqual([]);
    await learn(300, 300);
    expect(await due()).toEqual([{ cause: 'drift', reason: 'a new branch arrives' }]);
    const run = await t.owner.value<number>(`select run_id from begin_retrain('w')`);
    await t.owner.rows(`select end_run($1, '{}', 'no better')`, run);
    await learn(301, 400);
    expect(await due()).toEqual([]);
  });
});

describe('choices_to_carry', () => {
  const carried = async () =>
    (await t.owner.rows<{ model_id: number }>('select model_id from choices_to_carry($1)', encoder)).map(
      (row) => row.model_id,
    );
  const trained = async (chosenBy: number | null = null) => {
    const id = await model();
    await t.owner.rows(
      `update models set data = '{"labels": 10}', metrics = jsonb_build_object('levels', '{}'::jsonb, 'join', '{"meaningCost": {}}'::jsonb, 'chosen_by', $2::bigint)
         where model_id = $1`,
      id,
      chosenBy,
    );
    await t.owner.rows('select promote_model($1)', id);
    return id;
  };

  test('are those of the champion, or of the model that it has them from, until one of four must choose anew', async () => {
    expect(await carried()).toEqual([]);
    const first = await trained();
    expect(await carried()).toEqual([first]);
    expect(await t.owner.rows('select from choices_to_carry($1)', encoder + 1)).toEqual([]);
    for (let i = 0; i < 3; i++) {
      expect(await carried()).toEqual([first]);
      await trained(first);
    }
    expect(await carried()).toEqual([]);
    const next = await trained();
    expect(await carried()).toEqual([next]);
    await t.owner.rows(`select set_setting('full_training_every', '1')`);
    expect(await carried()).toEqual([]);
  });

  test('are not carried when memory has doubled, nor from a model that knows no cost of letters alone', async () => {
    const first = await trained();
    await learn(1, 20);
    expect(await carried()).toEqual([first]);
    // trained before models chose from where on letters answer alone
    await t.owner.rows(
      `update models set metrics = metrics #- '{join,meaningCost}' where model_id = $1`,
      first,
    );
    expect(await carried()).toEqual([]);
    await t.owner.rows(
      `update models set metrics = jsonb_set(metrics, '{join,meaningCost}', '{}') where model_id = $1`,
      first,
    );
    await learn(21, 21);
    expect(await carried()).toEqual([]);
  });
});
