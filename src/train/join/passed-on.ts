import { logit } from '../../model/gate.ts';

/** How sure some answers are of the whole path, and whether the labels agree (0 or 1). */
export interface Judged {
  said: readonly number[];
  right: readonly number[];
}

/** How often an answer is right that said so much: 1 / (1 + exp(-(offset + slope × logit))); labels agree `ceiling` times as often. */
export interface Trust {
  ceiling: number;
  offset: number;
  slope: number;
}

const steps = 40;
/** A right answer agrees with at least so many of the labels; the rest is the teacher's error. */
const lowestCeiling = 0.6;

/** Newton's steps to the likeliest offset and slope below a ceiling. */
function fitBelow(ceiling: number, { said, right }: Judged): Trust & { likelihood: number } {
  let [offset, slope, likelihood] = [0, 1, Number.NEGATIVE_INFINITY];
  const x = said.map(logit);
  for (let step = 0; step < steps; step++) {
    // a weak pull to 0 and 1: with few names nothing else may hold them
    let [g0, g1, h00, h01, h11] = [-offset, 1 - slope, 1, 0, 1];
    let total = -(offset ** 2 + (slope - 1) ** 2) / 2;
    for (const [i, at] of x.entries()) {
      const sure = 1 / (1 + Math.exp(-Math.max(-30, Math.min(30, offset + slope * at))));
      const p = Math.min(1 - 1e-6, Math.max(1e-6, ceiling * sure));
      const y = right[i] as number;
      total += y * Math.log(p) + (1 - y) * Math.log(1 - p);
      const rise = ceiling * sure * (1 - sure);
      const pull = ((y - p) * rise) / (p * (1 - p));
      const weight = (rise * rise) / (p * (1 - p));
      g0 += pull;
      g1 += pull * at;
      h00 += weight;
      h01 += weight * at;
      h11 += weight * at * at;
    }
    likelihood = total;
    const determinant = h00 * h11 - h01 * h01;
    const by = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant] as const;
    offset += Math.max(-2, Math.min(2, by[0]));
    slope = Math.max(0.05, slope + Math.max(-1, Math.min(1, by[1])));
    if (Math.abs(by[0]) + Math.abs(by[1]) < 1e-5) break;
  }
  return { ceiling, offset, slope, likelihood };
}

/**
 * Fits how far confidences can be trusted, against labels that are wrong themselves: the likeliest ceiling stands for the
 * teacher's error, so that the rest is about the truth.
 *
 * @param ceiling fitted elsewhere; the teacher does not err less because a model has learnt from more names
 */
export function fitTrust(judged: Judged, ceiling?: number): Trust {
  if (ceiling !== undefined) return fitBelow(ceiling, judged);
  let best = fitBelow(1, judged);
  for (let tried = 0.975; tried >= lowestCeiling; tried -= 0.025) {
    const other = fitBelow(tried, judged);
    if (other.likelihood > best.likelihood) best = other;
  }
  return best;
}

/** For each share of the surest answers, how many of them are expected to be wrong. */
function errors(said: readonly number[], { offset, slope }: Trust): Float64Array {
  const wrong = Float64Array.from(said, (each) => 1 / (1 + Math.exp(offset + slope * logit(each)))).sort();
  let sum = 0;
  return wrong.map((each, i) => {
    sum += each;
    return sum / (i + 1);
  });
}

/** The expected error among the surest answers that are left when so large a share is passed on. */
export function errorAt(said: readonly number[], trust: Trust, passed: number): number {
  const kept = Math.max(1, Math.round(said.length * (1 - passed)));
  return errors(said, trust)[kept - 1] as number;
}

/** The share that is passed on when the surest are answered with at most so much expected error. */
export function passedOn(said: readonly number[], trust: Trust, error: number): number {
  const above = errors(said, trust).findIndex((each) => each > error);
  return above < 0 ? 0 : 1 - above / said.length;
}
