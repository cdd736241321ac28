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

/** How a method differs from another one on the same names. */
export interface Paired {
  /** Share of the names that each has right. */
  before: number;
  after: number;
  /** Names that only the second has right, and only the first. */
  won: number;
  lost: number;
  /** McNemar's, two-sided. */
  p: number;
}

/** Pairs two methods name by name: which names each has right, in the same order. */
export function pair(before: readonly boolean[], after: readonly boolean[]): Paired {
  const names = Math.max(1, before.length);
  const won = after.filter((right, i) => right && !before[i]).length;
  const lost = before.filter((right, i) => right && !after[i]).length;
  const share = (list: readonly boolean[]) => list.filter(Boolean).length / names;
  return { before: share(before), after: share(after), won, lost, p: mcnemar(won, lost) };
}
