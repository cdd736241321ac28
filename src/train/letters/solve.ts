import type { Random } from '../random.ts';

/** Rows of one problem, shared by the classes of a node. Feature indices run from 0 to `features` - 1. */
export interface Rows {
  /** Row r's features are indices[from[r]] … indices[to[r] - 1]. */
  from: Int32Array;
  to: Int32Array;
  indices: Int32Array;
  values: Float32Array;
  features: number;
}

export interface Solution {
  /** Weights of the features, then the bias. */
  weights: Float32Array;
  /** Passes over the (unshrunk) rows. */
  passes: number;
  /** (primal - dual) / primal: 0 at the optimum. */
  gap: number;
}

/** Differences of projected gradients below this end the work: duality gaps of .5% at most, .02% in large nodes. */
const tolerance = 0.1;
const mostPasses = 60;

/**
 * Linear classifier with squared hinge loss and L2 regularisation, bias included:
 *
 *     min_w  ½ |w|² + C Σ max(0, 1 - y_r w·x_r)²
 *
 * by dual coordinate descent with shrinking (Hsieh et al. 2008, "A dual coordinate descent method for large-scale
 * linear SVM", algorithm 3; the method of LIBLINEAR's solver 1). Rows are visited in a random order, anew in each pass.
 *
 * @param y +1 or -1 for each row
 */
export function solve(rows: Rows, y: Int8Array, c: number, random: Random): Solution {
  const { from: starts, to: ends, indices, values, features: bias } = rows;
  const count = y.length;
  const w = new Float64Array(bias + 1);
  const alpha = new Float64Array(count);
  const diagonal = 1 / (2 * c);
  const curvature = new Float64Array(count);
  for (let r = 0; r < count; r++) {
    let squares = 1 + diagonal;
    for (let i = starts[r] as number; i < (ends[r] as number); i++) squares += (values[i] as number) ** 2;
    curvature[r] = squares;
  }

  const order = Int32Array.from({ length: count }, (_, r) => r);
  let active = count;
  let highestBefore = Number.POSITIVE_INFINITY;
  let passes = 0;
  while (passes < mostPasses) {
    passes++;
    let highest = Number.NEGATIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    for (let s = active - 1; s > 0; s--) {
      const t = Math.floor(random.next() * (s + 1));
      const kept = order[s] as number;
      order[s] = order[t] as number;
      order[t] = kept;
    }
    for (let s = 0; s < active; s++) {
      const r = order[s] as number;
      const sign = y[r] as number;
      const from = starts[r] as number;
      const to = ends[r] as number;
      let dot = w[bias] as number;
      for (let i = from; i < to; i++) dot += (w[indices[i] as number] as number) * (values[i] as number);
      const a = alpha[r] as number;
      const gradient = sign * dot - 1 + a * diagonal;
      let projected = gradient;
      if (a === 0) {
        if (gradient > highestBefore) {
          // it will stay at its bound: out of sight until the end
          active--;
          order[s] = order[active] as number;
          order[active] = r;
          s--;
          continue;
        }
        projected = Math.min(gradient, 0);
      }
      if (projected > highest) highest = projected;
      if (projected < lowest) lowest = projected;
      if (Math.abs(projected) <= 1e-12) continue;
      const next = Math.max(0, a - gradient / (curvature[r] as number));
      alpha[r] = next;
      const step = sign * (next - a);
      for (let i = from; i < to; i++) {
        const j = indices[i] as number;
        w[j] = (w[j] as number) + step * (values[i] as number);
      }
      w[bias] = (w[bias] as number) + step;
    }
    if (highest - lowest <= tolerance) {
      if (active === count) break;
      // near the end with some rows out of sight: look at all of them once more
      active = count;
      highestBefore = Number.POSITIVE_INFINITY;
      continue;
    }
    highestBefore = highest > 0 ? highest : Number.POSITIVE_INFINITY;
  }
  return { weights: Float32Array.from(w), passes, gap: dualityGap(rows, y, c, w, alpha) };
}

/** (primal - dual) / primal of a pair of solutions. */
function dualityGap(rows: Rows, y: Int8Array, c: number, w: Float64Array, alpha: Float64Array): number {
  const { from: starts, to: ends, indices, values, features: bias } = rows;
  let norm = 0;
  for (const weight of w) norm += weight * weight;
  let loss = 0;
  let dual = -norm / 2;
  for (let r = 0; r < y.length; r++) {
    let dot = w[bias] as number;
    for (let i = starts[r] as number; i < (ends[r] as number); i++)
      dot += (w[indices[i] as number] as number) * (values[i] as number);
    const slack = Math.max(0, 1 - (y[r] as number) * dot);
    loss += slack * slack;
    const a = alpha[r] as number;
    dual += a - (a * a) / (4 * c);
  }
  const primal = norm / 2 + c * loss;
  return (primal - dual) / primal;
}
