import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/train/random.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const logit = (p: number) => Math.log(p / (1 - p));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('said_of', () => {
  test.each([
    [-2, 0.3],
    [0, 1],
    [1.5, 2.5],
    [0.01, 0.02],
  ])('undoes calibrate with offset %s and slope %s: the least that is enough', async (offset, slope) => {
    const rows = await t.owner.rows<{ said: number; back: number; kept: boolean; least: boolean }>(
      `select x.said, s.back, calibrate(s.back, $1, $2) >= calibrate(x.said, $1, $2) as kept,
              s.back <= x.said as least
       from (select (i / 997.0)::real as said from generate_series(0, 997) i union all select unnest('{1e-6,0.9999,0.99999}'::real[])) x,
            lateral (select said_of(calibrate(x.said, $1, $2), $1, $2) as back) s`,
      offset,
      slope,
    );
    expect(rows).toHaveLength(1001);
    expect(rows.filter((row) => !row.kept || !row.least)).toEqual([]);
    // and not far below, but where single precision cannot tell confidences apart
    for (const { said, back } of rows.filter((row) => row.said > 0.01 && row.said < 0.99))
      expect(Math.abs(back - said)).toBeLessThan(1e-3);
  });

  test('everything passes 0, nothing passes more than the model can say, without a calibration all stays', async () => {
    expect(
      await t.owner.row(
        `select said_of(0, 1, 1) as zero, said_of(.999, -5, .5) as never, said_of(.7, null, null) as same`,
      ),
    ).toEqual({ zero: 0, never: Number.POSITIVE_INFINITY, same: 0.7 });
  });
});

describe('fit_platt', () => {
  const platt = (said: number[], yes: (boolean | null)[], weights: number[] | null = null, error = 0) =>
    t.owner.row<{ said_offset: number; slope: number }>(
      'select * from fit_platt($1::real[], $2::boolean[], $3::float8[], $4)',
      said,
      yes,
      weights,
      error,
    );

  test('finds the offset and slope that made the outcomes', async () => {
    const random = seededRandom(3);
    const said = Array.from({ length: 6000 }, () => 0.01 + 0.98 * random.next());
    const yes = said.map((value) => random.next() < sigmoid(-0.7 + 0.6 * logit(value)));
    const { said_offset, slope } = await platt(said, yes);
    expect(Math.abs(said_offset + 0.7)).toBeLessThan(0.1);
    expect(Math.abs(slope - 0.6)).toBeLessThan(0.08);
  });

  test('sees through a judge who is wrong at random', async () => {
    const random = seededRandom(4);
    const said = Array.from({ length: 8000 }, () => 0.01 + 0.98 * random.next());
    const agrees = said.map((value) => random.next() < 0.8 * value);
    const trusting = await platt(said, agrees);
    const knowing = await platt(said, agrees, null, 0.2);
    expect(Math.abs(knowing.said_offset)).toBeLessThan(0.15);
    expect(Math.abs(knowing.slope - 1)).toBeLessThan(0.15);
    expect(trusting.slope).toBeLessThan(0.85);
  });

  test.each([
    ['all right', () => true],
    ['all wrong', () => false],
    ['the surer the more often wrong', (_: number, value: number) => value < 0.5],
    ['half right whatever is said', (i: number) => i % 2 === 0],
  ])('survives 50 names that are %s', async (_what, outcome) => {
    const said = Array.from({ length: 50 }, (_, i) => (i + 0.5) / 50);
    const { said_offset, slope } = await platt(
      said,
      said.map((value, i) => outcome(i, value)),
    );
    expect(Number.isFinite(said_offset)).toBe(true);
    expect(slope).toBeGreaterThan(0);
    expect(slope).toBeLessThan(5);
  });

  test('survives what is said at both ends, one name, and none', async () => {
    for (const said of [[0, 1, 1, 0, 1], [1], []]) {
      const { said_offset, slope } = await platt(
        said,
        said.map((value) => value === 1),
      );
      expect(Number.isFinite(said_offset) && slope > 0).toBe(true);
    }
    expect(await platt([], [])).toEqual({ said_offset: 0, slope: 1 });
  });

  test('a name of weight 3 counts as three', async () => {
    const said = [0.2, 0.4, 0.6, 0.8, 0.9];
    const yes = [false, true, false, true, true];
    const thrice = await platt([...said, 0.6, 0.6], [...yes, false, false]);
    const heavy = await platt(said, yes, [1, 1, 3, 1, 1]);
    expect(heavy.said_offset).toBeCloseTo(thrice.said_offset, 6);
    expect(heavy.slope).toBeCloseTo(thrice.slope, 6);
  });

  test('an outcome that nobody knows, and what is no probability, count for nothing', async () => {
    const base = await platt([0.3, 0.8], [false, true]);
    expect(await platt([0.3, 0.8, 0.9, Number.NaN], [false, true, null, true])).toEqual(base);
  });
});
