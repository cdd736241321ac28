import { expect, test } from 'vitest';
import type { Path } from '../../../src/model/types.ts';
import { dataSnapshot } from '../../../src/train/data/snapshot.ts';

const paths: Path[] = [
  [1, 2, 3],
  [4, null, null],
];

test('a snapshot is the same for the same rows and another for any other', () => {
  const snapshot = dataSnapshot(['a', 'b'], paths, 7);
  expect(snapshot).toMatchObject({ labels: 2, newest_change: 7 });
  expect(dataSnapshot(['a', 'b'], paths, 7)).toEqual(snapshot);
  for (const [keys, others] of [
    [['b', 'a'], paths],
    [['a', 'c'], paths],
    [
      ['a', 'b'],
      [paths[0], [4, 5, null]],
    ],
    [['a'], paths],
  ] as [string[], Path[]][])
    expect(dataSnapshot(keys, others, 7).sha256).not.toBe(snapshot.sha256);
});
