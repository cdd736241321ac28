import { bounds, type Confusion, type Matrix } from '../../model/report.ts';
import type { Prediction } from '../../model/types.ts';
import { type ClassNames, nameOf } from './class-names.ts';
import type { Truth } from './evaluate.ts';

type ClassId = number | null;

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Largest count first; of equal ones the one seen first. */
function ordered<K>(counts: ReadonlyMap<K, number>): [K, number][] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/**
 * What a level's wrong answers say, over the names whose truth has the level, and its black hole: the class that most
 * of them leak into.
 */
export function confusionOf(
  predictions: readonly Prediction[],
  truth: readonly Truth[],
  level: 0 | 1 | 2,
  names: ClassNames,
): Confusion {
  const belong = new Map<ClassId, number>();
  const leaks = new Map<ClassId, number>();
  const pairs = new Map<string, number>();
  let scored = 0;
  let errors = 0;
  for (const [i, row] of truth.entries()) {
    const wanted = row[level];
    if (wanted === null) continue;
    scored++;
    add(belong, wanted);
    const answer = (predictions[i] as Prediction).path[level];
    if (answer === wanted) continue;
    errors++;
    add(leaks, answer);
    add(pairs, `${wanted} ${answer ?? ''}`);
  }
  const [hole] = ordered(leaks);
  return {
    names: scored,
    errors,
    blackHole:
      hole === undefined
        ? null
        : {
            name: nameOf(hole[0], names),
            wrong: hole[1],
            shareOfErrors: hole[1] / errors,
            shareOfNames: (belong.get(hole[0]) ?? 0) / scored,
          },
    pairs: ordered(pairs)
      .slice(0, bounds.confusions)
      .map(([pair, n]) => {
        const [wanted, answer] = pair.split(' ') as [string, string];
        return {
          truth: nameOf(Number(wanted), names),
          answer: nameOf(answer === '' ? null : Number(answer), names),
          n,
        };
      }),
  };
}

/** How often each l1 class is answered with each other; what is beyond the largest is one class "(others)". */
export function matrixOf(
  predictions: readonly Prediction[],
  truth: readonly Truth[],
  names: ClassNames,
): Matrix {
  const sizes = new Map<number, number>();
  for (const [l1] of truth) add(sizes, l1);
  // an answer that no name has for its truth is a column too
  for (const { path } of predictions) if (!sizes.has(path[0])) sizes.set(path[0], 0);
  const ids = ordered(sizes).map(([id]) => id);
  const shown = ids.length > bounds.matrix ? ids.slice(0, bounds.matrix - 1) : ids;
  const at = new Map(shown.map((id, i) => [id, i]));
  const classes = shown.map((id) => nameOf(id, names));
  if (shown.length < ids.length) classes.push('(others)');
  const counts = classes.map(() => classes.map(() => 0));
  for (const [i, [wanted]] of truth.entries()) {
    const row = counts[at.get(wanted) ?? shown.length] as number[];
    const column = at.get((predictions[i] as Prediction).path[0]) ?? shown.length;
    row[column] = (row[column] as number) + 1;
  }
  return { classes, counts };
}
