import type { Path, Prediction } from '../../model/types.ts';

/** How often one level is right, over the names whose truth has that level; null where there is none. */
export interface LevelScore {
  /** Names scored: a level that is empty in the truth is not. */
  n: number;
  /** What answering the truth's most frequent category every time would reach. */
  majority: number | null;
  top1: number | null;
  top3: number | null;
  top5: number | null;
}

export interface EvaluationReport {
  names: number;
  levels: { l1: LevelScore; l2: LevelScore; l3: LevelScore };
  /** Share with all three levels right, stopping where the truth stops included. */
  path: number;
  /** Share whose three confidences all clear the thresholds: what the local layer would answer. */
  coverage: number;
  /** Share of those with a path that is not right; null when nothing clears. */
  selectiveError: number | null;
  /**
   * Expected calibration error over all names: mean distance, in 15 bins of equal width, between a level's confidence
   * and how often that level and all above it are right.
   */
  ece: { l1: number; l2: number; l3: number };
  thresholds: Thresholds;
}

/** Lowest confidence accepted, for each level. */
export interface Thresholds {
  l1: number;
  l2: number;
  l3: number;
}

/** A path, in which -1 stands for a category that the database does not know: no answer matches it. */
export type Truth = readonly [number, number | null, number | null];

const bins = 15;

function scoreLevel(
  predictions: readonly Prediction[],
  truth: readonly Truth[],
  level: 0 | 1 | 2,
): LevelScore {
  const counts = new Map<number, number>();
  let n = 0;
  const hits = [0, 0, 0];
  for (const [i, row] of truth.entries()) {
    const wanted = row[level];
    if (wanted === null) continue;
    n++;
    if (wanted === -1) continue;
    counts.set(wanted, (counts.get(wanted) ?? 0) + 1);
    const { path, ranked } = predictions[i] as Prediction;
    if (path[level] === wanted) hits[0] = (hits[0] as number) + 1;
    const place = ranked[level].indexOf(wanted);
    if (place >= 0 && place < 3) hits[1] = (hits[1] as number) + 1;
    if (place >= 0 && place < 5) hits[2] = (hits[2] as number) + 1;
  }
  const share = (count: number | undefined) => (n === 0 ? null : (count as number) / n);
  return {
    n,
    majority: share(Math.max(0, ...counts.values())),
    top1: share(hits[0]),
    top3: share(hits[1]),
    top5: share(hits[2]),
  };
}

/** Whether the answer is right on `level` and every level above, stopping included. */
export function rightDownTo(answer: Path, truth: Truth, level: number): boolean {
  return answer.every((id, i) => i > level || id === truth[i]);
}

/** A bin of confidence that holds at least one name. */
export interface CalibrationBin {
  n: number;
  /** Mean confidence of the names in it. */
  confidence: number;
  /** Share of them that are right down to the level. */
  right: number;
}

/** Confidence of a level against how often that level and all above it are right, in 15 bins of equal width. */
export function calibrationBins(
  predictions: readonly Prediction[],
  truth: readonly Truth[],
  level: 0 | 1 | 2,
): CalibrationBin[] {
  const sums = Array.from({ length: bins }, () => ({ n: 0, confidence: 0, right: 0 }));
  for (const [i, { path, confidence }] of predictions.entries()) {
    const at = Math.max(0, Math.min(bins - 1, Math.floor(confidence[level] * bins)));
    const bin = sums[at] as CalibrationBin;
    bin.n++;
    bin.confidence += confidence[level];
    if (rightDownTo(path, truth[i] as Truth, level)) bin.right++;
  }
  return sums
    .filter(({ n }) => n > 0)
    .map(({ n, confidence, right }) => ({ n, confidence: Math.min(1, confidence / n), right: right / n }));
}

/** Expected calibration error: the bins' mean distance between confidence and being right, weighted by names. */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const names = bins.reduce((sum, { n }) => sum + n, 0);
  const gaps = bins.reduce((sum, { n, confidence, right }) => sum + n * Math.abs(confidence - right), 0);
  return gaps / Math.max(1, names);
}

/**
 * Scores predictions against known-good paths, as the seed does: majority baseline, top-1, top-3, top-5, and what the
 * thresholds would let through.
 *
 * @param truth one row for each prediction, in the same order
 */
export function evaluatePredictions(
  predictions: readonly Prediction[],
  truth: readonly Truth[],
  thresholds: Thresholds,
): EvaluationReport {
  const names = predictions.length;
  const { l1, l2, l3 } = thresholds;
  let right = 0;
  let covered = 0;
  let wrong = 0;
  for (const [i, { path, confidence }] of predictions.entries()) {
    const isRight = rightDownTo(path, truth[i] as Truth, 2);
    if (isRight) right++;
    if (confidence[0] < l1 || confidence[1] < l2 || confidence[2] < l3) continue;
    covered++;
    if (!isRight) wrong++;
  }
  const [score1, score2, score3] = ([0, 1, 2] as const).map((level) => scoreLevel(predictions, truth, level));
  const [ece1, ece2, ece3] = ([0, 1, 2] as const).map((level) =>
    calibrationError(calibrationBins(predictions, truth, level)),
  );
  return {
    names,
    levels: { l1: score1 as LevelScore, l2: score2 as LevelScore, l3: score3 as LevelScore },
    path: right / Math.max(1, names),
    coverage: covered / Math.max(1, names),
    selectiveError: covered === 0 ? null : wrong / covered,
    ece: { l1: ece1 as number, l2: ece2 as number, l3: ece3 as number },
    thresholds,
  };
}
