import { describe, expect, test } from 'vitest';
import type { Path } from '../../../src/model/types.ts';
import { nearest } from '../../../src/train/join/neighbours.ts';
import { seededRandom } from '../../../src/train/random.ts';

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

describe('nearest among more rows than are compared with each', () => {
  const among = Int32Array.from({ length: count }, (_, i) => i).filter((i) => i % 9 !== 4);
  const queries = Int32Array.from({ length: 400 }, (_, i) => (i * 11) % count);
  const inCells = (rows: Int32Array, k = 10) =>
    nearest(clustered, asked(clustered, queries), rows, k, undefined, 1000);
  /** Around 60 centres, as names lie around their categories. */
  const clustered = { ...set, dimension: 12, embeddings: new Float32Array(count * 12) };
  const centres = Array.from({ length: 60 }, () =>
    Float32Array.from({ length: 12 }, () => random.next() - 0.5),
  );
  for (let i = 0; i < count; i++) {
    const vector = (centres[i % 60] as Float32Array).map((x) => x + 0.2 * (random.next() - 0.5));
    clustered.embeddings.set(
      vector.map((x) => x / Math.hypot(...vector)),
      i * 12,
    );
  }

  test('finds nearly all that a search of all finds, from all of them, never the row itself', async () => {
    const exact = await nearest(clustered, asked(clustered, queries), among, 10);
    const found = await inCells(among);
    let same = 0;
    for (const [i, mine] of found.entries()) {
      const rows = mine.map(({ path }) => path[0] - 1);
      expect(rows).toHaveLength(10);
      expect(new Set(rows).size).toBe(10);
      expect(rows).not.toContain(queries[i]);
      expect(rows.every((row) => row % 9 !== 4)).toBe(true);
      const cosines = mine.map(({ cosine }) => cosine);
      expect(cosines).toEqual(cosines.toSorted((a, b) => b - a));
      const wanted = new Set(exact[i]?.map(({ path }) => path[0]));
      same += mine.filter(({ path }) => wanted.has(path[0])).length;
    }
    expect(same / (400 * 10)).toBeGreaterThan(0.9);
    // the same array again, page by page: what is found does not hang on the page
    expect(await inCells(among)).toEqual(found);
  });

  test('gives fewer where the cells hold fewer', async () => {
    const found = await inCells(among, 2000);
    for (const mine of found) {
      expect(mine.length).toBeGreaterThan(0);
      expect(mine.length).toBeLessThan(2000);
    }
  });

  test('can be stopped', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(
      nearest(clustered, asked(clustered, Int32Array.of(1)), among, 1, signal, 10),
    ).rejects.toThrow('enough');
  });
});
