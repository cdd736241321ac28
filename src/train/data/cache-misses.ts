import type { Database } from '../../database/connection/open.ts';
import { similarInTraining } from '../../database/memory.ts';
import { progress } from '../../progress.ts';
import { partsBy, trainFrom } from './split.ts';

/** Names asked at once: small, so that two connections end together and an interruption waits a moment only. */
const page = 250;
/** One for each of two cores; the server works, this process waits. */
const connections = 2;

/** Held-out names that are judged at most. */
const mostJudged = 20_000;

/**
 * The held-out names that `cacheMisses` is asked about: all of them, or of more than 20,000 (`most`) about that many,
 * evenly spread over their order (memory is read by digest, which is chance). Names that nobody judged are no cache
 * misses: no figure counts on them.
 */
export function judgedNames(held: readonly string[], most: number = mostJudged): string[] {
  const step = Math.max(1, held.length / most);
  return Array.from({ length: Math.min(held.length, most) }, (_, i) => held[Math.floor(i * step)] as string);
}

/**
 * Those of some held-out names that layers 1 and 2, given the training part of memory alone, would not have answered:
 * the traffic that the local layer sees. A name key has one label, so layer 1 never knows a held-out name; layer 2 is
 * asked in SQL with its threshold and its guard. The guard's words are those learnt from all of memory.
 *
 * @param keys    name keys outside the training part
 * @param options testShare: as `partsBy` takes it
 */
export async function cacheMisses(
  db: Database,
  keys: readonly string[],
  options: { signal?: AbortSignal; testShare?: number | undefined } = {},
): Promise<Set<string>> {
  const misses = new Set(keys);
  if (keys.length === 0) return misses;
  const from = trainFrom(options.testShare);
  const bar = progress('looking for cache misses', keys.length, 'names');
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < keys.length) {
      options.signal?.throwIfAborted();
      const names = keys.slice(next, next + page);
      next += names.length;
      for (const name of await similarInTraining(db, names, from)) misses.delete(name);
      done += names.length;
      bar.at(done);
    }
  };
  try {
    const lanes = await Promise.allSettled(Array.from({ length: connections }, lane));
    for (const each of lanes) if (each.status === 'rejected') throw each.reason;
    return misses;
  } finally {
    bar.end();
  }
}

/** Of some name keys those outside the training part, those of them that are judged, and the cache misses among these. */
export async function heldOutMisses(
  db: Database,
  keys: readonly string[],
  options: { signal: AbortSignal; testShare: number | undefined },
): Promise<{ names: number; judged: number; misses: Set<string> }> {
  const part = partsBy(options.testShare);
  const held = keys.filter((key) => part(key) !== 'train');
  const judged = judgedNames(held);
  return { names: held.length, judged: judged.length, misses: await cacheMisses(db, judged, options) };
}
