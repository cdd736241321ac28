import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

const model = (promoted = true) => makeModel(t, promoted);
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
      certified: false,
      note: null,
    });
    expect(await t.owner.row(set, 0.9, 0.7, 0.6)).toMatchObject({
      l1_before: 0.8,
      l2_before: 0.6,
      l3_before: 0.5,
    });
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

describe('thresholds of a branch', () => {
  const own = (branch: number, ...values: number[]) =>
    t.owner.row(
      `select l1_before, l2_before, l3_before from set_thresholds($2, $3, $4, 'dear returns', branch => $1)`,
      branch,
      ...values,
    );
  const never = (branch: number) =>
    t.owner.rows(
      `select set_thresholds(null, null, null, 'never', branch => $1, never_local => true)`,
      branch,
    );
  const at = (category: number) =>
    t.owner.row('select l1, l2, l3, never_local from thresholds_for(null, $1)', category);

  test('hold below it, the nearest one, and nowhere else', async () => {
    await model();
    const deep = await t.category('Home > Kitchen > Knives');
    const [kitchen, home, garden] = [
      await t.category('Home > Kitchen'),
      await t.category('Home'),
      await t.category('Garden'),
    ];
    expect(await own(home, 0.8, 0.8, 0.8)).toEqual({ l1_before: 0.75, l2_before: 0.55, l3_before: 0.4 });
    expect(await own(kitchen, 0.9, 0.9, 0.9)).toEqual({ l1_before: 0.8, l2_before: 0.8, l3_before: 0.8 });
    const all = (value: number) => ({ l1: value, l2: value, l3: value, never_local: false });
    expect(await at(home)).toEqual(all(0.8));
    expect(await at(kitchen)).toEqual(all(0.9));
    expect(await at(deep)).toEqual(all(0.9));
    expect(await at(garden)).toEqual({ l1: 0.75, l2: 0.55, l3: 0.4, never_local: false });
    expect(await inForce()).toMatchObject({ l1: 0.75, l2: 0.55, l3: 0.4 });
  });

  test('are never looser than those in force', async () => {
    await model();
    const home = await t.category('Home');
    await own(home, 0.1, 0.1, 0.95);
    expect(await at(home)).toMatchObject({ l1: 0.75, l2: 0.55, l3: 0.95 });
    await t.owner.rows(set, 0.9, 0.9, 0.9);
    expect(await at(home)).toMatchObject({ l1: 0.9, l2: 0.9, l3: 0.95 });
  });

  test('go with a promotion to the next model, never_local as well, and not back', async () => {
    await model();
    const home = await t.category('Home');
    await never(home);
    expect(await at(home)).toMatchObject({ never_local: true });
    await model();
    expect(await at(home)).toMatchObject({ never_local: true });
    const food = await t.category('Food');
    await never(food);
    await t.owner.rows('select roll_back_model()');
    expect(await at(home)).toMatchObject({ never_local: true });
    expect(await at(food)).toMatchObject({ never_local: false });
  });

  test('can forbid local answers; for everything that is a setting', async () => {
    await model();
    const home = await t.category('Home');
    await never(home);
    expect(await t.owner.row('select branch, branch_path, never_local, l1 from threshold_history')).toEqual({
      branch: home,
      branch_path: 'Home',
      never_local: true,
      l1: 1,
    });
    await expect(
      t.owner.rows(`select set_thresholds(1, 1, 1, 'x', never_local => true)`),
    ).rejects.toMatchObject({ message: 'never_local needs a branch' });
    await expect(own(99, 1, 1, 1)).rejects.toThrow('there is no category 99');
  });
});

describe('undo_thresholds', () => {
  const undo = (branch: number | null = null) =>
    t.owner.row('select below, l1, l3, certified, reason from undo_thresholds(branch => $1)', branch);

  test('goes back one setting a call, down to the defaults; the history keeps all', async () => {
    await model();
    await t.owner.rows(set, 0.8, 0.6, 0.5);
    await t.owner.rows(set, 0.9, 0.7, 0.6);
    expect(await undo()).toMatchObject({ below: null, l1: 0.8, l3: 0.5, reason: 'trial' });
    expect(await inForce()).toMatchObject({ l1: 0.8, l3: 0.5 });
    expect(await undo()).toMatchObject({ l1: 0.75, l3: 0.4, reason: 'the defaults; not certified' });
    await expect(undo()).rejects.toThrow('there is nothing to undo');
    expect(await t.owner.rows('select l1, undone_at is not null as undone from threshold_history')).toEqual([
      { l1: 0.9, undone: true },
      { l1: 0.8, undone: true },
    ]);
    await t.owner.rows(set, 0.85, 0.6, 0.5);
    expect(await inForce()).toMatchObject({ l1: 0.85 });
  });

  test('takes back what was set last, a branch too; or what a branch was given', async () => {
    await model();
    const [home, garden] = [await t.category('Home'), await t.category('Garden')];
    for (const branch of [home, garden])
      await t.owner.rows(`select set_thresholds(.9, .9, .9, 'own', branch => $1)`, branch);
    await t.owner.rows(set, 0.8, 0.6, 0.5);
    expect(await undo(home)).toMatchObject({ below: home, l1: 0.8, l3: 0.5 });
    expect(await undo()).toMatchObject({ below: null, l1: 0.75 });
    expect(await undo()).toMatchObject({ below: garden, l1: 0.75 });
    expect(await t.owner.rows('select * from overridden(1)')).toEqual([]);
  });

  test('gives the same names back after a recalibration, in confidences of today', async () => {
    const id = await model();
    const calibrated = (offset: number, slope: number) =>
      t.owner.value(
        `insert into calibrations (model_id, offsets, slopes, fitted_on, names) values ($1, array_fill($2::real, '{3}'), array_fill($3::real, '{3}'), 'checks', 9) returning calibration_id`,
        id,
        offset,
        slope,
      );
    await calibrated(0.4, 1.5);
    const passing = await t.owner.value<number>('select calibrate(.7, .4, 1.5)');
    await t.owner.rows(set, passing, passing, passing);
    await t.owner.rows(set, 0.99, 0.99, 0.99);
    await calibrated(-0.2, 0.8);
    const back = await undo();
    expect(back.l1).toBeCloseTo(await t.owner.value<number>('select calibrate(.7, -.2, .8)'), 5);
    expect(await inForce()).toMatchObject({ l1: back.l1, reason: 'trial' });
    expect(await t.owner.value('select cause from threshold_history limit 1')).toBe('recalibrated');
    expect(await undo()).toMatchObject({ l1: 0.75 });
  });
});
