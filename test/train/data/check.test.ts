import { describe, expect, test } from 'vitest';
import type { Path } from '../../../src/model/types.ts';
import { checkTrainable } from '../../../src/train/data/check.ts';

const set = (paths: Path[]) => ({ keys: paths.map((_, i) => `name ${i}`), paths });
const many = (count: number, path: (i: number) => Path) =>
  set(Array.from({ length: count }, (_, i) => path(i)));

describe('checkTrainable', () => {
  test('refuses too few labels, and says how many are of retired categories', () => {
    expect(() => checkTrainable('memory', set([]))).toThrow(
      'memory holds 0 labelled names, training needs at least 50',
    );
    expect(() => checkTrainable('memory', { ...many(49, () => [1, 2, 3]), retired: 12 })).toThrow(
      'memory holds 49 labelled names (and 12 of retired categories, which are left out)',
    );
    expect(() => checkTrainable('memory', { ...many(49, () => [1, 2, 3]), retired: 1, sealed: 2 })).toThrow(
      'memory holds 49 labelled names (and 1 of retired categories and 2 drawn as checks, which are left out)',
    );
  });

  test('refuses one category alone, and takes one l1 with two below it', () => {
    expect(() =>
      checkTrainable(
        'f.csv',
        many(60, () => [1, null, null]),
      ),
    ).toThrow('all 60 labelled names of f.csv are of one category');
    expect(
      checkTrainable(
        'f.csv',
        many(60, (i) => [1, 2 + (i % 2), null]),
      ),
    ).toEqual({ single: 0 });
  });

  test('counts categories of one row', () => {
    expect(
      checkTrainable(
        'memory',
        many(60, (i) => [1, i < 3 ? 10 + i : 20 + (i % 2), null]),
      ),
    ).toEqual({
      single: 3,
    });
  });

  test('refuses more than 100,000 categories with a reason', () => {
    expect(
      checkTrainable(
        'memory',
        many(100_000, (i) => [1, 2, 3 + i]),
      ),
    ).toEqual({ single: 100_000 });
    expect(() =>
      checkTrainable(
        'memory',
        many(100_001, (i) => [1, 2, 3 + i]),
      ),
    ).toThrow(
      expect.objectContaining({
        message: 'memory holds labels of 100001 categories, at most 100000 can be learnt',
        hint: expect.stringContaining('600 MB'),
      }),
    );
  });
});
