import { type LettersFirst, logit } from '../../model/letters-alone.ts';
import type { Answer, Prediction } from '../../model/types.ts';

/** Where the lines lie: so many of the names would have less confidence from all voices. */
const overstated = 0.1;
/** Names that letters are less sure of tell nothing of those that they may answer. */
const sureFrom = 0.8;

/**
 * How sure letters alone may say that they are, level by level: a line from the logit of their confidence to that of all
 * voices, its slope by least squares, laid so low that one name in ten is stated surer than all voices would be. Names
 * are ranked by what is stated, so letters must not put into the surest names what all voices would not: docs/accuracy.md
 * has what other lines and gates cost.
 */
export function stated(
  alone: readonly Answer[],
  joined: readonly Prediction[],
): Pick<LettersFirst, 'offsets' | 'slopes'> {
  const sure = [...alone.keys()].filter((i) => (alone[i] as Answer).confidence[2] >= sureFrom);
  const lines = ([0, 1, 2] as const).map((level) => {
    const points = sure.map((i) => {
      const [one, all] = [alone[i] as Answer, joined[i] as Prediction];
      const same = one.path.slice(0, level + 1).join() === all.path.slice(0, level + 1).join();
      return { x: logit(one.confidence[level]), y: same ? logit(all.confidence[level]) : logit(0), same };
    });
    const slope = slopeOf(points.filter(({ same }) => same));
    const gaps = points.map(({ x, y }) => y - slope * x).sort((a, b) => a - b);
    return { slope, offset: gaps[Math.floor(gaps.length * overstated)] ?? 0 };
  });
  return {
    offsets: lines.map(({ offset }) => offset) as unknown as LettersFirst['offsets'],
    slopes: lines.map(({ slope }) => slope) as unknown as LettersFirst['slopes'],
  };
}

/** By least squares; 1 where the points do not rise. */
function slopeOf(points: readonly { x: number; y: number }[]): number {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const slope = mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
  return slope > 0 && Number.isFinite(slope) ? slope : 1;
}
