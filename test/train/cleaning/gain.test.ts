import { expect, it } from 'vitest';
import type { Path } from '../../../src/model/types.ts';
import { cleaningGain } from '../../../src/train/cleaning/gain.ts';
import { seededRandom } from '../../../src/train/random.ts';

const dimension = 8;
const words = ['kettle', 'toaster', 'lamp', 'sandal', 'bread', 'shampoo'];
const leaf = (kind: number): Path => [1 + (kind % 2), 10 + kind, null];

/** The first 900 names have a fifth of their labels wrong, the last 300 are right. */
function make() {
  const random = seededRandom(4);
  const count = 1200;
  const kinds = Array.from({ length: count }, (_, i) => i % words.length);
  const embeddings = new Float32Array(count * dimension);
  for (const [i, kind] of kinds.entries()) {
    const vector = Array.from({ length: dimension }, (_, j) => (j === kind ? 1 : 0) + random.next() - 0.5);
    const norm = Math.hypot(...vector);
    embeddings.set(
      vector.map((x) => x / norm),
      i * dimension,
    );
  }
  const paths = kinds.map((kind, i) =>
    i < 900 && random.next() < 0.2 ? leaf(Math.floor(random.next() * words.length)) : leaf(kind),
  );
  const keys = kinds.map((kind, i) => `${words[kind]} nr${i}`);
  return { keys, paths, embeddings, dimension, encoder: 'test@1' };
}

it('trains with and without cleaning and pairs the two on names that neither saw', async () => {
  const set = make();
  const rows = Int32Array.from(set.keys.keys());
  const [learnt, held] = [rows.slice(0, 900), rows.slice(900)];
  const shares: number[] = [];
  const options = { epochs: 2, onProgress: (share: number) => shares.push(share) };
  const gain = await cleaningGain(set, learnt, held, (row) => row % 50 === 0, options);
  expect(gain).toMatchObject({ names: 300, learnt: 900 });
  // a sixth of the wrong ones is right by chance
  expect(gain.changed).toBeGreaterThan(100);
  expect(gain.changed).toBeLessThan(300);
  for (const { before, after, won, lost, p } of [gain.l1, gain.l2, gain.path]) {
    expect(before).toBeGreaterThan(0.9);
    expect(after - before).toBeCloseTo((won - lost) / 300, 12);
    expect(p).toBeGreaterThan(0);
    expect(p).toBeLessThanOrEqual(1);
  }
  // no label has this level
  expect(gain.l3).toEqual({ before: 0, after: 0, won: 0, lost: 0, p: 1 });
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
});

it('does not let the held-out names into the cleaning', async () => {
  const set = make();
  const rows = Int32Array.from(set.keys.keys());
  const [learnt, held] = [rows.slice(0, 900), rows.slice(900)];
  const nonsense = { ...set, paths: set.paths.map((path, row) => (row < 900 ? path : leaf(0))) };
  const [first, second] = [
    await cleaningGain(set, learnt, held, () => false, { epochs: 2 }),
    await cleaningGain(nonsense, learnt, held, () => false, { epochs: 2 }),
  ];
  expect(second.changed).toBe(first.changed);
  expect(second.path.before).toBeLessThan(0.5);
});
