import type { Path } from '../../src/model/types.ts';
import { errorRates } from './teachers.ts';
import type { MethodResult } from './types.ts';

/** What a cleaning did at a level, against the truth; shares of all labels, `right` of those changed. */
export interface CleaningScore {
  changed: number;
  /** Of the changed labels, those that now have the true category at this level; null where none was changed. */
  right: number | null;
  /** Labels with a wrong category at this level. */
  wrongBefore: number;
  wrongAfter: number;
  /** Labels that are wrong at this level or above it, beside what the cleaning expects of them from the labels alone. */
  wrongPathBefore: number;
  wrongPathAfter: number;
  expectedBefore: number;
  expectedAfter: number;
}

/** Scores a cleaning, level by level. */
export function scoreCleaning(
  before: readonly Path[],
  { labels: after, expected }: NonNullable<MethodResult['cleaning']>,
  truth: readonly Path[],
): CleaningScore[] {
  const rows = [...truth.keys()];
  const [pathBefore, pathAfter] = [errorRates(truth, before), errorRates(truth, after)];
  return ([0, 1, 2] as const).map((level) => {
    const differs = (a: readonly Path[], b: readonly Path[]) =>
      rows.filter((row) => a[row]?.[level] !== b[row]?.[level]);
    const share = (some: readonly number[]) => some.length / Math.max(1, rows.length);
    const changed = differs(before, after);
    const wrong = new Set(differs(after, truth));
    return {
      changed: share(changed),
      right: changed.length === 0 ? null : changed.filter((row) => !wrong.has(row)).length / changed.length,
      wrongBefore: share(differs(before, truth)),
      wrongAfter: share([...wrong]),
      wrongPathBefore: pathBefore[level],
      wrongPathAfter: pathAfter[level],
      expectedBefore: expected.before[level],
      expectedAfter: expected.after[level],
    };
  });
}
