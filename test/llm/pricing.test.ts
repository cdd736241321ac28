import { expect, test } from 'vitest';
import { costOf, priceOf } from '../../src/llm/pricing.ts';

const on = (day: string) => new Date(`${day}T12:00:00Z`);

test('the price of the day', () => {
  expect(priceOf('openai', 'gpt-5.6-luna', on('2026-07-29'))).toMatchObject({ in: 1, since: '2026-07-09' });
  expect(priceOf('openai', 'gpt-5.6-luna', on('2026-07-30'))).toMatchObject({ in: 0.2, since: '2026-07-30' });
  expect(priceOf('openai', 'gpt-5.6-luna', on('2026-07-08'))).toBeNull();
});

test('a dated version has its model’s price; an unknown model and another provider’s have none', () => {
  expect(priceOf('openai', 'gpt-5.4-nano-2026-03-17', on('2026-11-01'))?.out).toBe(1.25);
  expect(priceOf('anthropic', 'claude-haiku-4-5-20251001', on('2026-11-01'))?.out).toBe(5);
  expect(priceOf('openai', 'qwen3:8b', on('2026-11-01'))).toBeNull();
  expect(priceOf('openai', 'claude-haiku-5-5', on('2026-11-01'))).toBeNull();
  expect(priceOf('openai', 'gpt-6-luna-fast', on('2026-11-01'))).toBeNull();
});

test('the simulator’s price says that it is one', () => {
  expect(priceOf('openai', 'simulated-llm', on('2020-01-01'))?.simulated).toBe(true);
  expect(priceOf('openai', 'gpt-6-luna', on('2026-11-01'))?.simulated).toBe(false);
});

test('cached input is a part of the input, at its own price', () => {
  const price = { in: 1, cached: 0.1, out: 5, since: '2026-01-01', simulated: false };
  expect(costOf({ tokensIn: 1_000_000, tokensCached: 0, tokensOut: 0 }, price)).toBeCloseTo(1);
  expect(costOf({ tokensIn: 1_000_000, tokensCached: 600_000, tokensOut: 100_000 }, price)).toBeCloseTo(0.96);
});
