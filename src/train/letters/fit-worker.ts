import { seededRandom } from '../random.ts';
import { type Rows, type Solution, solve } from './solve.ts';

/** The names' features, in memory that all workers share. */
export interface SharedRows {
  /** Name n's features are indices[starts[n]] … indices[starts[n + 1] - 1]. */
  starts: Int32Array;
  indices: Int32Array;
  /** 0 where the fit does not know the feature. */
  values: Float32Array;
  /** How many features there are. */
  features: number;
}

/** Some children of one node, to be told apart from the node's other names. */
export interface FitTask {
  shared: SharedRows;
  node: number;
  /** Names of `shared` that pass through the node, and the output that each takes there. */
  rows: Int32Array;
  taken: Int32Array;
  /** The outputs to be solved: the first of them, and how many follow one another. */
  first: number;
  outputs: number;
  c: number;
  seed: number;
  /** A node of more entries (features of its rows, with repetition) is read in place, not copied. */
  copyAtMost: number;
}

/** One output's classifier: features ascending, weights in units of `scale`. */
export interface FittedOutput {
  output: number;
  features: Int32Array;
  weights: Int8Array;
  scale: number;
  bias: number;
}

/**
 * Weights nearer to 0 are dropped: .01 keeps 12.5 of 57.6 million on 57,029 real titles and loses nothing; .03 keeps 6.6
 * and loses .1 of a point.
 */
const leastWeight = 0.01;

interface Local {
  node: number;
  rows: Rows;
  /** Feature of `shared` for each local one. */
  features: Int32Array;
}
// the node of the last task: the next one is often another piece of it (a pool's threads serve one fit)
let last: Local | undefined;

/**
 * A node's rows. Those of a small node are copied, with features numbered anew, densely: it then needs few weights. Those
 * of a large one, which has most features anyway, stay where they are. At 743,000 titles the peak early in the root was
 * 2.98 GB with copies and without `predictRoom` (fit.ts), 1.39 GB with both changes; neither was measured alone. Both
 * ways give the same weights.
 */
function localRows(task: FitTask): Local {
  const { shared, node, rows, copyAtMost } = task;
  const from = rows.map((row) => shared.starts[row] as number);
  const to = rows.map((row) => shared.starts[row + 1] as number);
  const size = rows.reduce((sum, _, r) => sum + (to[r] as number) - (from[r] as number), 0);
  if (size > copyAtMost) {
    const { indices, values } = shared;
    const features = Int32Array.from({ length: shared.features }, (_, feature) => feature);
    return { node, rows: { from, to, indices, values, features: shared.features }, features };
  }
  const features = known(task, from, to);
  const place = new Int32Array(shared.features);
  for (let j = 0; j < features.length; j++) place[features[j] as number] = j;
  const starts = new Int32Array(rows.length + 1);
  const indices = new Int32Array(size);
  const values = new Float32Array(size);
  let at = 0;
  for (let r = 0; r < rows.length; r++) {
    for (let i = from[r] as number; i < (to[r] as number); i++) {
      const value = shared.values[i] as number;
      if (value === 0) continue;
      indices[at] = place[shared.indices[i] as number] as number;
      values[at++] = value;
    }
    starts[r + 1] = at;
  }
  return {
    node,
    rows: {
      from: starts.subarray(0, -1),
      to: starts.subarray(1),
      indices,
      values,
      features: features.length,
    },
    features,
  };
}

/** The features that the rows have and the fit knows, ascending: numbered in this order, weights come out sorted. */
function known({ shared }: FitTask, from: Int32Array, to: Int32Array): Int32Array {
  const seen = new Uint8Array(shared.features);
  let count = 0;
  for (let r = 0; r < from.length; r++)
    for (let i = from[r] as number; i < (to[r] as number); i++) {
      const feature = shared.indices[i] as number;
      if (seen[feature] === 1 || shared.values[i] === 0) continue;
      seen[feature] = 1;
      count++;
    }
  const features = new Int32Array(count);
  let at = 0;
  for (let feature = 0; feature < seen.length; feature++) if (seen[feature] === 1) features[at++] = feature;
  return features;
}

/** One class of a solution, without the weights that say nothing. */
function compress(
  output: number,
  { features }: Local,
  { weights, stride }: Solution,
  column: number,
): FittedOutput {
  let highest = 0;
  let count = 0;
  for (let j = 0; j < features.length; j++) {
    const size = Math.abs(weights[j * stride + column] as number);
    if (size < leastWeight) continue;
    count++;
    if (size > highest) highest = size;
  }
  const scale = highest > 0 ? highest / 127 : 1;
  const kept = { features: new Int32Array(count), weights: new Int8Array(count) };
  let at = 0;
  for (let j = 0; j < features.length; j++) {
    const weight = weights[j * stride + column] as number;
    if (Math.abs(weight) < leastWeight) continue;
    kept.features[at] = features[j] as number;
    kept.weights[at++] = Math.round(weight / scale);
  }
  return { output, ...kept, scale, bias: weights[features.length * stride + column] as number };
}

/** Solves the task's outputs together. */
export default function fitOutputs(task: FitTask): FittedOutput[] {
  if (last?.node !== task.node) last = localRows(task);
  const local = last;
  const { first, outputs, c, seed } = task;
  const taken = task.taken.map((output) => output - first);
  const solution = solve(local.rows, taken, outputs, c, seededRandom(seed + first));
  return Array.from({ length: outputs }, (_, k) => compress(first + k, local, solution, k));
}

/** Solves all tasks of a fit in this thread, without a pause: between two of them `last` would be another fit's. */
export function fitHere(tasks: readonly FitTask[]): FittedOutput[] {
  last = undefined;
  try {
    return tasks.flatMap(fitOutputs);
  } finally {
    last = undefined;
  }
}
