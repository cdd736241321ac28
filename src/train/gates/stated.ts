import type { Gate } from '../../model/gate.ts';
import type { Answer, Prediction } from '../../model/types.ts';
import { fitLine } from './line.ts';

/** Names that they are less sure of tell nothing of those that they may answer. */
const sureFrom = 0.5;

const levels = [0, 1, 2] as const;

/** What all voices give the path of an answer, down to a level: the likelihood that it is right there, as all voices see it. */
export function seenByAll({ path }: Answer, all: Prediction, level: 0 | 1 | 2): number {
  const same = (other: Answer['path']) => path.every((id, l) => l > level || id === other[l]);
  if (same(all.path)) return all.confidence[level];
  // at most 40 paths are kept: the others together have next to nothing
  return all.candidates.reduce((sum, each) => (same(each.path) ? sum + each.probability : sum), 0);
}

/**
 * How sure voices may say that they are where others are not asked, level by level: a line from the logit of their confidence to
 * that of what all voices think of their path, so that both are on one scale, and what people's checks make of one (calibration,
 * thresholds) holds for the other.
 */
export function stated(
  early: readonly Answer[],
  joined: readonly Prediction[],
): Pick<Gate, 'offsets' | 'slopes'> {
  const sure = [...early.keys()].filter((i) => (early[i] as Answer).confidence[2] >= sureFrom);
  const lines = levels.map((level) =>
    fitLine(
      sure.map((i) => (early[i] as Answer).confidence[level]),
      sure.map((i) => seenByAll(early[i] as Answer, joined[i] as Prediction, level)),
    ),
  );
  return {
    offsets: lines.map(({ offset }) => offset) as unknown as Gate['offsets'],
    slopes: lines.map(({ slope }) => slope) as unknown as Gate['slopes'],
  };
}
