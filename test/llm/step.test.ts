import { expect, test } from 'vitest';
import { nextStep } from '../../src/llm/step.ts';
import { shop } from './shop.ts';

const inner = [...shop.nodes.values()].find(({ parent }) => parent === null)?.id as number;
const leaf = [...shop.nodes.keys()].find(
  (id) => ![...shop.nodes.values()].some(({ parent }) => parent === id),
) as number;
const start = { next: null, branch: null };

test('two stages lead below what was chosen; a leaf is an answer', () => {
  expect(nextStep(inner, 'two-stage', start, shop)).toEqual({ next: 'subtree', branch: inner });
  expect(nextStep(leaf, 'two-stage', start, shop)).toBeNull();
  expect(nextStep(inner, 'shortlist', start, shop)).toBeNull();
});

test('none of these leads on: from a list to anywhere, from below a branch to elsewhere, and from there to an end', () => {
  expect(nextStep(0, 'shortlist', { next: null, branch: 7 }, shop)).toEqual(start);
  const elsewhere = nextStep(0, 'subtree', { next: 'subtree', branch: inner }, shop);
  expect(elsewhere).toEqual({ next: 'elsewhere', branch: inner });
  expect(nextStep(inner, 'two-stage', { next: 'elsewhere', branch: 7 }, shop)).toEqual({
    next: 'last',
    branch: inner,
  });
  expect(nextStep(inner, 'tree', { next: 'elsewhere', branch: 7 }, shop)).toBeNull();
  expect(nextStep(leaf, 'subtree', { next: 'last', branch: inner }, shop)).toBeNull();
});
