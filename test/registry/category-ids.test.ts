import { expect, test } from 'vitest';
import { categoryIds, mapCategoryIds } from '../../src/registry/category-ids.ts';

const manifest = {
  format: 1,
  dimension: 384,
  classes: [
    [1, 2],
    [3, null],
    [4, null],
  ],
  paths: [
    [1, 3, 4],
    [2, null, null],
  ],
  training: { seed: 1, rows: 4 },
};

test('every category id of classes and paths is replaced, no other number is', () => {
  expect(mapCategoryIds(manifest, (id) => id + 100)).toEqual({
    ...manifest,
    classes: [
      [101, 102],
      [103, null],
      [104, null],
    ],
    paths: [
      [101, 103, 104],
      [102, null, null],
    ],
  });
});

test('the ids in use are listed once', () => {
  expect([...categoryIds(manifest)].sort()).toEqual([1, 2, 3, 4]);
  expect([...categoryIds({ format: 1 })]).toEqual([]);
});
