import { expect, test } from 'vitest';
import { expectedCached, smallestPrefix } from '../../src/llm/cacheable.ts';

test.each([
  ['gpt-6-luna', 1024],
  ['openai/gpt-5.4-nano-2026-03-17', 1024],
  ['claude-haiku-4-5-20251001', 4096],
  ['anthropic/claude-haiku-4.5', 4096],
  ['claude-haiku-5-5', 4096],
  ['claude-opus-4-6', 4096],
  ['claude-opus-4-7', 2048],
  ['claude-sonnet-4-6', 2048],
  ['claude-3-5-haiku-20241022', 2048],
  ['claude-opus-4-8', 1024],
  ['claude-opus-4-1-20250805', 1024],
  ['claude-sonnet-4-20250514', 1024],
  ['claude-sonnet-5', 1024],
  ['claude-opus-5', 512],
  ['claude-opus-5-5', 4096],
  ['google/gemini-2.5-flash', 2048],
  ['gemini-3.8-flash', 4096],
  ['simulated-llm', 1024],
  ['qwen3:8b', null],
  ['gpt-oss:20b', null],
])('%s keeps %s tokens and more', (model, tokens) => {
  expect(smallestPrefix(model)).toBe(tokens);
});

test('what is shorter, or who is not known, is not expected to be cached', () => {
  expect(expectedCached('gpt-6-luna', 1023)).toBe(0);
  expect(expectedCached('gpt-6-luna', 1024)).toBe(1024);
  expect(expectedCached('claude-haiku-4-5', 3000)).toBe(0);
  expect(expectedCached('qwen3:8b', 100_000)).toBe(0);
});
