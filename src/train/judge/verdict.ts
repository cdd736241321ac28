import type { Level, Verdict } from '../../model/report.ts';
import type { LevelScore } from './evaluate.ts';

/** With fewer classes, three guesses are most of them: top 3 says nothing. */
const leastClasses = 6;
/** With fewer wrong answers, their share within reach may be chance: of 20, its standard error is .11. */
const leastErrors = 20;
/** Fewer wrong answers than this are not worth a verdict. */
const goodEnough = 0.98;
/** Of the wrong answers, so many within reach make the head the bottleneck; less than one minus it, the encoder. */
const mostly = 0.6;

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const points = (value: number) => (value * 100).toFixed(1);

/** The rule in words, with its numbers. */
export const verdictRule = `Of a level's wrong answers, how many had the right class among the first three? From ${percent(mostly)} on the embeddings hold the signal and the head (or a wrong label) spoils the pick; up to ${percent(1 - mostly)} the encoder does not tell the classes apart; between them, both. No verdict on fewer than ${leastClasses} classes or ${leastErrors} wrong answers.`;

/** Two methods on the same embeddings, told apart by the size of their head. */
export interface HeadComparison {
  smaller: string;
  larger: string;
  /** top 1 and top 3 of the larger less those of the smaller. */
  top1: number;
  top3: number;
}

/** How a larger head on the same embeddings changed a level. */
export function compareHeads(
  smaller: { method: string; score: LevelScore },
  larger: { method: string; score: LevelScore },
): HeadComparison | null {
  const [a, b] = [smaller.score, larger.score];
  if (a.top1 === null || a.top3 === null || b.top1 === null || b.top3 === null) return null;
  return {
    smaller: smaller.method,
    larger: larger.method,
    top1: b.top1 - a.top1,
    top3: b.top3 - a.top3,
  };
}

function evidence({ smaller, larger, top1, top3 }: HeadComparison): string {
  const signed = (value: number) => `${value < 0 ? '' : '+'}${points(value)}`;
  const changed = `From "${smaller}" to "${larger}", on the same embeddings, top 1 moved by ${signed(top1)} and top 3 by ${signed(top3)} points`;
  if (top1 > 0 && top1 > top3)
    return ` ${changed}: the larger head draws more out of what the encoder already gave.`;
  return ` ${changed}: a larger head found no more.`;
}

/**
 * Whether a level is held back by its head or by its encoder. A right class among the first three but not first means
 * that the signal is there and the head (or a label that is wrong) spoils the pick; a right class that is not even
 * among three means that the encoder does not tell. The article's first head (72 / 92 %) has 71 % of its wrong answers
 * within reach: the head, which a larger one confirmed.
 *
 * @param classes how many the level has
 */
export function verdictOf(
  level: Level,
  score: LevelScore,
  classes: number,
  comparison: HeadComparison | null = null,
): Verdict {
  const { n, top1, top3 } = score;
  const undecided = (reason: string, gap: number | null = null): Verdict => ({
    bottleneck: 'unknown',
    gap,
    withinReach: null,
    reason: `${level}: ${reason}`,
  });
  if (top1 === null || top3 === null) return undecided('no name was scored, so nothing can be said.');
  const gap = top3 - top1;
  const errors = Math.round(n * (1 - top1));
  if (classes < leastClasses)
    return undecided(
      `${classes} classes are too few: three guesses are most of them, so top 3 says nothing.`,
      gap,
    );
  if (top1 >= goodEnough)
    return {
      bottleneck: 'neither',
      gap,
      withinReach: errors === 0 ? null : gap / (1 - top1),
      reason: `${level}: top 1 is ${percent(top1)}; from ${percent(goodEnough)} on there is little left to gain.`,
    };
  if (errors < leastErrors)
    return undecided(`${errors} wrong answers are too few to judge by; it takes ${leastErrors}.`, gap);

  const withinReach = gap / (1 - top1);
  const numbers = `${level}: top 1 is ${percent(top1)}, top 3 ${percent(top3)}, a gap of ${points(gap)} points. Of the ${errors} wrong answers ${percent(withinReach)} had the right class among the first three`;
  const says = {
    head: ': the head is the bottleneck, or the labels that it learnt from; a larger encoder would not help much.',
    encoder:
      ': the encoder is the bottleneck, or what it never sees, such as a description; a larger head would not help much.',
    both: ': head and encoder hold it back about alike.',
  };
  const bottleneck = withinReach >= mostly ? 'head' : withinReach <= 1 - mostly ? 'encoder' : 'both';
  const more = comparison === null ? '' : evidence(comparison);
  return { bottleneck, gap, withinReach, reason: `${numbers}${says[bottleneck]}${more}` };
}
