import { expect, it } from 'vitest';
import type { Path, Prediction } from '../../src/model/types.ts';
import { learningCurve } from '../../src/train/learning-curve.ts';
import { seededRandom } from '../../src/train/random.ts';

const taxonomy: Path[] = Array.from({ length: 60 }, (_, i) => [1 + (i % 3), 10 + (i % 3), null]);

/** Names of 60 kinds, of each a word of its own that has to be seen to be known. */
function names(count: number, seed: number) {
  const random = seededRandom(seed);
  const kinds = Array.from({ length: count }, () => Math.floor(random.next() * taxonomy.length));
  const word = (kind: number) => String.fromCharCode(97 + (kind % 26), 107 + (kind % 13)).repeat(2) + kind;
  return {
    keys: kinds.map((kind, i) => `${word(kind)} item ${seed} ${i}`),
    paths: kinds.map((kind) => taxonomy[kind] as Path),
  };
}

const set = names(1000, 1);
const asked = names(300, 2);
const truth = asked.paths;
const rows = Int32Array.from(set.keys.keys());
const whole = truth.map(
  (path): Prediction => ({ path, confidence: [1, 1, 1], candidates: [], ranked: [[], [], []] }),
);

it('rises with the names learnt from, and ends with what all of them gave', async () => {
  const curve = await learningCurve(set, rows, { keys: asked.keys, truth }, whole, { seed: 1 });
  expect(curve).toHaveLength(4);
  const sizes = curve.map((point) => point.names);
  for (const [i, size] of [125, 250, 500].entries())
    expect(Math.abs((sizes[i] as number) - size)).toBeLessThan(60);
  expect(curve[3]).toEqual({ names: 1000, l1: 1, l2: 1, l3: null, path: 1 });
  const [eighth, , half] = curve.map(({ path }) => path) as [number, number, number];
  expect(half).toBeGreaterThan(eighth + 0.05);
  expect(half).toBeGreaterThan(0.6);
  for (const { l3 } of curve) expect(l3).toBeNull();
});

it('has no part of fewer than 100 names, and is nothing where there is no part', async () => {
  const some = (count: number) =>
    learningCurve(set, rows.slice(0, count), { keys: asked.keys, truth }, whole, { seed: 1 });
  expect((await some(300)).map(({ names }) => names > 100)).toEqual([true, true]);
  expect(await some(150)).toEqual([]);
});
