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
  const task = { shared, node: 2, rows, taken, first: 7, outputs: 4, c: 1, seed: 5 };
  const copied = fitOutputs({ ...task, copyAtMost: Number.POSITIVE_INFINITY });
  const inPlace = fitOutputs({ ...task, node: 3, copyAtMost: 0 });
  expect(inPlace).toEqual(copied);
  expect(copied.map(({ output }) => output)).toEqual([7, 8, 9, 10]);
  expect(copied.every(({ features }) => features.length > 100)).toBe(true);
  expect(shared.indices).toEqual(before);
});

test('what the fit does not know has no weight, copied or not', () => {
  const shared = sharedRows();
  shared.values.forEach((_, i) => {
    if ((shared.indices[i] as number) % 5 === 0) shared.values[i] = 0;
  });
  const rows = Int32Array.from({ length: 300 }, (_, r) => r);
  const task = { shared, rows, taken: rows.map((row) => row % 3), first: 0, outputs: 3, c: 1, seed: 5 };
  for (const [node, copyAtMost] of [0, Number.POSITIVE_INFINITY].entries()) {
    const fitted = fitOutputs({ ...task, node: 10 + node, copyAtMost });
    expect(fitted.flatMap(({ features }) => [...features]).filter((feature) => feature % 5 === 0)).toEqual(
      [],
    );
  }
});
