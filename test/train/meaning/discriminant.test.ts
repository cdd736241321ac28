import { describe, expect, test } from 'vitest';
import type { Path } from '../../../src/model/types.ts';
import { discriminants, momentsOf, together } from '../../../src/train/meaning/discriminant.ts';
import { seededRandom } from '../../../src/train/random.ts';

const dimension = 4;
const random = seededRandom(7);
/** Near normal: the sum of twelve uniform numbers has variance 1. */
const normal = () => Array.from({ length: 12 }, () => random.next()).reduce((sum, x) => sum + x, -6);
const means = [
  [1, 0, 0, 0],
  [-1, 0.5, 0, 0],
  [0, 0, 2, -1],
];
/** 9,000 rows of three clouds of one shape, which is no ball: the first two directions go together. */
function clouds() {
  const kinds = Array.from({ length: 9000 }, () => Math.floor(random.next() * 3));
  const embeddings = new Float32Array(kinds.length * dimension);
  for (const [row, kind] of kinds.entries()) {
    const shared = normal();
    const spread = [shared + 0.3 * normal(), shared + 0.3 * normal(), normal(), normal()];
    spread.forEach((value, j) => {
      embeddings[row * dimension + j] = (means[kind]?.[j] as number) + value;
    });
  }
  const paths = kinds.map((kind): Path => [1 + (kind === 2 ? 1 : 0), kind === 2 ? null : 10 + kind, null]);
  return { kinds, paths, embeddings, dimension };
}

const set = clouds();
const rows = Int32Array.from(set.paths.keys());

/** The likeliest class of a level for each row. */
function said(level: 0 | 1 | 2, { standard, classes, heads }: ReturnType<typeof discriminants>) {
  const ids = classes[level] as (number | null)[];
  const [w, b] = (heads[level] as (typeof heads)[number]).parameters as [Float32Array, Float32Array];
  return Array.from(rows, (row) => {
    const logits = ids.map((_, k) => {
      let sum = b[k] as number;
      for (let j = 0; j < dimension; j++)
        sum +=
          ((set.embeddings[row * dimension + j] as number) - (standard.mean[j] as number)) *
          (w[j * ids.length + k] as number);
      return sum;
    });
    return ids[logits.indexOf(Math.max(...logits))];
  });
}

describe('discriminants', () => {
  test('tell clouds apart as well as one who knows their shape, which means alone do not show', async () => {
    const found = discriminants(await momentsOf(set, rows));
    expect(found.classes).toEqual([[1, 2], [null, 10, 11], [null]]);
    const right = said(1, found).filter((id, row) => id === set.paths[row]?.[1]).length / rows.length;
    // .94 measured
    expect(right).toBeGreaterThan(0.92);
    const nearest = Array.from(rows, (row) => {
      const far = means.map((mean) =>
        mean.reduce((sum, x, j) => sum + (x - (set.embeddings[row * dimension + j] as number)) ** 2, 0),
      );
      return far.indexOf(Math.min(...far));
    });
    expect(nearest.filter((kind, row) => kind === set.kinds[row]).length / rows.length).toBeLessThan(
      right - 0.03,
    );
  });

  test('of parts are those of the whole', async () => {
    const parts = [0, 1, 2].map((third) =>
      momentsOf(
        set,
        rows.filter((row) => row % 3 === third),
      ),
    );
    const [whole, joined] = [await momentsOf(set, rows), together(await Promise.all(parts))];
    expect(joined.count).toBe(whole.count);
    for (const level of [0, 1, 2] as const) {
      const [a, b] = [discriminants(whole).heads[level], discriminants(joined).heads[level]];
      for (const i of [0, 1])
        b?.parameters[i]?.forEach((value, j) => {
          expect(value).toBeCloseTo(a?.parameters[i]?.[j] as number, 3);
        });
    }
  });

  test('are numbers too where every class is one name, and stop when told to', async () => {
    const few = Int32Array.of(0, 1);
    const apart = { ...set, paths: [[1, 10, 100] as Path, [2, 20, 200] as Path] };
    const { heads } = discriminants(await momentsOf(apart, few));
    for (const { parameters } of heads)
      for (const values of parameters) expect(values.every(Number.isFinite)).toBe(true);
    await expect(momentsOf(set, rows, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});
