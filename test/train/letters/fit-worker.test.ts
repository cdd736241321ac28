import { expect, test } from 'vitest';
import fitOutputs, { type FitTask } from '../../../src/train/letters/fit-worker.ts';
import { seededRandom } from '../../../src/train/random.ts';

/** 300 rows of 3 to 12 of 500 features, as `fitLetters` shares them. */
function sharedRows(): FitTask['shared'] {
  const random = seededRandom(4);
  const found = Array.from({ length: 300 }, () => {
    const features = new Set<number>();
    const count = 3 + Math.floor(random.next() * 10);
    while (features.size < count) features.add(Math.floor(random.next() * 500));
    return [...features].sort((a, b) => a - b);
  });
  const starts = new Int32Array(301);
  for (const [r, features] of found.entries()) starts[r + 1] = (starts[r] as number) + features.length;
  return {
    starts,
    indices: Int32Array.from(found.flat()),
    values: Float32Array.from(found.flat(), () => random.next()),
    features: 500,
  };
}

test('a node read in place gives what its copy gives', () => {
  const shared = sharedRows();
  // a node that two rows in three pass through, so that rows of the copy and of the whole differ
  const rows = Int32Array.from({ length: 300 }, (_, r) => r).filter((r) => r % 3 !== 1);
  const taken = rows.map((row) => 7 + (row % 4));
  const before = shared.indices.slice();
  const task = { shared, node: 2, rows, taken, outputs: [7, 8, 9, 10], c: 1, seed: 5 };
  const copied = fitOutputs({ ...task, copyAtMost: Number.POSITIVE_INFINITY });
  const inPlace = fitOutputs({ ...task, node: 3, copyAtMost: 0 });
  expect(inPlace.map(({ gap: _, ...fitted }) => fitted)).toEqual(
    copied.map(({ gap: _, ...fitted }) => fitted),
  );
  inPlace.forEach(({ gap }, i) => {
    expect(gap).toBeCloseTo(copied[i]?.gap as number, 9);
  });
  expect(copied.every(({ features }) => features.length > 100)).toBe(true);
  expect(shared.indices).toEqual(before);
});
