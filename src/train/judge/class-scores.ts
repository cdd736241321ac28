import { bounds, type ClassScore, type Level } from '../../model/report.ts';
import type { Prediction } from '../../model/types.ts';
import { type ClassNames, nameOf } from './class-names.ts';
import type { Truth } from './evaluate.ts';

/**
 * Precision and recall of the classes of a level, those with most names first. Precision is over all names, also over
 * those whose path stops above the level.
 *
 * @returns at most `bounds.classesALevel` of them, and how many there are
 */
export function classScoresOf(
  predictions: readonly Prediction[],
  truth: readonly Truth[],
  level: 0 | 1 | 2,
  names: ClassNames,
): { scores: ClassScore[]; count: number } {
  const classes = new Map<number, { support: number; answered: number; right: number }>();
  const of = (id: number) => {
    const found = classes.get(id) ?? { support: 0, answered: 0, right: 0 };
    classes.set(id, found);
    return found;
  };
  for (const [i, row] of truth.entries()) {
    const wanted = row[level];
    const answer = (predictions[i] as Prediction).path[level];
    if (wanted !== null) of(wanted).support++;
    if (answer !== null) of(answer).answered++;
    if (answer !== null && answer === wanted) of(answer).right++;
  }
  const scores = [...classes]
    .sort(([, a], [, b]) => b.support - a.support || b.answered - a.answered)
    .slice(0, bounds.classesALevel)
    .map(([id, { support, answered, right }]) => ({
      level: `l${level + 1}` as Level,
      name: nameOf(id, names),
      support,
      answered,
      precision: answered === 0 ? null : right / answered,
      recall: support === 0 ? null : right / support,
    }));
  return { scores, count: classes.size };
}
