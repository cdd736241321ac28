import type { Path } from '../../model/types.ts';
import type { Judged } from './out-of-fold.ts';

/** How sure a change must be, and how many there may be. */
export interface CleaningRules {
  /** Lowest expected share of right ones among changes of the least confidence that is accepted. */
  precision: number;
  /** Highest share of all labels changed at l1, l2, l3: a safety, should the model have gone astray. */
  caps: readonly [number, number, number];
  /** Highest share of its names that a category may lose, and may win, so that one cannot swallow another. */
  classCap: number;
}

export const usualRules: CleaningRules = { precision: 0.75, caps: [0.08, 0.16, 0.24], classCap: 0.5 };

/** One label that would be changed. */
export interface ProposedChange {
  row: number;
  /** The first level at which label and prediction differ: 0, 1, 2. */
  level: 0 | 1 | 2;
  /** The prediction's confidence at the level that decided. */
  confidence: number;
  after: Path;
}

export interface CleaningLevel {
  /** Lowest confidence at which a label is changed; null: nothing is sure enough. */
  threshold: number | null;
  /** Share of labels that the surest fifth of predictions agree with: what is missing to 1 is the labels' own error. */
  agreement: number;
  /** Labels whose category at this level would change, and what they are of all. */
  changed: number;
  share: number;
  /** Left out because of the caps. */
  capped: number;
}

/** The surest part of the predictions, whose disagreement with the labels is taken for the labels' own error. */
const surest = 0.2;
/** Rows of one step of the agreement curve at least: a step of 500 knows its share to .02. */
const stepRows = 500;

/**
 * The lowest confidence at which changing a label to the prediction is expected to be right often enough, from labels alone.
 *
 * With labels wrong at a rate e that does not depend on the prediction, the surest predictions agree with 1 - e of them;
 * where the agreement is a, the prediction is right at a rate of a / (1 - e), and of the labels that it disagrees with it
 * corrects (a / (1 - e) - a) / (1 - a). That is at least p where a ≥ p / (p + 1 / (1 - e) - 1). (A teacher that is wrong
 * alike on whole clusters of names breaks the assumption: the prediction learns its mistakes, and nothing here sees them.)
 */
function thresholdOf(
  confidences: Float64Array,
  agrees: Uint8Array,
  precision: number,
): { threshold: number | null; agreement: number } {
  const order = Int32Array.from(confidences.keys()).sort(
    (a, b) => (confidences[b] as number) - (confidences[a] as number),
  );
  const sure = order.subarray(0, Math.max(1, Math.floor(order.length * surest)));
  const agreement = sure.reduce((sum, row) => sum + (agrees[row] as number), 0) / sure.length;
  if (agreement >= 1 || order.length < stepRows) return { threshold: null, agreement };
  const least = precision / (precision + 1 / agreement - 1);
  let threshold: number | null = null;
  for (let from = 0; from + stepRows <= order.length; from += stepRows) {
    const step = order.subarray(from, from + stepRows);
    const share = step.reduce((sum, row) => sum + (agrees[row] as number), 0) / stepRows;
    if (share < least) {
      // one noisy step is not the end: two in a row are
      const next = order.subarray(from + stepRows, from + 2 * stepRows);
      const after = next.reduce((sum, row) => sum + (agrees[row] as number), 0) / Math.max(1, next.length);
      if (after < least) break;
    }
    threshold = confidences[step.at(-1) as number] as number;
  }
  return { threshold, agreement };
}

/** Whether two paths are the same on a level and all above it. */
export function agreesDownTo(a: Path, b: Path, level: number): boolean {
  return a.every((id, i) => i > level || id === b[i]);
}

/**
 * Which labels to change to what models that never saw them predict.
 *
 * @param paths       the labels
 * @param predictions out of fold; null: none
 * @param untouchable rows that are never changed (people's labels); they count as evidence all the same
 */
export function proposeChanges(
  paths: readonly Path[],
  predictions: readonly (Judged | null)[],
  untouchable: (row: number) => boolean = () => false,
  rules: CleaningRules = usualRules,
): { changes: ProposedChange[]; levels: [CleaningLevel, CleaningLevel, CleaningLevel] } {
  const rows = Int32Array.from(paths.keys()).filter((row) => predictions[row] !== null);
  const levels = ([0, 1, 2] as const).map((level): CleaningLevel => {
    const confidences = Float64Array.from(rows, (row) => (predictions[row] as Judged).confidence[level]);
    const agrees = Uint8Array.from(rows, (row) =>
      agreesDownTo((predictions[row] as Judged).path, paths[row] as Path, level) ? 1 : 0,
    );
    return { ...thresholdOf(confidences, agrees, rules.precision), changed: 0, share: 0, capped: 0 };
  }) as [CleaningLevel, CleaningLevel, CleaningLevel];

  const wanted: ProposedChange[] = [];
  for (const row of rows) {
    const label = paths[row] as Path;
    const { path, confidence } = predictions[row] as Judged;
    if (agreesDownTo(path, label, 2) || untouchable(row)) continue;
    const level = ([0, 1, 2] as const).find((l) => path[l] !== label[l]) as 0 | 1 | 2;
    const decided = ([0, 1, 2] as const).find((l) => {
      const threshold = levels[l]?.threshold ?? null;
      return l >= level && threshold !== null && confidence[l] >= threshold;
    });
    if (decided !== undefined) wanted.push({ row, level, confidence: confidence[decided], after: path });
  }
  wanted.sort((a, b) => b.confidence - a.confidence || a.row - b.row);

  const sizes = new Map<string, number>();
  for (const path of paths) sizes.set(path.join(), (sizes.get(path.join()) ?? 0) + 1);
  const lost = new Map<string, number>();
  const won = new Map<string, number>();
  const changes = wanted.filter((change) => {
    const before = paths[change.row] as Path;
    const [from, to] = [before.join(), change.after.join()];
    const room = (key: string) => Math.max(1, Math.floor((sizes.get(key) ?? 0) * rules.classCap));
    const full =
      (lost.get(from) ?? 0) >= room(from) ||
      (won.get(to) ?? 0) >= room(to) ||
      ([0, 1, 2] as const).some(
        (l) =>
          change.after[l] !== before[l] &&
          (levels[l] as CleaningLevel).changed >= Math.floor(rules.caps[l] * paths.length),
      );
    for (const l of [0, 1, 2] as const) {
      if (change.after[l] === before[l]) continue;
      if (full) (levels[l] as CleaningLevel).capped++;
      else (levels[l] as CleaningLevel).changed++;
    }
    if (full) return false;
    lost.set(from, (lost.get(from) ?? 0) + 1);
    won.set(to, (won.get(to) ?? 0) + 1);
    return true;
  });
  for (const level of levels) level.share = level.changed / Math.max(1, paths.length);
  return { changes, levels };
}
