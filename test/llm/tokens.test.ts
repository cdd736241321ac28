import { expect, test } from 'vitest';
import { countSystem, countTokens } from '../../src/llm/tokens.ts';

test('counts as o200k_base does', () => {
  // Known encodings of the tokenizer's own documentation and of its vocabulary.
  expect(countTokens('')).toBe(0);
  expect(countTokens('hello world')).toBe(2);
  expect(countTokens('tiktoken is great!')).toBe(6);
});

test('text that spells a control token is text', () => {
  expect(countTokens('<|endoftext|>')).toBeGreaterThan(1);
});

test('a system prompt counts the same the second time, also after many others', () => {
  const first = countSystem('the first prompt');
  for (let i = 0; i < 40; i++) expect(countSystem(`prompt ${i}`)).toBe(countTokens(`prompt ${i}`));
  expect(countSystem('the first prompt')).toBe(first);
});
