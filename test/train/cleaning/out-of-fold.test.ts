import { describe, expect, test } from 'vitest';
import type { Path } from '../../../src/model/types.ts';
import { outOfFold } from '../../../src/train/cleaning/out-of-fold.ts';
import { foldOf } from '../../../src/train/data/split.ts';
import { seededRandom } from '../../../src/train/random.ts';

const dimension = 8;
const words = ['kettle', 'toaster', 'lamp', 'sandal', 'bread', 'shampoo'];
const leaf = (kind: number): Path => [1 + (kind % 2), 10 + kind, null];

/** 900 names of six kinds: their words say half of them, their embeddings the others. */
function make() {
  const random = seededRandom(4);
  const kinds = Array.from({ length: 900 }, (_, i) => i % words.length);
  const embeddings = new Float32Array(kinds.length * dimension);
  for (const [i, kind] of kinds.entries()) {
    const vector = Array.from({ length: dimension }, (_, j) => (j === kind ? 1 : 0) + 0.4 * random.next());
    const norm = Math.hypot(...vector);
    embeddings.set(
      vector.map((x) => x / norm),
      i * dimension,
    );
  }
  const keys = kinds.map((kind, i) => (i % 4 < 2 ? `${words[kind]} nr${i}` : `item nr${i}`));
  return { keys, paths: kinds.map(leaf), embeddings, dimension };
}

const set = make();

describe('judges out of fold', () => {
  test('read letters and embeddings, and answer every row once', async () => {
    const shares: number[] = [];
    const judged = await outOfFold(set, { onProgress: (share) => shares.push(share) });
    const right = (some: (row: number) => boolean) => {
      const rows = [...set.keys.keys()].filter(some);
      return rows.filter((row) => String(judged[row]?.path) === String(set.paths[row])).length / rows.length;
    };
    expect(right((row) => row % 4 < 2)).toBeGreaterThan(0.95);
    // a sixth by chance, .56 measured: letters weigh more, and here they know nothing
    expect(right((row) => row % 4 >= 2)).toBeGreaterThan(0.4);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    // of a million labels nothing more is kept
    expect(Object.keys(judged[0] ?? {}).sort()).toEqual(['confidence', 'path']);
  });

  test("never see the labels that they judge: another label of a name's fold changes nothing said of it", async () => {
    const judged = await outOfFold(set);
    const paths = set.paths.map((path, row) => (foldOf(set.keys[row] as string, 5) === 2 ? leaf(0) : path));
    const again = await outOfFold({ ...set, paths });
    const fold = [...set.keys.keys()].filter((row) => foldOf(set.keys[row] as string, 5) === 2);
    expect(fold.length).toBeGreaterThan(100);
    for (const row of fold) {
      expect(again[row]?.path).toEqual(judged[row]?.path);
      expect(again[row]?.confidence[2]).toBeCloseTo(judged[row]?.confidence[2] as number, 6);
    }
    // the others' judges have learnt from them
    expect(again.some((said, row) => String(said?.path) !== String(judged[row]?.path))).toBe(true);
  });

  test('leave out rows that take no part, and have nothing to say where one fold is all there is', async () => {
    const rows = Int32Array.from(set.keys.keys()).filter((row) => row % 2 === 0);
    const judged = await outOfFold(set, { rows });
    expect(judged.every((said, row) => (said === null) === (row % 2 === 1))).toBe(true);
    expect((await outOfFold(set, { rows: Int32Array.of(0) }))[0]).toBeNull();
    await expect(outOfFold(set, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
