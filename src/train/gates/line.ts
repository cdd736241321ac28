import { logit, onLine } from '../../model/gate.ts';

/** A line of logits: logit(confidence) = offset + slope × logit(said). */
export interface Line {
  offset: number;
  slope: number;
}

/** Pulls towards "as it was said" like ten names: `fit_platt()` in SQL has the same, and the figures for it. */
const ridge = 10;

/**
 * The line on which what was said comes nearest to what came true (Platt's logistic regression, Newton's steps with expected
 * curvature; the slope is fitted as a logarithm and stays above 0).
 *
 * @param targets 1 and 0 for right and wrong, or probabilities
 * @param judge how often who judged is right: of a name that is right with probability p the target is judge × p
 */
export function fitLine(said: readonly number[], targets: readonly number[], judge = 1): Line {
  const xs = said.map(logit);
  let offset = 0;
  let log = 0;
  for (let step = 0; step < 100; step++) {
    const slope = Math.exp(log);
    let [byOffset, bySlope] = [-ridge * offset, -ridge * log];
    let [offsets, both, slopes] = [ridge, 0, ridge];
    for (const [i, x] of xs.entries()) {
      const p = Math.min(Math.max(onLine(said[i] as number, offset, slope), 1e-9), 1 - 1e-9);
      const q = judge * p;
      const pull = (((targets[i] as number) - q) * (1 - p)) / (1 - q);
      const curve = (q * (1 - p) ** 2) / (1 - q);
      byOffset += pull;
      bySlope += pull * x * slope;
      offsets += curve;
      both += curve * x * slope;
      slopes += curve * (x * slope) ** 2;
    }
    const whole = offsets * slopes - both ** 2;
    const stepOffset = (slopes * byOffset - both * bySlope) / whole;
    const stepLog = (offsets * bySlope - both * byOffset) / whole;
    const shrink = Math.max(Math.abs(stepOffset) / 2, Math.abs(stepLog), 1);
    offset += stepOffset / shrink;
    log += stepLog / shrink;
    if (Math.abs(stepOffset) + Math.abs(stepLog) < 1e-9) break;
  }
  return { offset, slope: Math.exp(log) };
}
