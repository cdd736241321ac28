import type { Answer, Path, Prediction } from './types.ts';

type Level = 0 | 1 | 2;

const candidatesKept = 40;
const rankedKept = 5;

/** Indices of the `k` largest values, largest first; of equal ones the earlier. */
function largest(values: ArrayLike<number>, k: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (best.length === k && value <= (values[best[k - 1] as number] as number)) continue;
    let at = best.length;
    while (at > 0 && (values[best[at - 1] as number] as number) < value) at--;
    best.splice(at, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}

/** The answer's category first, then the others from the likeliest; stopping above is no category. */
function rank(sum: Float64Array, ids: readonly (number | null)[], answer: number | null): number[] {
  const others = largest(sum, rankedKept + 1)
    .map((i) => ids[i] as number | null)
    .filter((id): id is number => id !== null && id !== answer);
  return (answer === null ? others : [answer, ...others]).slice(0, rankedKept);
}

/**
 * Makes the function that turns a score for each path into an answer that exists: probabilities are the softmax over all
 * paths, the best path wins, and a level's confidence is the sum over the paths that agree with the answer on it and
 * above. It overwrites the scores with the probabilities. No path is left out as hopeless: of 1,547 paths 1,541 are
 * within e^-30 of the best one when letters are asked alone.
 *
 * @param paths every path that may be answered
 */
export function buildAnswers(paths: readonly Path[]): (scores: Float64Array) => Answer {
  const [first, second] = [columnOf(paths, 0).of, columnOf(paths, 1).of];
  return (scores) => {
    let highest = Number.NEGATIVE_INFINITY;
    for (let p = 0; p < scores.length; p++)
      if ((scores[p] as number) > highest) highest = scores[p] as number;
    let total = 0;
    for (let p = 0; p < scores.length; p++) {
      const weight = Math.exp((scores[p] as number) - highest);
      scores[p] = weight;
      total += weight;
    }
    for (let p = 0; p < scores.length; p++) scores[p] = (scores[p] as number) / total;

    const best = largest(scores, candidatesKept);
    const answer = best[0] as number;
    let l1 = 0;
    let l2 = 0;
    for (let p = 0; p < scores.length; p++) {
      if (first[p] !== first[answer]) continue;
      l1 += scores[p] as number;
      if (second[p] === second[answer]) l2 += scores[p] as number;
    }
    return {
      path: paths[answer] as Path,
      confidence: [Math.min(1, l1), Math.min(1, l2), scores[answer] as number],
      candidates: best.map((p) => ({ path: paths[p] as Path, probability: scores[p] as number })),
    };
  };
}

/** The categories of a level, and which of them each path has. */
function columnOf(paths: readonly Path[], level: Level): { ids: (number | null)[]; of: Int32Array } {
  const ids = [...new Set(paths.map((path) => path[level]))];
  const index = new Map(ids.map((id, i) => [id, i]));
  return { ids, of: Int32Array.from(paths, (path) => index.get(path[level]) as number) };
}

/** As `buildAnswers`, with the ranks of each level beside the answer. */
export function buildDecoder(paths: readonly Path[]): (scores: Float64Array) => Prediction {
  const levels = ([0, 1, 2] as const).map((level: Level) => columnOf(paths, level));
  const answers = buildAnswers(paths);
  return (scores) => {
    const answer = answers(scores);
    const ranked = levels.map(({ ids, of }, level) => {
      const sums = new Float64Array(ids.length);
      for (let p = 0; p < of.length; p++) {
        const i = of[p] as number;
        sums[i] = (sums[i] as number) + (scores[p] as number);
      }
      return rank(sums, ids, answer.path[level as Level]);
    });
    return { ...answer, ranked: ranked as [number[], number[], number[]] };
  };
}

/** Probability of the best path minus that of the second. */
export function marginOf({ candidates: [first, second] }: Answer): number {
  return (first?.probability ?? 0) - (second?.probability ?? 0);
}
