import type { NameViews } from '../../model/types.ts';
import { nearest } from './neighbours.ts';
import type { TrainingSet } from './voices.ts';

/** Some rows as the joined voices read them, with neighbours among other rows. */
export async function viewsOf(
  set: TrainingSet,
  rows: Int32Array,
  among: Int32Array,
  neighbours: number,
  signal?: AbortSignal,
): Promise<NameViews[]> {
  const vectors = Array.from(rows, (row) =>
    set.embeddings.subarray(row * set.dimension, (row + 1) * set.dimension),
  );
  const found = await nearest(set, { vectors, self: rows }, among, neighbours, signal);
  return Array.from(rows, (row, i) => ({
    nameKey: set.keys[row] as string,
    embedding: vectors[i] as Float32Array,
    neighbours: found[i] as NameViews['neighbours'],
  }));
}
