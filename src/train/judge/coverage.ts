import { bounds, type Coverage } from '../../model/report.ts';
import type { Prediction } from '../../model/types.ts';
import { rightDownTo, type Truth } from './evaluate.ts';

/**
 * How much can be answered for how much error, when the surest paths are answered first. The cuts at 5 and 10% error
 * are chosen on the very names they are measured on (an oracle's): what a certified threshold reaches is a bit less.
 */
export function coverageOf(predictions: readonly Prediction[], truth: readonly Truth[]): Coverage {
  const names = predictions.length;
  const order = predictions
    .map(({ path, confidence }, i) => ({
      sure: confidence[2],
      right: rightDownTo(path, truth[i] as Truth, 2),
    }))
    .sort((a, b) => b.sure - a.sure);
  const points: Coverage['points'] = [];
  let wrong = 0;
  for (const [i, { sure, right }] of order.entries()) {
    if (!right) wrong++;
    // a threshold cannot part names of equal confidence
    if (order[i + 1]?.sure !== sure)
      points.push({ share: (i + 1) / names, error: wrong / (i + 1), confidence: sure });
  }
  const cut = (limit: number) => {
    const last = points.findLast(({ error }) => error <= limit);
    return { share: last?.share ?? 0, confidence: last?.confidence ?? null };
  };
  return { at5: cut(0.05), at10: cut(0.1), points: thinned(points) };
}

/** At most `bounds.curve` points, spread over the shares, the last one among them. */
function thinned(points: Coverage['points']): Coverage['points'] {
  const steps = bounds.curve - 1;
  if (points.length <= steps) return points;
  return points.filter(
    ({ share }, i) => Math.floor(share * steps) > Math.floor((points[i - 1]?.share ?? 0) * steps),
  );
}
