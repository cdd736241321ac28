import { Tensor } from 'onnxruntime-node';
import type { Path } from '../../model/types.ts';
import { OnnxGraph } from '../onnx-graph.ts';
import { openSession } from '../open-session.ts';
import type { TrainedHead } from './heads-graph.ts';
import type { Standard } from './step-graph.ts';

/** Rows of one product. */
const rowsAtOnce = 4096;
/** Share of the mean variance that is added to each dimension's, so that rare directions decide nothing. */
const ridge = 0.1;
/** A class's mean counts as if so many names at the mean of all were in it too. */
const atTheMean = 2;

interface ClassSum {
  count: number;
  sum: Float64Array;
}

/** What a linear discriminant needs to know of some labelled rows; that of parts adds up. */
export interface Moments {
  count: number;
  sum: Float64Array;
  /** Sum of the outer products of the rows, dimension × dimension. */
  products: Float64Array;
  /** For each level its classes; null is "stops above". */
  classes: readonly [
    Map<number | null, ClassSum>,
    Map<number | null, ClassSum>,
    Map<number | null, ClassSum>,
  ];
}

export interface Embedded {
  paths: readonly Path[];
  embeddings: Float32Array;
  dimension: number;
}

/** The moments of some rows of a set. */
export async function momentsOf(
  { paths, embeddings, dimension }: Embedded,
  rows: Int32Array,
  signal?: AbortSignal,
): Promise<Moments> {
  const graph = new OnnxGraph();
  const x = graph.input('x', 'float', ['rows', dimension]);
  graph.output(graph.op('Gemm', [x, x], { transA: 1 }, 'products'), 'float', [dimension, dimension]);
  const session = await openSession(graph.build());
  const found = emptyMoments(dimension);
  found.count = rows.length;
  try {
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      signal?.throwIfAborted();
      const part = rows.subarray(from, from + rowsAtOnce);
      const block = new Float32Array(part.length * dimension);
      for (const [i, row] of part.entries()) {
        const vector = embeddings.subarray(row * dimension, (row + 1) * dimension);
        block.set(vector, i * dimension);
        addTo(found.sum, vector);
        for (const level of [0, 1, 2] as const) {
          const id = (paths[row] as Path)[level];
          const own = found.classes[level].get(id) ?? { count: 0, sum: new Float64Array(dimension) };
          found.classes[level].set(id, own);
          own.count++;
          addTo(own.sum, vector);
        }
      }
      const { products } = await session.run({ x: new Tensor('float32', block, [part.length, dimension]) });
      addTo(found.products, (products as Tensor).data as Float32Array);
    }
  } finally {
    await session.release();
  }
  return found;
}

function emptyMoments(dimension: number): Moments {
  return {
    count: 0,
    sum: new Float64Array(dimension),
    products: new Float64Array(dimension * dimension),
    classes: [new Map(), new Map(), new Map()],
  };
}

function addTo(sum: Float64Array, values: ArrayLike<number>): void {
  for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + (values[j] as number);
}

/** The moments of all rows of some parts together. */
export function together(parts: readonly Moments[]): Moments {
  const all = emptyMoments(parts[0]?.sum.length ?? 0);
  for (const part of parts) {
    all.count += part.count;
    addTo(all.sum, part.sum);
    addTo(all.products, part.products);
    for (const level of [0, 1, 2] as const)
      for (const [id, { count, sum }] of part.classes[level]) {
        const own = all.classes[level].get(id) ?? { count: 0, sum: new Float64Array(sum.length) };
        all.classes[level].set(id, own);
        own.count += count;
        addTo(own.sum, sum);
      }
  }
  return all;
}

/**
 * A linear discriminant for each level as a head without a hidden layer: classes are taken for clouds of one shape about their
 * means, so that the embedding's log-probabilities are linear, and follow from means and covariance with no training. Alone it is right
 * in 91.7 / 87.5 / 76.0 % of a tenth of the real titles, where letters are in 95.4 / 91.2 / 83.1 %, but far too sure.
 */
export function discriminants({ count, sum, products, classes }: Moments): {
  standard: Standard;
  classes: (number | null)[][];
  heads: TrainedHead[];
} {
  const dimension = sum.length;
  const mean = Float32Array.from(sum, (value) => value / count);
  const found = classes.map((level) => [...level].sort(([a], [b]) => (a ?? 0) - (b ?? 0)));
  const heads = found.map((level): TrainedHead => {
    const spread = choleskyOf(withinClasses(products, level), dimension, count);
    const weights = new Float32Array(dimension * level.length);
    const biases = new Float32Array(level.length);
    for (const [k, [, own]] of level.entries()) {
      const towards = own.sum.map(
        (value, j) => (value - own.count * (mean[j] as number)) / (own.count + atTheMean),
      );
      const direction = solveBy(spread, towards);
      let half = 0;
      for (let j = 0; j < dimension; j++) {
        weights[j * level.length + k] = direction[j] as number;
        half += ((direction[j] as number) * (towards[j] as number)) / 2;
      }
      biases[k] = Math.log(own.count / count) - half;
    }
    return { shape: { dimension, hidden: 0, classes: level.length }, parameters: [weights, biases] };
  });
  return { standard: { mean, scale: 1 }, classes: found.map((level) => level.map(([id]) => id)), heads };
}

/** Sum of the outer products of the rows' distances from their class's mean; the lower triangle alone is right. */
function withinClasses(products: Float64Array, level: readonly [unknown, ClassSum][]): Float64Array {
  const within = products.slice();
  for (const [, { count, sum }] of level)
    for (let a = 0; a < sum.length; a++) {
      const share = (sum[a] as number) / count;
      const row = a * sum.length;
      for (let b = 0; b <= a; b++) within[row + b] = (within[row + b] as number) - share * (sum[b] as number);
    }
  return within;
}

/** Cholesky's triangle of the covariance, row by row. */
function choleskyOf(within: Float64Array, n: number, count: number): Float64Array {
  let variance = 0;
  for (let a = 0; a < n; a++) variance += (within[a * n + a] as number) / count / n;
  const lower = within.map((value) => value / count);
  // a class a name leaves no variance at all, but rounding
  const least = variance > 1e-9 ? ridge * variance : 1;
  for (let a = 0; a < n; a++)
    for (let b = 0; b <= a; b++) {
      let rest = (lower[a * n + b] as number) + (a === b ? least : 0);
      for (let k = 0; k < b; k++) rest -= (lower[a * n + k] as number) * (lower[b * n + k] as number);
      lower[a * n + b] = a === b ? Math.sqrt(Math.max(rest, least)) : rest / (lower[b * n + b] as number);
    }
  return lower;
}

/** The x of `lower` × its transpose × x = y. */
function solveBy(lower: Float64Array, y: Float64Array): Float64Array {
  const n = y.length;
  const x = y.slice();
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < a; b++) x[a] = (x[a] as number) - (lower[a * n + b] as number) * (x[b] as number);
    x[a] = (x[a] as number) / (lower[a * n + a] as number);
  }
  for (let a = n - 1; a >= 0; a--) {
    for (let b = a + 1; b < n; b++) x[a] = (x[a] as number) - (lower[b * n + a] as number) * (x[b] as number);
    x[a] = (x[a] as number) / (lower[a * n + a] as number);
  }
  return x;
}
