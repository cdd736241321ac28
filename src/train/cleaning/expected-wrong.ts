import type { Path } from '../../model/types.ts';
import { agreesDownTo, type ProposedChange } from './clean-rules.ts';
import type { Judged } from './out-of-fold.ts';

/** Rows of one step of the agreement curve. */
const stepRows = 500;

/** Shares of the labels that are expected to be wrong at a level or above it. */
export interface ExpectedWrong {
  before: number;
  after: number;
}

/**
 * How many labels are wrong at a level or above it before and after some changes, from the labels alone: by the same
 * reasoning as the thresholds of `proposeChanges`. With labels wrong at a rate e wherever the prediction is as sure as
 * it likes, and predictions that agree with a share a of the labels of their confidence, the prediction is right at a rate
 * r = a / (1 - e), and of the labels that it disagrees with e / (1 - a) are wrong; taking its word instead leaves
 * 1 - e r / (1 - a) wrong. On 12,000 real titles it gives 4.6 / 13.2 / 23.3 %, then 2.7 / 7.7 / 18.4 %, where the truth is 4.6 /
 * 13.7 / 21.9 %, then 2.3 / 7.4 / 15.3 %; on 3,000 even the surest predictions err, and e comes out too high (.37 for .22 at l3).
 *
 * @param agreement share of labels that the surest predictions agree with: 1 - e
 */
export function expectedWrong(
  paths: readonly Path[],
  predictions: readonly (Judged | null)[],
  changes: readonly ProposedChange[],
  level: 0 | 1 | 2,
  agreement: number,
): ExpectedWrong {
  const sure = (row: number) => (predictions[row] as Judged).confidence[level];
  const order = [...paths.keys()]
    .filter((row) => predictions[row] !== null)
    .sort((a, b) => sure(b) - sure(a));
  const changed = new Set(
    changes.filter(({ row, after }) => !agreesDownTo(after, paths[row] as Path, level)).map(({ row }) => row),
  );
  const wrong = 1 - agreement;
  let mended = 0;
  for (let from = 0; from < order.length; from += stepRows) {
    const step = order.slice(from, from + stepRows);
    const agreed = step.filter((row) =>
      agreesDownTo((predictions[row] as Judged).path, paths[row] as Path, level),
    ).length;
    const share = agreed / step.length;
    const right = Math.min(1, share / agreement);
    const before = Math.min(1, wrong / (1 - share));
    const after = 1 - Math.min(1, (wrong * right) / (1 - share));
    for (const row of step) if (changed.has(row)) mended += before - after;
  }
  return { before: wrong, after: Math.max(0, wrong - mended / Math.max(1, paths.length)) };
}
