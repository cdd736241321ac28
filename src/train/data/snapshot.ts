import { createHash } from 'node:crypto';
import type { Path } from '../../model/types.ts';

/** What a model was trained on, so that two models can be told to have seen the same. */
export interface DataSnapshot {
  labels: number;
  /** Of the training rows, name key and path, in their order. */
  sha256: string;
  /** The newest row of label_changes before memory was read; null while nothing was ever changed. */
  newest_change: number | null;
}

/** The snapshot of rows that training read. */
export function dataSnapshot(
  keys: readonly string[],
  paths: readonly Path[],
  newestChange: number | null,
): DataSnapshot {
  const hash = createHash('sha256');
  for (const [i, key] of keys.entries()) hash.update(`${key}\t${paths[i]?.join('\t')}\n`);
  return { labels: keys.length, sha256: hash.digest('hex'), newest_change: newestChange };
}
