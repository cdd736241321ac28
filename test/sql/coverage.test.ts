import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { evenly, judge, makeModel, missed, wrongEach } from '../support/trust.ts';

const t = taxonDatabase();

interface Step {
  coverage: number;
  l1: number;
  l2: number;
  l3: number;
  l3_said: number;
  names: number;
  expected_error: number;
  checked: number;
  wrong: number;
  measured_error: number | null;
  lower: number;
  upper: number;
}
const curve = () => t.owner.rows<Step>('select * from coverage_curve()');
const at = async (coverage: number) => {
  const found = (await curve()).find((step) => Math.abs(step.coverage - coverage) < 1e-9);
  if (found === undefined) throw new Error(`no step at ${coverage}`);
  return found;
};
const calibrated = (model: number) =>
  t.owner.rows(
    `insert into calibrations (model_id, offsets, slopes, fitted_on, names) values ($1, '{.5,.2,-.3}', '{.9,1.1,1.3}', 'checks', 50)`,
    model,
  );

describe('the coverage curve', () => {
  test('has a row for each .02 of coverage, each with the names that its thresholds let pass', async () => {
    const model = await makeModel(t);
    await missed(t, model, await t.category('Home'), evenly(200));
    await calibrated(model);
    const steps = await curve();
    expect(steps.map(({ coverage }) => Number(coverage.toFixed(6)))).toEqual(
      Array.from({ length: 50 }, (_, i) => Number(((i + 1) * 0.02).toFixed(6))),
    );
    for (const { l1, l2, l3, names, expected_error } of steps) {
      const passed = await t.owner.row(
        `select count(*) as names, 1 - avg(calibrate(l3_said, -.3, 1.3)) as error from evidence
           where clears(true, calibrate(l1_said, .5, .9), calibrate(l2_said, .2, 1.1), calibrate(l3_said, -.3, 1.3), $1, $2, $3)`,
        l1,
        l2,
        l3,
      );
      expect(passed).toEqual({ names, error: expect.closeTo(expected_error, 3) });
    }
  });

  test('without a calibration has thresholds that are what the model said', async () => {
    const model = await makeModel(t);
    await missed(t, model, await t.category('Home'), evenly(50));
    expect(await at(0.5)).toMatchObject({ l1: 0.51, l2: 0.51, l3: 0.51, l3_said: 0.51, names: 25 });
  });

  test('is one row where all names are alike', async () => {
    const model = await makeModel(t);
    await missed(t, model, await t.category('Home'), Array(30).fill(1));
    expect(await curve()).toMatchObject([{ coverage: 1, names: 30, l3: 1 }]);
  });

  test('is about one model and, with since, about what is newer', async () => {
    const model = await makeModel(t);
    await missed(t, await makeModel(t, false), await t.category('Home'), evenly(100));
    const [old] = await missed(t, model, await t.category('Home'), evenly(10));
    await t.owner.rows(
      `update evidence set decided_at = now() - interval '9 days' where evidence_id = $1`,
      old,
    );
    expect((await curve()).at(-1)?.names).toBe(10);
    expect(await t.owner.value(`select max(names) from coverage_curve(since => '8 days')`)).toBe(9);
  });

  test('is empty without a model, and without evidence; a broken model leaves none', async () => {
    expect(await curve()).toEqual([]);
    const model = await makeModel(t);
    expect(await curve()).toEqual([]);
    const broken = missed(t, model, await t.category('Home'), [Number.NaN]);
    await expect(broken).rejects.toMatchObject({ code: '23514' });
    expect(await curve()).toEqual([]);
  });
});

describe('checks on the curve', () => {
  test('are counted above each cut, with the exact 95% interval', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(100));
    await judge(t, ids, wrongEach(100, 10));
    const step = await at(0.6);
    expect(step).toMatchObject({ checked: 60, wrong: 6, measured_error: 0.1 });
    const bounds = await t.owner.row(
      'select round(share_bound(6, 60, .975, false)::numeric, 4) as lower, round(share_bound(6, 60, .975, true)::numeric, 4) as upper',
    );
    expect(step).toMatchObject(bounds);
    expect(await at(0.08)).toMatchObject({ checked: 8, wrong: 0 });
  });

  test.each([
    ['drawn near the threshold', { strategy: 'threshold' }],
    ['drawn by audits', { strategy: 'audit' }],
    ['of another layer', { layer: 'similar' }],
    ['judged by the LLM', { auditor: 'llm' }],
  ])('do not count when %s', async (_what, drawn) => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(50));
    await judge(t, ids, wrongEach(50, 5), drawn);
    expect(await at(1)).toMatchObject({
      checked: 0,
      wrong: 0,
      measured_error: null,
      lower: null,
      upper: null,
    });
  });

  test('that nobody judged yet do not count', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(50));
    await judge(t, ids, Array(50).fill(null));
    expect((await at(1)).checked).toBe(0);
  });

  test('drawn among the surer half count only for cuts in it', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(100));
    await judge(t, ids.slice(0, 50), Array(50).fill(true), { strategy: 'surer', floor: 0.505 });
    expect((await at(0.5)).checked).toBe(50);
    expect((await at(0.52)).checked).toBe(0);
  });

  test('of one name count once', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(50));
    await judge(t, ids, Array(50).fill(true));
    await judge(t, ids, Array(50).fill(true), { strategy: 'surer', floor: 0.5 });
    expect((await at(1)).checked).toBe(50);
  });

  test('that two people judge differently count as wrong', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(50));
    await judge(t, ids, Array(50).fill(true));
    await t.owner.rows('update checks set second_verdict = check_id > 3');
    expect((await at(1)).wrong).toBe(3);
  });

  test('judge another model by their truth, and its curve is drawn from them', async () => {
    const model = await makeModel(t);
    const [pots, pans] = [await t.category('Home > Pots'), await t.category('Home > Pans')];
    const ids = await missed(t, model, pots, evenly(4));
    const checks = await judge(t, ids, [true, false, false, false]);
    await t.owner.rows('update checks set truth_category_id = $1 where check_id = $2', pans, checks[1]);
    const challenger = await makeModel(t, false);
    // right, right, the same mistake again, and an answer that nobody knows the truth of
    for (const [i, answer] of [pots, pans, pots, pans].entries())
      await t.owner.rows(
        'insert into check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said) values ($1, $2, $3, .9, .8, .7)',
        checks[i],
        challenger,
        answer,
      );
    expect(await t.owner.rows('select names, checked, wrong from coverage_curve($1)', challenger)).toEqual([
      { names: 4, checked: 4, wrong: 2 },
    ]);
  });
});

test('what a branch of its own thresholds keeps back is not covered, and its checks do not count', async () => {
  const model = await makeModel(t);
  const [home, garden] = [await t.category('Home'), await t.category('Garden')];
  const ids = await missed(t, model, home, evenly(50));
  const others = await missed(t, model, garden, evenly(50));
  await judge(t, [...ids, ...others], Array(100).fill(true));
  await t.owner.rows(
    `select set_thresholds(null, null, null, 'returns are dear', branch => $1, never_local => true)`,
    garden,
  );
  expect((await curve()).at(-1)).toMatchObject({ names: 50, coverage: 0.5, checked: 50 });
});
