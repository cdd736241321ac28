import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { checkedModel, evenly, judge, makeModel, missed, wrongEach } from '../support/trust.ts';

const t = taxonDatabase();
const checked = (from?: number) => checkedModel(t, from);

interface Suggestion {
  feasible: boolean;
  l1: number;
  l2: number;
  l3: number;
  coverage: number;
  checked: number;
  wrong: number;
  upper_bound: number;
  verdict: string;
}
const suggest = (maxError: number, model: number | null = null) =>
  t.owner.row<Suggestion>(
    'select * from suggest_thresholds(max_error => $1, model_id => $2)',
    maxError,
    model,
  );
const bound = (wrong: number, checked: number) =>
  t.owner.value<number>('select share_bound($1, $2, each_look(.95), true)', wrong, checked);

describe('suggest_thresholds', () => {
  test('goes from coverage 4 × max_error up while each exact test passes, and certifies the last', async () => {
    await checked(260);
    const found = await suggest(0.05);
    // from .2 on: the cuts whose bound, computed here one by one, is not above .05
    let last = 0;
    for (let names = 100; names <= 500; names += 10) {
      const wrong = Math.max(Math.floor(names / 3) - Math.floor(260 / 3), 0);
      if ((await bound(wrong, names)) > 0.05) break;
      last = names;
    }
    expect(last).toBeGreaterThan(260);
    expect(found).toMatchObject({ feasible: true, coverage: last / 500, checked: last });
    expect(found.upper_bound).toBeCloseTo(await bound(found.wrong, last), 4);
    expect(found.verdict).toMatch(
      new RegExp(`^certified: answers ${(last / 5).toFixed(1)}% of cache misses; ${found.wrong} of ${last} `),
    );
    expect(
      await t.owner.value(
        'select count(*) from evidence where clears(true, l1_said, l2_said, l3_said, $1, $2, $3)',
        found.l1,
        found.l2,
        found.l3,
      ),
    ).toBe(last);
  });

  test('stops at the first test that fails, however well a later one would pass', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(1000));
    // 14 of the surest 200 are wrong and none of the others: 400 to 1000 names would pass
    await judge(
      t,
      ids,
      ids.map((_, i) => i >= 200 || i % 14 !== 0),
    );
    expect(await bound(15, 1000)).toBeLessThan(0.05);
    expect(await suggest(0.05)).toMatchObject({ feasible: false, l1: null, l2: null, l3: null });
  });

  test('finds its cuts without the labels', async () => {
    const { ids } = await checked();
    const cuts = () => t.owner.rows('select l1, l2, l3 from coverage_curve()');
    const before = await cuts();
    await t.owner.rows('update checks set verdict = not verdict');
    expect(await cuts()).toEqual(before);
    await t.owner.rows('delete from checks');
    expect(await cuts()).toEqual(before);
    expect(ids).toHaveLength(500);
  });

  test('gives thresholds as calibrated confidences that let the same names pass', async () => {
    const { model } = await checked();
    const raw = await suggest(0.1);
    await t.owner.rows(
      `insert into calibrations (model_id, offsets, slopes, fitted_on, names) values ($1, '{.5,.2,-.3}', '{.9,1.1,1.3}', 'checks', 50)`,
      model,
    );
    const found = await suggest(0.1);
    expect(found.l3).not.toBe(raw.l3);
    expect({ ...found, l1: 0, l2: 0, l3: 0 }).toEqual({ ...raw, l1: 0, l2: 0, l3: 0 });
    expect(
      await t.owner.value(
        'select count(*) from evidence where clears(true, calibrate(l1_said, .5, .9), calibrate(l2_said, .2, 1.1), calibrate(l3_said, -.3, 1.3), $1, $2, $3)',
        found.l1,
        found.l2,
        found.l3,
      ),
    ).toBe(found.checked);
  });

  test('where it is not feasible says how many more checks would do and how to draw them, and so many do', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(4000));
    const few = ids.filter((_, i) => i % 20 === 0);
    await judge(t, few, Array(few.length).fill(true));
    const short = await suggest(0.05);
    expect(short.feasible).toBe(false);
    const needed = Number(
      /^not feasible: about (\d+) more .*; select \* from draw_checks\(\1, 'surer'\)$/.exec(
        short.verdict,
      )?.[1],
    );
    expect(needed).toBeGreaterThan(50);
    expect(needed).toBeLessThan(1900);
    const surer = ids.filter((_, i) => i < 2000 && i % 20 !== 0 && (i * 7919) % 1900 < needed);
    await judge(t, surer, Array(surer.length).fill(true), { strategy: 'surer', floor: 0.5 });
    expect((await suggest(0.05)).feasible).toBe(true);
  });

  test('more checks never make it worse, unless more of them are wrong than is allowed', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(4000));
    const missing = () => t.owner.value<number>('select checks_missing from suggest_thresholds(.05)');
    let before = await missing();
    // 200 a time of the surer half, 80 of them above the first cut, of which 3 are wrong: 3.75 %
    for (let turn = 0; turn < 3; turn++) {
      const drawn = ids.filter((_, i) => i < 2000 && i % 10 === turn);
      await judge(t, drawn, wrongEach(200, 27), { strategy: 'surer', floor: 0.5 });
      const now = await missing();
      expect(now).toBeLessThan(before);
      before = now;
    }
  });

  test('does not call it hopeless by a handful of checks', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(500));
    await judge(t, ids.slice(0, 5), [false, false, false, true, true]);
    expect(await suggest(0.05)).toMatchObject({
      ...{ feasible: false, upper_bound: null },
      verdict: expect.stringMatching(/^not feasible: about \d+ more checks would make it so/),
    });
  });

  test('for bounds that reach beyond the surer half asks for checks among all names', async () => {
    const model = await makeModel(t);
    await missed(t, model, await t.category('Home'), evenly(100));
    expect((await suggest(0.1)).verdict).toMatch(/about (\d+) more .*; select \* from draw_checks\(\1\)$/);
    expect((await suggest(0.001)).verdict).toMatch(/select \* from draw_checks\(5000, 'surer'\)$/);
  });

  test('says so where more checks will not help', async () => {
    const model = await makeModel(t);
    const ids = await missed(t, model, await t.category('Home'), evenly(500));
    await judge(t, ids, wrongEach(500, 5));
    expect((await suggest(0.05)).verdict).toMatch(
      /^not feasible: of the surest 20% of names 20 of 100 checked ones are wrong, more than 5.00%; more checks will not help/,
    );
  });

  test('without a model or evidence says what is missing; bounds that are none are refused', async () => {
    expect((await suggest(0.05)).verdict).toContain('there is no champion yet');
    await makeModel(t);
    expect((await suggest(0.05)).verdict).toContain('let names arrive first');
    for (const wrong of [0, 1, Number.NaN, null])
      await expect(suggest(wrong as number)).rejects.toThrow('max_error is a share above 0');
    await expect(t.owner.rows('select suggest_thresholds(confidence => .5)')).rejects.toThrow('above .5');
  });
});
