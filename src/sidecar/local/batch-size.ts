/** So long a batch should take: names are answered while others wait, and a new one does not wait for long. */
const wantedMs = 1000;

/** No batch is smaller: each costs a few milliseconds of its own. */
const least = 32;

/** How many names to claim next. */
export interface BatchSize {
  next(): number;
  /** A batch of so many names took so long. */
  took(names: number, ms: number): void;
}

/**
 * As many names as take a second: 32 where each is encoded on a slow machine, `most` where letters settle them. It follows
 * what batches took, at most by a factor of two each.
 */
export function batchSize(most: number): BatchSize {
  let size = Math.min(most, 2 * least);
  return {
    next: () => size,
    took(names, ms) {
      // nearly empty: what the batch itself cost tells nothing of a name
      if (names < size / 2) return;
      const fits = (names * wantedMs) / Math.max(ms, 1);
      // one that was not full may be no proof that more would have fitted
      const wanted = names < size ? Math.min(fits, size) : fits;
      const next = Math.max(size / 2, Math.min(2 * size, wanted));
      size = Math.round(Math.min(most, Math.max(least, next)));
    },
  };
}
