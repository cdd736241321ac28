import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

async function model(promoted = true): Promise<number> {
  const encoder = await t.owner.value(`select register_encoder('e', 2)`);
  const id = await t.owner.value<number>(`select save_model($1, null, '{}')`, encoder);
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, id);
  if (promoted) await t.owner.rows('select promote($1)', id);
  return id;
}
const inForce = () =>
  t.owner.row('select model_id, l1, l2, l3, certified, reason from thresholds_in_force()');
const set = `select * from set_thresholds(l1 => $1, l2 => $2, l3 => $3, reason => 'trial')`;

describe('thresholds', () => {
  test('are those of the seed where none were set, and not certified', async () => {
    const model_id = await model();
    expect(await inForce()).toEqual({
      model_id,
      l1: 0.75,
      l2: 0.55,
      l3: 0.4,
      certified: false,
      reason: 'the defaults; not certified',
    });
  });

  test('are set with a reason; those before come back; the history keeps all of them', async () => {
    const model_id = await model();
    expect(await t.owner.row(set, 0.8, 0.6, 0.5)).toEqual({
      l1_before: 0.75,
      l2_before: 0.55,
      l3_before: 0.4,
    });
    expect(await t.owner.row(set, 0.9, 0.7, 0.6)).toEqual({ l1_before: 0.8, l2_before: 0.6, l3_before: 0.5 });
    expect(await inForce()).toMatchObject({ model_id, l1: 0.9, l2: 0.7, l3: 0.6, reason: 'trial' });
    expect(
      await t.owner.rows('select model_id, model_state, l1, reason, set_by from threshold_history'),
    ).toEqual([
      { model_id, model_state: 'champion', l1: 0.9, reason: 'trial', set_by: 'owner' },
      { model_id, model_state: 'champion', l1: 0.8, reason: 'trial', set_by: 'owner' },
    ]);
  });

  test('set twice alike are one entry', async () => {
    await model();
    await t.owner.rows(set, 0.8, 0.6, 0.5);
    await t.owner.rows(set, 0.8, 0.6, 0.5);
    expect(await t.owner.value('select count(*) from thresholds')).toBe(1);
  });

  test('belong to their model: a new champion starts from the defaults, the old one keeps its own', async () => {
    const old = await model();
    await t.owner.rows(set, 0.8, 0.6, 0.5);
    const fresh = await model();
    expect(await inForce()).toMatchObject({ model_id: fresh, l1: 0.75 });
    expect(await t.owner.value('select l1 from thresholds_in_force($1)', old)).toBe(0.8);
  });

  test('of a model that is not the champion can be set by its id', async () => {
    const champion = await model();
    const other = await model(false);
    await t.owner.rows(`select set_thresholds(.1, .1, .1, 'trial', $1)`, other);
    expect(await t.owner.value('select l1 from thresholds_in_force($1)', other)).toBeCloseTo(0.1);
    expect(await t.owner.value('select l1 from thresholds_in_force($1)', champion)).toBe(0.75);
  });

  test('0 and 1 are allowed', async () => {
    await model();
    await t.owner.rows(set, 0, 1, 0.5);
    expect(await inForce()).toMatchObject({ l1: 0, l2: 1 });
  });

  test.each([
    [1.01, 0.5, 0.5],
    [0.5, -0.01, 0.5],
    [0.5, 0.5, null],
    [Number.NaN, 0.5, 0.5],
    [Number.POSITIVE_INFINITY, 0.5, 0.5],
  ])('%s / %s / %s are refused', async (...values) => {
    await model();
    await expect(t.owner.rows(set, ...values)).rejects.toThrow('three numbers from 0 to 1');
    expect(await t.owner.value('select count(*) from thresholds')).toBe(0);
  });

  test.each(['', '  ', null])('a reason of %j is refused', async (reason) => {
    await model();
    await expect(t.owner.rows('select set_thresholds(.5, .5, .5, $1)', reason)).rejects.toThrow('say why');
  });

  test('without a champion they cannot be set, and it says what to do', async () => {
    await expect(t.owner.rows(set, 0.5, 0.5, 0.5)).rejects.toMatchObject({
      message: 'there is no champion yet: thresholds belong to a model',
      hint: 'Train one: taxon train',
    });
    await expect(t.owner.rows(`select set_thresholds(.5, .5, .5, 'x', 99)`)).rejects.toThrow(
      'there is no model 99',
    );
    expect(await t.owner.rows('select * from thresholds_in_force()')).toEqual([]);
  });
});

describe('settings', () => {
  const put = (key: string | null, value: string | null) =>
    t.owner.rows('select set_setting($1, $2)', key, value);

  test.each([
    ['similarity_threshold', '0.7'],
    ['similar_layer', 'false'],
    ['guard', 'false'],
    ['local_layer', '"shadow"'],
    ['notify', 'false'],
    ['max_attempts', '3'],
  ])('%s takes %s', async (key, value) => {
    await put(key, value);
    expect(await t.owner.value('select setting($1)::text', key)).toBe(value);
  });

  test.each([
    ['similarity_threshold', '0.29', 'from 0.3 to 1'],
    ['similarity_threshold', '1.01', 'from 0.3 to 1'],
    ['similarity_threshold', '"0.7"', 'takes a number, not "0.7"'],
    ['guard', 'null', 'takes a boolean, not null'],
    ['guard', null, 'takes a boolean, not NULL'],
    ['max_attempts', '0', 'a whole number from 1 to 100'],
    ['max_attempts', '2.5', 'a whole number from 1 to 100'],
    ['local_layer', '"maybe"', '"on", "shadow" or "off"'],
    ['tree_levels', '"1,2,3"', 'tree_levels is not changed here'],
    ['sql_sha256', '"x"', 'there is no setting "sql_sha256"'],
    ['nonsense', '1', 'there is no setting "nonsense"'],
  ])('%s refuses %s', async (key, value, message) => {
    await expect(put(key, value)).rejects.toThrow(message);
  });

  test('an unknown one is told which there are', async () => {
    await expect(put('gaurd', 'true')).rejects.toMatchObject({
      hint: 'The settings are: audit_share, audit_tokens_a_day, auditor, auditor_error, evidence_days, guard, local_layer, max_attempts, neighbours, notify, partial_answers, shadow_branches, similar_layer, similarity_threshold, tree_levels',
    });
  });
});
