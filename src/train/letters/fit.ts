import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { LettersWeights } from '../../model/letters/weights.ts';
import type { Tree } from '../../model/tree.ts';
import { type CountedNames, countNames, type Known, vocabularyOf } from './count.ts';
import { type FitTask, type FittedOutput, fitHere, type SharedRows } from './fit-worker.ts';

/** LIBLINEAR's cost of a slip: 1 was best of .5, 1 and 2 on the valid rows of the real titles. */
const cost = 1;
/**
 * Row visits of one task at most, as far as a node can be cut: two workers then end at about the same time. A fit of no more is
 * done without them: of 2,000 of the demo's names (53,287 visits) it takes .06 s, and with two workers, which have to start, .2 s
 * and .23 s more of the processor; of 360 names .002 and .07 s, and a training with its report fits ten times.
 */
const visitsATask = 60_000;
/** Entries of a node that a worker copies at most: 64 MB. */
const copyAtMost = 8_000_000;
/** Outputs of one task at least and at most: together they read a row once, and their weights lie in memory at once. */
const [fewestTogether, mostTogether] = [8, 32] as const;

export interface LettersOptions {
  seed: number;
  /** Worker threads; default: one a core, and none for a small fit. */
  threads?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0 to 1. */
  onProgress?: ((share: number) => void) | undefined;
}

/** The features of some names, weighed by what these rows know: (1 + ln tf) × idf, of Euclidean norm 1. */
function weigh(names: CountedNames, rows: Int32Array, { vocabulary, places }: Known): SharedRows {
  const { starts, indices, times, grams } = names;
  const values = names.spare ?? new Float32Array(new SharedArrayBuffer(indices.length * 4));
  names.spare = null;
  const idf = Float32Array.from(places, (place) => (place < 0 ? 0 : (vocabulary.idf[place] as number)));
  const frequency = Float64Array.from({ length: 256 }, (_, tf) => 1 + Math.log(Math.max(1, tf)));
  for (const row of rows) {
    const from = starts[row] as number;
    const to = starts[row + 1] as number;
    let squares = 0;
    for (let i = from; i < to; i++) {
      const value = (frequency[times[i] as number] as number) * (idf[indices[i] as number] as number);
      values[i] = value;
      squares += value * value;
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = from; i < to; i++) values[i] = (values[i] as number) * scale;
  }
  return { starts, indices, values, features: grams.length };
}

/** One task for each piece of work; the largest nodes first. A node with one child has nothing to tell apart. */
function plan(
  tree: Tree,
  names: Int32Array,
  targets: Int32Array,
  shared: SharedRows,
  seed: number,
): FitTask[] {
  const nodes = tree.nodeStarts.length - 1;
  const rows = Array.from({ length: nodes }, (): number[] => []);
  const taken = Array.from({ length: nodes }, (): number[] => []);
  targets.forEach((path, r) => {
    for (let level = 0; level < 3; level++) {
      const output = tree.pathOutputs[path * 3 + level] as number;
      if (output < 0) break;
      const node = tree.nodeOf[output] as number;
      (rows[node] as number[]).push(names[r] as number);
      (taken[node] as number[]).push(output);
    }
  });
  const order = [...rows.keys()].sort((a, b) => (rows[b] as number[]).length - (rows[a] as number[]).length);
  return order.flatMap((node) => {
    const from = tree.nodeStarts[node] as number;
    const to = tree.nodeStarts[node + 1] as number;
    if (to - from < 2) return [];
    const facts = {
      shared,
      node,
      rows: Int32Array.from(rows[node] as number[]),
      taken: Int32Array.from(taken[node] as number[]),
      c: cost,
      seed,
      copyAtMost,
    };
    const fit = Math.floor(visitsATask / facts.rows.length);
    const atOnce = Math.min(mostTogether, Math.max(fewestTogether, fit));
    const tasks: FitTask[] = [];
    for (let first = from; first < to; first += atOnce)
      tasks.push({ ...facts, first, outputs: Math.min(atOnce, to - first) });
    return tasks;
  });
}

/** Sorts the classifiers of all outputs by n-gram. */
function assemble(
  { vocabulary, places }: Known,
  tree: Tree,
  fitted: readonly FittedOutput[],
): LettersWeights {
  const starts = new Uint32Array(vocabulary.size + 1);
  for (const { features } of fitted)
    for (let i = 0; i < features.length; i++) {
      const gram = places[features[i] as number] as number;
      starts[gram + 1] = (starts[gram + 1] as number) + 1;
    }
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
    for (let i = 0; i < each.features.length; i++) {
      const gram = places[each.features[i] as number] as number;
      const at = next[gram] as number;
      next[gram] = at + 1;
      outputs[at] = each.output;
      weights[at] = each.weights[i] as number;
    }
  }
  return { vocabulary, starts, outputs, weights, scales, biases };
}

const visitsOf = (task: FitTask) => task.rows.length * task.outputs;

/** Solves the tasks in worker threads; `onDone` is told of the visits of each that is done. */
async function fitInThreads(
  tasks: readonly FitTask[],
  threads: number,
  onDone: (visits: number) => void,
  signal: AbortSignal | undefined,
): Promise<FittedOutput[]> {
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
  const lane = async () => {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
      signal?.throwIfAborted();
      fitted.push(...(await pool.run(task)));
      onDone(visitsOf(task));
    }
  };
  try {
    const lanes = await Promise.allSettled(Array.from({ length: threads }, lane));
    for (const each of lanes) if (each.status === 'rejected') throw each.reason;
    return fitted;
  } finally {
    await pool.destroy();
  }
}

/**
 * Trains the letters voice: for every node of the tree, one-vs-rest linear classifiers of its children on the n-grams of
 * the names that pass through it. Worker threads take whole problems, so that the same seed gives the same
 * model on any number of threads.
 *
 * @param rows    the rows of `keys` to train on
 * @param targets for each of these rows the index of its path in the tree
 */
export async function fitLetters(
  keys: readonly string[],
  rows: Int32Array,
  targets: Int32Array,
  tree: Tree,
  { seed, threads, signal, onProgress }: LettersOptions,
): Promise<LettersWeights> {
  const names = countNames(keys);
  signal?.throwIfAborted();
  const known = vocabularyOf(names, rows);
  const shared = weigh(names, rows, known);
  const tasks = plan(tree, rows, targets, shared, seed);
  const all = tasks.reduce((sum, task) => sum + visitsOf(task), 0);
  let done = 0;
  const onDone = (visits: number) => {
    done += visits;
    onProgress?.(done / all);
  };
  let fitted: FittedOutput[];
  try {
    if (threads === undefined && all <= visitsATask) {
      fitted = fitHere(tasks);
      onProgress?.(1);
    } else fitted = await fitInThreads(tasks, threads ?? availableParallelism(), onDone, signal);
  } finally {
    names.spare = shared.values;
  }
  return assemble(known, tree, fitted);
}
