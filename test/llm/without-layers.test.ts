import { expect, test } from 'vitest';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { countPrompt, countTokens } from '../../src/llm/tokens.ts';
import { tokensWithoutLayers } from '../../src/llm/without-layers.ts';
import { item, regularTree } from './shop.ts';

const tree = regularTree(5);

test('no names cost nothing', () => {
  expect(tokensWithoutLayers([], tree)).toEqual({ tokensIn: 0, tokensCached: 0, tokensOut: 0 });
});

test('the whole tree for each 15 names', () => {
  const names = Array.from({ length: 32 }, (_, i) => `Чайник електричний ${i}`);
  const batches = [names.slice(0, 15), names.slice(15, 30), names.slice(30)];
  const prompts = batches.map((batch) =>
    buildPrompt(
      batch.map((name) => item(name)),
      tree,
    ),
  );
  const { tokensIn, tokensOut } = tokensWithoutLayers(names, tree);
  expect(tokensIn).toBe(prompts.reduce((sum, prompt) => sum + countPrompt(prompt), 0));
  // Between the shortest and the longest answer that 32 names can have.
  const answer = (id: number) =>
    batches.map((batch) =>
      countTokens(JSON.stringify({ answers: batch.map((_, i) => ({ item: i + 1, id, confidence: 0.93 })) })),
    );
  const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
  expect(tokensOut).toBeGreaterThanOrEqual(sum(answer(1)));
  expect(tokensOut).toBeLessThanOrEqual(sum(answer(1_234)));
});

test('repeats are paid for again', () => {
  const once = tokensWithoutLayers(
    Array.from({ length: 15 }, () => 'Kettle'),
    tree,
  );
  const twice = tokensWithoutLayers(
    Array.from({ length: 30 }, () => 'Kettle'),
    tree,
  );
  expect(twice).toEqual({ tokensIn: once.tokensIn * 2, tokensCached: 0, tokensOut: once.tokensOut * 2 });
});

test('the tree is cached from the second call on, where the model keeps so many tokens', () => {
  const names = Array.from({ length: 45 }, () => 'Kettle');
  const { system } = buildPrompt([item('Kettle')], tree);
  const prefix = countTokens(system);
  expect(prefix).toSatisfy((tokens: number) => tokens > 1024 && tokens < 4096);
  expect(tokensWithoutLayers(names, tree, 'gpt-6-luna').tokensCached).toBe(2 * prefix);
  expect(tokensWithoutLayers(names, tree, 'claude-haiku-4-5').tokensCached).toBe(0);
  expect(tokensWithoutLayers(names, tree, 'qwen3:8b').tokensCached).toBe(0);
});
