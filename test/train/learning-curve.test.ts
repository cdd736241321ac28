import { expect, it } from 'vitest';
import type { Path } from '../../src/model/types.ts';
import { fitLettersOf } from '../../src/train/join/voices.ts';
import { learningCurve, lettersFrom } from '../../src/train/learning-curve.ts';
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

it('rises with the names learnt from, and passes fewer on', async () => {
  const curve = await learningCurve(set, rows, { keys: asked.keys, truth }, 0.4, { seed: 1 });
  const points = curve?.points ?? [];
  const sizes = points.map((point) => point.names);
  expect(sizes).toHaveLength(6);
  for (const [i, size] of [125, 250, 375, 500, 750, 1000].entries())
    expect(Math.abs((sizes[i] as number) - size)).toBeLessThan(60);
  const [eighth, , , half] = points.map(({ path }) => path) as [number, number, number, number];
  expect(half).toBeGreaterThan(eighth + 0.05);
  expect(half).toBeGreaterThan(0.6);
  for (const { l3 } of points) expect(l3).toBeNull();
  expect(points.at(-1)?.passedOn).toBeCloseTo(0.4, 2);
  expect(points[0]?.passedOn).toBeGreaterThan(0.5);
});

it('ends in letters that were fitted on all of the rows already, and fits them no more', async () => {
  const ask = { keys: asked.keys, truth };
  const whole = await fitLettersOf(set, rows, { seed: 1 });
  const given = await learningCurve(set, rows, ask, 0.4, { seed: 1, whole });
  expect(given).toEqual(await learningCurve(set, rows, ask, 0.4, { seed: 1 }));
  // other letters are seen to be asked
  const half = await fitLettersOf(set, rows.slice(0, 200), { seed: 1 });
  const other = await learningCurve(set, rows, ask, 0.4, { seed: 1, whole: half });
  expect(other?.points.at(-1)?.path).toBeLessThan(given?.points.at(-1)?.path as number);
});

it('has no part of fewer than 100 names, and is nothing where there is no part', async () => {
  const some = (count: number) =>
    learningCurve(set, rows.slice(0, count), { keys: asked.keys, truth }, 0.4, { seed: 1 });
  for (const { names } of (await some(300))?.points ?? []) expect(names).toBeGreaterThanOrEqual(100);
  expect(await some(90)).toBeNull();
  expect(await learningCurve(set, rows, { keys: [], truth: [] }, 0.4, { seed: 1 })).toBeNull();
});

it('lettersFrom() knows the kinds that it has seen, and no others', async () => {
  const first = rows.filter((row) => (set.paths[row] as Path)[0] === 1);
  const answers = (await lettersFrom(set, first, { seed: 1 }))(asked.keys);
  expect(new Set(answers.map(({ path }) => path[0]))).toEqual(new Set([1]));
  const whole = (await lettersFrom(set, rows, { seed: 1 }))(asked.keys);
  const right = whole.filter(({ path }, i) => path.join() === truth[i]?.join()).length;
  expect(right / truth.length).toBeGreaterThan(0.7);
});
