import { describe, expect, test } from 'vitest';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { checkedReply } from '../../src/llm/reply.ts';
import { ProviderError, type Reply } from '../../src/llm/types.ts';
import { printable } from '../../src/printable.ts';
import { item, shop } from './shop.ts';

const prompt = buildPrompt([item('a', 3)], shop);
const good: Reply = {
  text: '{}',
  usage: { tokensIn: 900, tokensCached: 100, tokensWritten: 50, tokensOut: 15 },
  modelVersion: 'gpt-6-luna-2026-09-22',
  requestId: 'req_1',
};
const checked = (change: object) => checkedReply({ ...good, ...change } as Reply, prompt, 'gpt-6-luna');
const usage = (change: object) => checked({ usage: { ...good.usage, ...change } }).usage;

test('an honest reply stays as it is', () => {
  expect(checked({})).toEqual(good);
});

describe('counts that are none are booked with the upper estimate', () => {
  test.each([['1e9'], [-1], [5.5], [1e15], [null], [undefined], [Number.NaN], [{}]])('%s', (count) => {
    expect(usage({ tokensIn: count }).tokensIn).toBe(prompt.tokensInUpper);
    expect(usage({ tokensOut: count }).tokensOut).toBe(prompt.maxTokensOut);
    expect(usage({ tokensCached: count }).tokensCached).toBe(0);
  });
  test('more cached than sent is all that was sent', () => {
    expect(usage({ tokensCached: 5000 }).tokensCached).toBe(900);
  });
  test('none for a prompt, or for a text, is no count', () => {
    expect(usage({ tokensIn: 0 }).tokensIn).toBe(prompt.tokensInUpper);
    expect(usage({ tokensOut: 0 }).tokensOut).toBe(prompt.maxTokensOut);
    expect(checked({ text: '', usage: { ...good.usage, tokensOut: 0 } }).usage.tokensOut).toBe(0);
  });
  test('no usage at all', () => {
    expect(checked({ usage: undefined }).usage).toEqual({
      tokensIn: prompt.tokensInUpper,
      tokensCached: 0,
      tokensWritten: 0,
      tokensOut: prompt.maxTokensOut,
      doubt: 'its count of input tokens cannot be right',
    });
  });
});

test('names and ids are printable, bounded text; a version that is none is the model asked for', () => {
  expect(checked({ modelVersion: 'a\u0000b\u001b[2J\nc' }).modelVersion).toBe('a\uFFFDb\uFFFD[2J\uFFFDc');
  expect(checked({ modelVersion: 'x'.repeat(10_000) }).modelVersion).toHaveLength(200);
  for (const modelVersion of [7, '', null, {}])
    expect(checked({ modelVersion }).modelVersion).toBe('gpt-6-luna');
  expect(checked({ requestId: '\u0000' }).requestId).toBe('\uFFFD');
  for (const requestId of [7, null, {}]) expect(checked({ requestId })).not.toHaveProperty('requestId');
  for (const text of [7, null, { a: 1 }]) expect(checked({ text }).text).toBe('');
});

test('what a provider says of its failure is printable, too: it stands in the ledger, in logs and in health()', () => {
  const { message } = new ProviderError('unavailable', 'no\u0000 \u001b]0;owned\u0007 \ud800');
  expect(message).toBe('no\uFFFD \uFFFD]0;owned\uFFFD \uFFFD');
  expect(printable('abc', 2)).toBe('ab');
});
