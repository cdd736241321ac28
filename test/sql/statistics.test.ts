import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const bound = (events: number, trials: number, confidence: number, upper: boolean) =>
  t.owner.value<number>('select share_bound($1, $2, $3, $4)', events, trials, confidence, upper);

test('bounds of a share are those of published tables and of scipy', async () => {
  // scipy.stats.beta.ppf(.95, k + 1, n - k) and beta.ppf(.05, k, n - k + 1)
  expect(await bound(0, 59, 0.95, true)).toBeCloseTo(1 - 0.05 ** (1 / 59), 10);
  expect(await bound(22, 600, 0.95, true)).toBeCloseTo(0.05194584, 7);
  expect(await bound(22, 600, 0.95, false)).toBeCloseTo(0.0249509, 7);
  expect(await bound(1, 10, 0.975, true)).toBeCloseTo(0.44501612, 7);
  expect(await bound(5000, 100_000, 0.95, true)).toBeCloseTo(0.05114832, 7);
});

test('at the ends a bound is 0 or 1, and without a trial nothing is known', async () => {
  expect(await bound(0, 10, 0.95, false)).toBe(0);
  expect(await bound(10, 10, 0.95, true)).toBe(1);
  expect(await bound(10, 10, 0.95, false)).toBeCloseTo(0.05 ** (1 / 10), 10);
  expect(await bound(0, 0, 0.95, true)).toBe(1);
  expect(await bound(0, 0, 0.95, false)).toBe(0);
});
