import { expectedCached } from './cacheable.ts';
import { buildPrompt } from './prompt.ts';
import { countPrompt, countSystem, countTokens } from './tokens.ts';
import type { Taxonomy } from './types.ts';

/** Names of one call of "LLM for each row". */
export const usualBatch = 15;

/** Output tokens of a typical answer to `items` names: right form, ids spread over the taxonomy. */
export function answerTokens(items: number, ids: readonly number[]): number {
  const answers = Array.from({ length: items }, (_, i) => ({
    item: i + 1,
    id: ids[Math.floor((i * ids.length) / items)] ?? 1,
    confidence: 0.93,
  }));
  return countTokens(JSON.stringify({ answers }));
}

/**
 * What the same rows would cost with "LLM for each row": every name, repeats included, with the whole compact tree, in
 * batches of 15 (`batch`), counted by the same tokenizer. No call is made; the output is that of a typical answer. Of the input
 * `tokensCached` would likely come from the provider's prompt cache: the tree, from the second call on, where this model
 * keeps so many tokens.
 *
 * @param model who would be asked; null: somebody who keeps nothing
 */
export function tokensWithoutLayers(
  names: readonly string[],
  taxonomy: Taxonomy,
  model: string | null = null,
  batch: number = usualBatch,
): { tokensIn: number; tokensCached: number; tokensOut: number } {
  const ids = [...taxonomy.nodes.keys()];
  const answerOf = new Map<number, number>();
  let tokensIn = 0;
  let tokensCached = 0;
  let tokensOut = 0;
  for (let from = 0; from < names.length; from += batch) {
    const items = names.slice(from, from + batch).map((name) => ({ name, shortlist: [] }));
    const prompt = buildPrompt(items, taxonomy);
    tokensIn += countPrompt(prompt);
    if (from > 0 && model !== null) tokensCached += expectedCached(model, countSystem(prompt.system));
    const out = answerOf.get(items.length) ?? answerTokens(items.length, ids);
    answerOf.set(items.length, out);
    tokensOut += out;
  }
  return { tokensIn, tokensCached, tokensOut };
}
