import type { Path, Prediction } from '../../src/model/types.ts';
import { evaluatePredictions } from '../../src/train/judge/evaluate.ts';
import type { Answer } from './types.ts';

/** How good some answers are; shares, of all test names unless said otherwise. */
export interface Score {
  /** Right at the level, of the names whose truth has that level; null where none has. */
  l1: number | null;
  l2: number | null;
  l3: number | null;
  /** All three levels right, stopping where the truth stops included. */
  path: number;
  /** The largest share of the surest names of which at most 5 / 10% have a path that is not right (an oracle's cut). */
  coverage5: number;
  coverage10: number;
}

const right = (answer: Answer, truth: Path) => answer.path.every((id, level) => id === truth[level]);

/** The largest share of the surest answers whose error is at most `error`; names that are equally sure stay together. */
export function coverageAt(answers: readonly Answer[], truth: readonly Path[], error: number): number {
  const order = answers.map((answer, i) => ({
    sure: answer.confidence,
    ok: right(answer, truth[i] as Path),
  }));
  order.sort((a, b) => b.sure - a.sure);
  let wrong = 0;
  let covered = 0;
  for (const [i, { sure, ok }] of order.entries()) {
    if (!ok) wrong++;
    if (order[i + 1]?.sure !== sure && wrong <= error * (i + 1)) covered = i + 1;
  }
  return covered / Math.max(1, order.length);
}

/** Scores answers against the truth. */
export function score(answers: readonly Answer[], truth: readonly Path[]): Score {
  const predictions = answers.map(
    ({ path }): Prediction => ({ path, confidence: [0, 0, 0], candidates: [], ranked: [[], [], []] }),
  );
  const { levels, path } = evaluatePredictions(predictions, truth, { l1: 0, l2: 0, l3: 0 });
  return {
    l1: levels.l1.top1,
    l2: levels.l2.top1,
    l3: levels.l3.top1,
    path,
    coverage5: coverageAt(answers, truth, 0.05),
    coverage10: coverageAt(answers, truth, 0.1),
  };
}

function bitsOf(marks: readonly boolean[]): string {
  const bytes = new Uint8Array(Math.ceil(marks.length / 8));
  for (const [i, mark] of marks.entries())
    if (mark) bytes[i >> 3] = (bytes[i >> 3] as number) | (1 << (i & 7));
  return Buffer.from(bytes).toString('base64');
}

/** Which names have all three levels right: one bit each in base64, so that methods can be paired long after. */
export function rightBits(answers: readonly Answer[], truth: readonly Path[]): string {
  return bitsOf(answers.map((answer, i) => right(answer, truth[i] as Path)));
}

/** The same level by level: right at l1, at l2, at l3, of the names whose truth has it. */
export function rightBitsByLevel(
  answers: readonly Answer[],
  truth: readonly Path[],
): [string, string, string] {
  const at = (level: 0 | 1 | 2) =>
    bitsOf(
      answers.map(({ path }, i) => {
        const wanted = (truth[i] as Path)[level];
        return wanted !== null && path[level] === wanted;
      }),
    );
  return [at(0), at(1), at(2)];
}
