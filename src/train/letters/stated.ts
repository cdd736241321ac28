import { type LettersFirst, logit } from '../../model/letters-alone.ts';
import type { Answer, Prediction } from '../../model/types.ts';

/** Where the line lies: so many of the names that letters answer would have less confidence from all voices. */
const overstated = 0.05;

/**
 * How sure letters alone may say that they are, level by level: a line from the logit of their confidence to that of all
 * voices, its slope by least squares, laid so low that only one name in twenty is stated surer than all voices would be.
 * Stated as they are, letters take names of the surest half from the wrong end: on the real titles coverage at 5 % error
 * falls from .498 to .465; with the line through the middle it is .463, with this one .497.
 */
export function stated(
  alone: readonly Answer[],
  joined: readonly Prediction[],
  from: number,
): Pick<LettersFirst, 'offsets' | 'slopes'> {
  const sure = [...alone.keys()].filter((i) => (alone[i] as Answer).confidence[2] >= from);
  const lines = ([0, 1, 2] as const).map((level) => {
    const points = sure.map((i) => {
      const [one, all] = [alone[i] as Answer, joined[i] as Prediction];
      const same = one.path.slice(0, level + 1).join() === all.path.slice(0, level + 1).join();
      return { x: logit(one.confidence[level]), y: same ? logit(all.confidence[level]) : logit(0), same };
    });
    const slope = slopeOf(points.filter(({ same }) => same));
    const gaps = points.map(({ x, y }) => y - slope * x).sort((a, b) => a - b);
    return { slope, offset: gaps[Math.floor(gaps.length * overstated)] as number };
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
