/**
 * Names in the batches that claim_llm() would make of them, were all of them due: of one branch as long as these are full,
 * what is left of all branches together.
 *
 * @param size names in a batch at most
 */
export function* batchesOf<T>(
  names: Iterable<T>,
  branchOf: (name: T) => number | null,
  size: number,
): Generator<T[]> {
  const left: T[] = [];
  for (const same of Map.groupBy(names, branchOf).values()) {
    const full = same.length - (same.length % size);
    for (let from = 0; from < full; from += size) yield same.slice(from, from + size);
    left.push(...same.slice(full));
  }
  // as neighbours share categories
  left.sort((a, b) => (branchOf(a) ?? 0) - (branchOf(b) ?? 0));
  for (let from = 0; from < left.length; from += size) yield left.slice(from, from + size);
}
