import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { Vocabulary } from '../../model/letters/vocabulary.ts';
import type { LettersWeights } from '../../model/letters/weights.ts';
import type { Tree } from '../../model/tree.ts';
import { countVocabulary } from './count.ts';
import type { FitTask, FittedOutput, SharedRows } from './fit-worker.ts';

/** LIBLINEAR's cost of a slip: 1 was best of .5, 1 and 2 on the valid rows of the real titles. */
const cost = 1;
/** Row visits of one task at most, as far as a node can be cut: two workers then end at about the same time. */
const visitsATask = 60_000;

export interface LettersOptions {
  seed: number;
  signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  onProgress?: ((share: number) => void) | undefined;
}

/** Features of some names in memory that worker threads share. */
function shareRows(vocabulary: Vocabulary, keys: readonly string[], rows: Int32Array): SharedRows {
  let room = rows.length * 64;
  let indices = new Int32Array(new SharedArrayBuffer(room * 4));
  let values = new Float32Array(new SharedArrayBuffer(room * 4));
  const starts = new Float64Array(new SharedArrayBuffer((rows.length + 1) * 8));
  let at = 0;
  for (const [r, row] of rows.entries()) {
    const found = vocabulary.features(keys[row] as string);
    if (at + found.indices.length > room) {
      // as many more as the rows so far predict, and a little
      room = Math.ceil(((at + found.indices.length) / (r + 1)) * rows.length * 1.05) + 4096;
      const [longer, more] = [new SharedArrayBuffer(room * 4), new SharedArrayBuffer(room * 4)];
      new Int32Array(longer).set(indices.subarray(0, at));
      new Float32Array(more).set(values.subarray(0, at));
      indices = new Int32Array(longer);
      values = new Float32Array(more);
    }
    indices.set(found.indices, at);
    values.set(found.values, at);
    at += found.indices.length;
    starts[r + 1] = at;
  }
  return { starts, indices, values, features: vocabulary.size };
}

/** One task for each piece of work; the largest nodes first. A node with one child has nothing to tell apart. */
function plan(tree: Tree, targets: Int32Array, shared: SharedRows, seed: number): FitTask[] {
  const nodes = tree.nodeStarts.length - 1;
  const rows = Array.from({ length: nodes }, (): number[] => []);
  const taken = Array.from({ length: nodes }, (): number[] => []);
  targets.forEach((path, row) => {
    for (let level = 0; level < 3; level++) {
      const output = tree.pathOutputs[path * 3 + level] as number;
      if (output < 0) break;
      const node = tree.nodeOf[output] as number;
      (rows[node] as number[]).push(row);
      (taken[node] as number[]).push(output);
    }
  });
  const order = [...rows.keys()].sort((a, b) => (rows[b] as number[]).length - (rows[a] as number[]).length);
  return order.flatMap((node) => {
    const from = tree.nodeStarts[node] as number;
    const outputs = Array.from({ length: (tree.nodeStarts[node + 1] as number) - from }, (_, i) => from + i);
    if (outputs.length < 2) return [];
    const facts = {
      shared,
      node,
      rows: Int32Array.from(rows[node] as number[]),
      taken: Int32Array.from(taken[node] as number[]),
      c: cost,
      seed,
    };
    const atOnce = Math.max(1, Math.floor(visitsATask / facts.rows.length));
    const tasks: FitTask[] = [];
    for (let i = 0; i < outputs.length; i += atOnce)
      tasks.push({ ...facts, outputs: outputs.slice(i, i + atOnce) });
    return tasks;
  });
}

/** Sorts the classifiers of all outputs by n-gram. */
function assemble(vocabulary: Vocabulary, tree: Tree, fitted: readonly FittedOutput[]): LettersWeights {
  const starts = new Uint32Array(vocabulary.size + 1);
  for (const { features } of fitted)
    for (const feature of features) starts[feature + 1] = (starts[feature + 1] as number) + 1;
  for (let g = 0; g < vocabulary.size; g++) starts[g + 1] = (starts[g + 1] as number) + (starts[g] as number);
  const entries = starts[vocabulary.size] as number;
  const outputs = tree.outputs > 65_535 ? new Uint32Array(entries) : new Uint16Array(entries);
  const weights = new Int8Array(entries);
  const scales = new Float32Array(tree.outputs);
  const biases = new Float32Array(tree.outputs);
  const next = starts.slice();
  for (const each of [...fitted].sort((a, b) => a.output - b.output)) {
    scales[each.output] = each.scale;
    biases[each.output] = each.bias;
    for (const [i, feature] of each.features.entries()) {
      const at = next[feature] as number;
      next[feature] = at + 1;
      outputs[at] = each.output;
      weights[at] = each.weights[i] as number;
    }
  }
  return { vocabulary, starts, outputs, weights, scales, biases };
}

/**
 * Trains the letters voice: for every node of the tree, one-vs-rest linear classifiers of its children on the n-grams of
 * the names that pass through it. Worker threads, one a core, take whole problems, so that the same seed gives the same
 * model on any number of cores.
 *
 * @param rows    the rows of `keys` to train on
 * @param targets for each of these rows the index of its path in the tree
 */
export async function fitLetters(
  keys: readonly string[],
  rows: Int32Array,
  targets: Int32Array,
  tree: Tree,
  { seed, signal, onProgress }: LettersOptions,
): Promise<LettersWeights> {
  const vocabulary = countVocabulary(keys, rows);
  signal?.throwIfAborted();
  const shared = shareRows(vocabulary, keys, rows);
  const tasks = plan(tree, targets, shared, seed);
  const visits = (task: FitTask) => task.rows.length * task.outputs.length;
  const all = tasks.reduce((sum, task) => sum + visits(task), 0);
  const threads = availableParallelism();
  const pool = new Piscina<FitTask, FittedOutput[]>({
    filename: new URL(
      import.meta.url.endsWith('.ts') ? './fit-worker.ts' : './fit-worker.js',
      import.meta.url,
    ).href,
    minThreads: threads,
    maxThreads: threads,
  });
  const fitted: FittedOutput[] = [];
  let next = 0;
  let done = 0;
  const lane = async () => {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
      signal?.throwIfAborted();
      fitted.push(...(await pool.run(task)));
      done += visits(task);
      onProgress?.(done / all);
    }
  };
  try {
    const lanes = await Promise.allSettled(Array.from({ length: threads }, lane));
    for (const each of lanes) if (each.status === 'rejected') throw each.reason;
  } finally {
    await pool.destroy();
  }
  return assemble(vocabulary, tree, fitted);
}
