import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { chat, clients, message } from './support.ts';

test('requests a minute, for each model by itself, in both protocols together', async () => {
  const { openai, anthropic, simulator } = await clients({ requestsPerMinute: 2 });
  const first = await openai.chat.completions.create(chat).withResponse();
  expect(first.response.headers.get('x-ratelimit-limit-requests')).toBe('2');
  expect(first.response.headers.get('x-ratelimit-remaining-requests')).toBe('1');
  expect(first.response.headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+m)?[\d.]+m?s$/);
  expect(first.response.headers.get('x-ratelimit-limit-tokens')).toBeNull();
  const second = await anthropic.messages.create(message).withResponse();
  expect(second.response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
  const reset = second.response.headers.get('anthropic-ratelimit-requests-reset') ?? '';
  expect(new Date(reset).toISOString()).toBe(reset);

  const refused = async (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => undefined,
      (error: unknown) => error,
    );
  const third = await refused(openai.chat.completions.create(chat));
  if (!(third instanceof OpenAI.RateLimitError)) throw third;
  // a request comes back every 30 s
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(third.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  expect(third.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  const fourth = await refused(anthropic.messages.create(message));
  expect(fourth).toBeInstanceOf(Anthropic.RateLimitError);
  expect(simulator.stats()).toMatchObject({ calls: 4, answered: 2, refused: 2 });
  expect(simulator.calls()[2]).toMatchObject({ tokensIn: 0, tokensOut: 0 });

  await openai.chat.completions.create({ ...chat, model: 'simulated-llm-strong' });
});

test('tokens a minute: what a call took, in and out, is gone; a batch takes nothing of it', async () => {
  const tokensPerMinute = 600;
  const { openai, anthropic, simulator } = await clients({ tokensPerMinute, batchMs: 0 });
  await anthropic.messages.batches.create({
    requests: Array.from({ length: 10 }, (_, i) => ({ custom_id: `r${i}`, params: message })),
  });
  expect(simulator.stats().batched).toBe(10);
  const { data, response } = await openai.chat.completions.create(chat).withResponse();
  const left = Number(response.headers.get('x-ratelimit-remaining-tokens'));
  const took = data.usage?.total_tokens ?? 0;
  expect(left).toBeGreaterThanOrEqual(tokensPerMinute - took);
  // 10 tokens a second flow in meanwhile
  expect(left).toBeLessThan(tokensPerMinute - took + 100);
  const results = await Promise.allSettled([1, 2, 3].map(() => openai.chat.completions.create(chat)));
  expect(results.some((result) => result.status === 'rejected')).toBe(true);
});
