/**
 * McNemar's exact test of two methods on the same names: how likely it is that so uneven a split of the names that
 * only one of them has right comes from methods that are equally good.
 *
 * @param first  names that only the first has right
 * @param second names that only the second has right
 * @returns the two-sided p-value
 */
export function mcnemar(first: number, second: number): number {
  const n = first + second;
  const few = Math.min(first, second);
  // log of C(n, k) / 2^n, step by step: n is in the hundreds and 2^-n soon no number any more
  let log = -n * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= few; k++) {
    tail += Math.exp(log);
    log += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}

/** Names that only the one or only the other has right, from two strings of `rightBits`. */
export function discordant(first: string, second: string): { first: number; second: number } {
  const [a, b] = [Buffer.from(first, 'base64'), Buffer.from(second, 'base64')];
  if (a.length !== b.length) throw new Error('the two methods were not scored on the same names');
  const ones = (byte: number) => byte.toString(2).replaceAll('0', '').length;
  let onlyFirst = 0;
  let onlySecond = 0;
  for (const [i, byte] of a.entries()) {
    onlyFirst += ones(byte & ~(b[i] as number));
    onlySecond += ones((b[i] as number) & ~byte);
  }
  return { first: onlyFirst, second: onlySecond };
}

/** Two-sided 95% quantiles of Student's t for 1 to 9 degrees of freedom. */
const student = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
/** As many seeds as there are quantiles for. */
export const mostSeeds = student.length + 1;

/** The mean of some seeds' figures and half the width of its 95% interval; null for a single seed. */
export function meanAndInterval(values: readonly number[]): { mean: number; half: number | null } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, half: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: (student[n - 2] as number) * Math.sqrt(variance / n) };
}
