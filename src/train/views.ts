import type { NameViews } from '../model/types.ts';
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
  const found = neighbours === 0 ? null : await nearest(set, rows, among, neighbours, signal);
  return Array.from(rows, (row, i) => ({
    nameKey: set.keys[row] as string,
    embedding: set.embeddings.subarray(row * set.dimension, (row + 1) * set.dimension),
    neighbours: found?.[i] ?? [],
  }));
}
