import { expect, test } from 'vitest';
import { pathNames, renderTree } from '../../src/llm/taxonomy.ts';
import { normalise } from '../../src/normalise.ts';
import { defaultErrorRates, type ErrorRates } from '../../src/simulator/models.ts';
import { type Asked, readPrompt } from '../../src/simulator/read-prompt.ts';
import { Teacher } from '../../src/simulator/teacher.ts';
import { leaves, regularTree } from '../llm/shop.ts';

const tree = regularTree(6);
const ids = leaves(tree);
const names = Array.from({ length: 2000 }, (_, i) => ({ name: `Name ${i}`, leaf: ids[i % ids.length] ?? 0 }));
const truth = new Map(names.map(({ name, leaf }) => [normalise(name), pathNames(tree, leaf)]));
const teacher = (errorRates: ErrorRates, unsteady = 0) =>
  new Teacher({ truth, errorRates, seed: 1, unsteady });

const asked = (only?: Iterable<number>, words = ''): Asked =>
  readPrompt(`${words}\n<categories>\n${renderTree(tree, only && new Set(only))}\n</categories>`);
const upper = 'The tree shows the upper levels only.';
const none = 'Where none fits, the id is 0.';
const share = (hits: number) => hits / names.length;
const paths = new Map([...tree.nodes.keys()].map((id) => [id, pathNames(tree, id)]));
const byPath = new Map([...paths].map(([id, path]) => [path.join(), id]));
/** The category at this depth above a leaf. */
const above = (leaf: number, depth: number) => byPath.get((paths.get(leaf) ?? []).slice(0, depth).join());
const atDepth = (...depths: number[]) =>
  [...tree.nodes.keys()].filter((id) => depths.includes(paths.get(id)?.length ?? 0));

test('where only upper categories are shown, the deepest true one is right, and errors below it are none yet', () => {
  const roots = asked(atDepth(1), upper);
  const two = asked(atDepth(1, 2), `${upper} ${none}`);
  const noisy = teacher([0.05, 0.14, 0.21]);
  let wrongRoot = 0;
  let wrongSecond = 0;
  for (const { name, leaf } of names) {
    if (noisy.answer(name, roots, 0).id !== above(leaf, 1)) wrongRoot++;
    if (noisy.answer(name, two, 0).id !== above(leaf, 2)) wrongSecond++;
  }
  // 2,000 draws: a standard deviation is at most .009
  expect(Math.abs(share(wrongRoot) - 0.05)).toBeLessThan(0.025);
  expect(Math.abs(share(wrongSecond) - 0.14)).toBeLessThan(0.025);
});

test('a shortlist without the truth, a category above it included: none of these in 70%, else the nearest', () => {
  const exact = teacher([0, 0, 0]);
  let noneOf = 0;
  for (const { name, leaf } of names) {
    const sister = ids.find((id) => id !== leaf && above(id, 2) === above(leaf, 2)) ?? 0;
    const far = ids.find((id) => above(id, 1) !== above(leaf, 1)) ?? 0;
    const { id } = exact.answer(name, asked([sister, far, above(leaf, 1) ?? 0], none), 0);
    if (id === 0) noneOf++;
    else expect(id).toBe(sister);
    // where 0 is no answer, something else must be
    expect(exact.answer(name, asked([sister, far]), 0).id).toBe(sister);
  }
  expect(Math.abs(share(noneOf) - 0.7)).toBeLessThan(0.04);
});

test('the strong model errs less, and only where the cheap one errs too', () => {
  const all = asked();
  const cheap = teacher(defaultErrorRates['simulated-llm']);
  const strong = teacher(defaultErrorRates['simulated-llm-strong']);
  let wrong = 0;
  for (const { name, leaf } of names) {
    if (strong.answer(name, all, 0).id === leaf) continue;
    wrong++;
    expect(cheap.answer(name, all, 0).id).not.toBe(leaf);
  }
  expect(Math.abs(share(wrong) - 0.1)).toBeLessThan(0.025);
});

test('an unsteady teacher answers some names otherwise the next time, as often right', () => {
  const all = asked();
  const unsteady = teacher([0.05, 0.14, 0.21], 0.5);
  let same = 0;
  let right = 0;
  for (const { name, leaf } of names) {
    const [first, second] = [unsteady.answer(name, all, 1).id, unsteady.answer(name, all, 2).id];
    if (first === second) same++;
    if (second === leaf) right++;
    expect(unsteady.answer(name, all, 1).id).toBe(first);
  }
  expect(share(same)).toBeLessThan(0.85);
  expect(share(same)).toBeGreaterThan(0.6);
  expect(Math.abs(share(right) - 0.79)).toBeLessThan(0.04);
});
