import { loadClassifier } from '../model/bundle.ts';
import type { Neighbour, Path, Prediction } from '../model/types.ts';
import { trainModel } from '../train/fit.ts';
import { nearest } from '../train/join/neighbours.ts';
import type { History } from './history.ts';

/** Names predicted at once. */
const page = 1024;

/** What the local layer of a past moment is made of. */
export interface Past {
  /** Rows of the history, rising. */
  rows: readonly number[];
  /** Labels that were others then than they are now, by name key. */
  then: ReadonlyMap<string, Path>;
}

export interface PastOptions {
  encoder: string;
  epochs?: number | undefined;
  signal: AbortSignal;
  /** Share that is done, 0 to 1. */
  onProgress: (share: number) => void;
}

/** The embeddings of some rows; without a copy where they are the first ones, as the past of every period is. */
function embeddingsOf({ embeddings, dimension }: History, rows: readonly number[]): Float32Array {
  if (rows.length === 0 || rows.at(-1) === rows.length - 1)
    return embeddings.subarray(0, rows.length * dimension);
  const copy = new Float32Array(rows.length * dimension);
  rows.forEach((row, i) => {
    copy.set(embeddings.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  });
  return copy;
}

function vectorOf({ embeddings, dimension }: History, row: number): Float32Array {
  return embeddings.subarray(row * dimension, (row + 1) * dimension);
}

/** Trains a model on the past alone and returns what it says of the arriving rows, in their order. */
export async function predictFromPast(
  history: History,
  past: Past,
  arriving: readonly number[],
  options: PastOptions,
): Promise<Prediction[]> {
  const { encoder, epochs, signal, onProgress } = options;
  const keys = past.rows.map((row) => history.keys[row] as string);
  const { files } = await trainModel(
    {
      keys,
      paths: past.rows.map((row, i) => past.then.get(keys[i] as string) ?? (history.paths[row] as Path)),
      embeddings: embeddingsOf(history, past.rows),
      dimension: history.dimension,
      encoder,
    },
    { ...(epochs === undefined ? {} : { epochs }), seed: 1, signal, onProgress },
  );
  const classifier = await loadClassifier(files);
  try {
    const predictions: Prediction[] = [];
    const among = Int32Array.from(past.rows);
    for (let from = 0; from < arriving.length; from += page) {
      signal.throwIfAborted();
      const rows = arriving.slice(from, from + page);
      // among the past alone: the real memory knows the future
      const asked = { vectors: rows.map((row) => vectorOf(history, row)), self: Int32Array.from(rows) };
      const near = await nearest(history, asked, among, classifier.neighbours, signal);
      const views = rows.map((row, i) => ({
        nameKey: history.keys[row] as string,
        embedding: asked.vectors[i] as Float32Array,
        neighbours: near[i] as Neighbour[],
      }));
      predictions.push(...(await classifier.predict(views)));
    }
    return predictions;
  } finally {
    await classifier.close();
  }
}
