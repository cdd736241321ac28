import { expect, test } from 'vitest';
import { costOf } from '../../src/llm/pricing.ts';

test('cached input is a part of the input, at its own price', () => {
  const price = {
    in: 1,
    cached: 0.1,
    written: 1.25,
    out: 5,
    since: '2026-01-01',
    simulated: false,
    batch: false,
  };
  expect(costOf({ tokensIn: 1_000_000, tokensCached: 0, tokensWritten: 0, tokensOut: 0 }, price)).toBeCloseTo(
    1,
  );
  expect(
    costOf({ tokensIn: 1_000_000, tokensCached: 600_000, tokensWritten: 0, tokensOut: 100_000 }, price),
  ).toBeCloseTo(0.96);
});
