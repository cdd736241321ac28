import { describe, expect, test } from 'vitest';
import type { Path } from '../../src/model/types.ts';
import { mostSearched, nearest, searchedRows } from '../../src/train/neighbours.ts';
import { seededRandom } from '../../src/train/random.ts';

/** More rows than one block holds, and a path of its own for each. */
const [count, dimension] = [4600, 6];
const random = seededRandom(2);
const embeddings = new Float32Array(count * dimension);
for (let i = 0; i < count; i++) {
  const vector = Array.from({ length: dimension }, () => random.next() - 0.5);
  const norm = Math.hypot(...vector);
  embeddings.set(
    vector.map((x) => x / norm),
    i * dimension,
  );
}
const set = {
  embeddings,
  dimension,
  paths: Array.from({ length: count }, (_, i): Path => [i + 1, null, null]),
};
const row = (i: number) => embeddings.subarray(i * dimension, (i + 1) * dimension);

/** One by one in double precision. */
function slowly(query: number, among: Int32Array, k: number): { row: number; cosine: number }[] {
  return Array.from(among)
    .filter((i) => i !== query)
    .map((i) => ({ row: i, cosine: row(query).reduce((sum, x, j) => sum + x * (row(i)[j] as number), 0) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, k);
}

/** Rows of a set as they ask for neighbours. */
const asked = (set: { embeddings: Float32Array; dimension: number }, rows: Int32Array) => ({
  vectors: Array.from(rows, (row) => set.embeddings.subarray(row * set.dimension, (row + 1) * set.dimension)),
  self: rows,
});

describe('nearest', () => {
  test('finds over all blocks what a search one by one finds, never the row itself', async () => {
    const queries = Int32Array.from({ length: 300 }, (_, i) => (i * 53) % count);
    const among = Int32Array.from({ length: count }, (_, i) => i).filter((i) => i % 20 !== 3);
    const found = await nearest(set, asked(set, queries), among, 7);
    expect(found).toHaveLength(300);
    for (const [i, query] of queries.entries()) {
      const expected = slowly(query, among, 7);
      const mine = found[i] as (typeof found)[number];
      expect(mine.map(({ path }) => path[0] - 1)).toEqual(expected.map((each) => each.row));
      mine.forEach(({ cosine }, j) => {
        expect(cosine).toBeCloseTo(expected[j]?.cosine as number, 5);
      });
    }
  });

  test('gives fewer where there are fewer, and none among none', async () => {
    const found = await nearest(set, asked(set, Int32Array.of(0, 9)), Int32Array.of(9, 3, 4), 30);
    expect(found.map((each) => each.length)).toEqual([3, 2]);
    expect(found[1]?.map(({ path }) => path[0] - 1)).not.toContain(9);
    expect(await nearest(set, asked(set, Int32Array.of(0)), new Int32Array(), 30)).toEqual([[]]);
    expect(await nearest(set, asked(set, new Int32Array()), Int32Array.of(1), 30)).toEqual([]);
  });

  test('finds the copy of a name that is not the name itself', async () => {
    const twins = { ...set, embeddings: embeddings.slice() };
    twins.embeddings.set(row(5), 4500 * dimension);
    const [found] = await nearest(
      twins,
      asked(twins, Int32Array.of(5)),
      Int32Array.from(twins.paths.keys()),
      1,
    );
    expect(found).toMatchObject([{ path: [4501, null, null] }]);
    expect(found?.[0]?.cosine).toBeCloseTo(1, 5);
  });

  test('can be stopped', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(nearest(set, asked(set, Int32Array.of(1)), Int32Array.of(2), 1, signal)).rejects.toThrow(
      'enough',
    );
  });
});

describe('searchedRows', () => {
  const rows = (length: number) => Int32Array.from({ length }, (_, i) => 5 + 2 * i);

  test('are all rows up to 100,000', () => {
    const all = rows(mostSearched);
    expect(searchedRows(all)).toEqual(all);
  });

  test('are 100,000 of more, in order, the same ones each time, from everywhere', () => {
    const all = rows(mostSearched * 2);
    const before = all.slice();
    const some = searchedRows(all);
    expect(all).toEqual(before);
    expect(new Set(some).size).toBe(mostSearched);
    expect(some).toEqual(some.toSorted());
    expect([...some].every((row) => (row - 5) % 2 === 0)).toBe(true);
    expect(searchedRows(all)).toEqual(some);
    // half of each quarter, by chance
    for (let quarter = 0; quarter < 4; quarter++) {
      const from = 5 + quarter * mostSearched;
      const share = some.filter((row) => row >= from && row < from + mostSearched).length / mostSearched;
      expect(share).toBeCloseTo(0.25, 1);
    }
    // no regular step
    expect(new Set(some.map((row, i) => row - (some[i - 1] ?? 0))).size).toBeGreaterThan(3);
  });
});
