import { describe, expect, test } from 'vitest';
import { bookedCost } from '../../../src/llm/pricing.ts';
import { anthropicUsage, type OpenaiUsage, openaiUsage } from '../../../src/llm/providers/usage.ts';
import { checkedReply } from '../../../src/llm/reply.ts';
import { at, completion, idle, prompt } from './dialect.ts';

const price = {
  ...{ in: 0.5, cached: 0.05, written: 0.625, out: 3 },
  ...{ since: '2026-01-01', simulated: false, batch: false },
};

test('reasoning outside of completion_tokens is output, and paid for', async () => {
  const usage = { prompt_tokens: 391, completion_tokens: 173, total_tokens: 1064 };
  const { provider } = await at(() => [200, completion({ content: '{}' }, {}, usage)]);
  const reply = checkedReply(await provider.complete(prompt, idle), prompt, 'tiny');
  expect(reply.usage).toEqual({ tokensIn: 391, tokensCached: 0, tokensWritten: 0, tokensOut: 673 });
  expect(bookedCost(reply.usage, price)).toBeCloseTo(0.0022145, 9);
});

const plain = { prompt_tokens: 1000, completion_tokens: 100 };

describe('each provider’s own rule', () => {
  test.each<[string, OpenaiUsage, object]>([
    [
      'OpenAI: cached and reasoning are parts',
      {
        ...{ ...plain, total_tokens: 1100, prompt_tokens_details: { cached_tokens: 600 } },
        completion_tokens_details: { reasoning_tokens: 60 },
      },
      { tokensIn: 1000, tokensCached: 600, tokensWritten: 0, tokensOut: 100 },
    ],
    [
      'OpenAI since GPT-5.6, OpenRouter: what was written is a part too',
      {
        ...{ ...plain, total_tokens: 1100 },
        prompt_tokens_details: { cached_tokens: 200, cache_write_tokens: 700 },
      },
      { tokensIn: 1000, tokensCached: 200, tokensWritten: 700, tokensOut: 100 },
    ],
    [
      'DeepSeek: hits and misses',
      {
        ...{ ...plain, total_tokens: 1100, prompt_cache_hit_tokens: 640, prompt_cache_miss_tokens: 360 },
        completion_tokens_details: { reasoning_tokens: 60 },
      },
      { tokensIn: 1000, tokensCached: 640, tokensWritten: 0, tokensOut: 100 },
    ],
    [
      'Moonshot: cached_tokens at the top',
      { ...plain, total_tokens: 1100, cached_tokens: 512 },
      { tokensIn: 1000, tokensCached: 512, tokensWritten: 0, tokensOut: 100 },
    ],
    [
      'Gemini: thoughts are in the total alone',
      { ...plain, total_tokens: 1500, prompt_tokens_details: { cached_tokens: 0 } },
      { tokensIn: 1000, tokensCached: 0, tokensWritten: 0, tokensOut: 500 },
    ],
    [
      'xAI: more reasoning than completion, and no total',
      { ...plain, completion_tokens_details: { reasoning_tokens: 400 } },
      { tokensIn: 1000, tokensCached: 0, tokensWritten: 0, tokensOut: 500 },
    ],
    [
      'a proxy to Anthropic that leaves the cache out of both',
      { ...plain, total_tokens: 1100, cache_creation_input_tokens: 9474, cache_read_input_tokens: 0 },
      { tokensIn: 10_474, tokensCached: 0, tokensWritten: 9474, tokensOut: 100 },
    ],
    [
      'a proxy to Anthropic that has it in all',
      {
        ...{ ...plain, total_tokens: 1100, cache_creation_input_tokens: 30, cache_read_input_tokens: 600 },
        prompt_tokens_details: { cached_tokens: 600 },
      },
      { tokensIn: 1000, tokensCached: 600, tokensWritten: 30, tokensOut: 100 },
    ],
    [
      'vLLM: no details',
      { ...plain, total_tokens: 1100, prompt_tokens_details: null },
      { tokensIn: 1000, tokensCached: 0, tokensWritten: 0, tokensOut: 100 },
    ],
    [
      'OpenRouter: what it cost',
      { ...plain, total_tokens: 1100, cost: 0.00095 },
      { tokensIn: 1000, tokensCached: 0, tokensWritten: 0, tokensOut: 100, cost: 0.00095 },
    ],
    [
      'OpenRouter with a key of one’s own: its fee, and what is paid upstream',
      {
        ...{ ...plain, total_tokens: 1100, cost: 0.00005, is_byok: true },
        cost_details: { upstream_inference_cost: 0.001 },
      },
      { tokensIn: 1000, tokensCached: 0, tokensWritten: 0, tokensOut: 100, cost: 0.00105 },
    ],
  ])('%s', (_, said, expected) => {
    expect(openaiUsage(said)).toEqual(expected);
  });

  test('Anthropic: input_tokens leave out what was read and written', () => {
    const said = { input_tokens: 100, output_tokens: 25, cache_read_input_tokens: 2000 };
    const usage = anthropicUsage({ ...said, cache_creation_input_tokens: 30 });
    expect(usage).toEqual({ tokensIn: 2130, tokensCached: 2000, tokensWritten: 30, tokensOut: 25 });
    const dollars = (100 * 0.5 + 2000 * 0.05 + 30 * 0.625 + 25 * 3) / 1e6;
    expect(bookedCost(usage, price)).toBeCloseTo(dollars, 12);
    const long = { cache_creation_input_tokens: 30, cache_creation: { ephemeral_1h_input_tokens: 30 } };
    expect(bookedCost(anthropicUsage({ ...said, ...long }), price)).toBeNull();
  });
});

describe('counts that contradict each other have no cost', () => {
  test.each<[string, OpenaiUsage]>([
    ['a total that is too small', { ...plain, total_tokens: 900 }],
    [
      'more reasoning than output',
      { ...plain, total_tokens: 1100, completion_tokens_details: { reasoning_tokens: 400 } },
    ],
    [
      'hits and misses that are not the prompt',
      { ...plain, prompt_cache_hit_tokens: 100, prompt_cache_miss_tokens: 100 },
    ],
    ['more cached than sent', { ...plain, prompt_tokens_details: { cached_tokens: 5000 } }],
    ['more written than sent', { ...plain, prompt_tokens_details: { cache_write_tokens: 5000 } }],
    ['a count that is none', { ...plain, prompt_tokens: '1e9' as unknown as number }],
  ])('%s', async (_, said) => {
    const { provider } = await at(() => [200, { ...completion({ content: '{}' }), usage: said }]);
    const { usage } = checkedReply(await provider.complete(prompt, idle), prompt, 'tiny');
    expect(usage.doubt).toEqual(expect.any(String));
    expect(bookedCost(usage, price)).toBeNull();
    // of what costs nothing any number does
    expect(bookedCost(usage, { ...price, in: 0, cached: 0, written: 0, out: 0 })).toBe(0);
    // all of it fits the ledger
    for (const count of [usage.tokensIn, usage.tokensCached, usage.tokensWritten, usage.tokensOut])
      expect(Number.isInteger(count) && count >= 0).toBe(true);
    expect(usage.tokensCached + usage.tokensWritten).toBeLessThanOrEqual(usage.tokensIn);
  });

  test('a server that counts nothing: what is counted here is no bill', async () => {
    const { provider } = await at(() => [200, { ...completion({ content: '{}' }), usage: null }]);
    const { usage } = await provider.complete(prompt, idle);
    expect(bookedCost(usage, price)).toBeNull();
  });
});

test('what was written into a cache without a price has no cost', () => {
  const usage = { tokensIn: 1000, tokensCached: 0, tokensWritten: 500, tokensOut: 10 };
  expect(bookedCost(usage, { ...price, written: null })).toBeNull();
  expect(bookedCost(usage, null)).toBeNull();
});
