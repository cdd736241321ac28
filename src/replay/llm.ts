import { buildPrompt } from '../llm/prompt.ts';
import { countPrompt } from '../llm/tokens.ts';
import type { Item, Taxonomy } from '../llm/types.ts';
import { answerTokens } from '../llm/without-layers.ts';

/** A name that goes to the LLM. */
export interface LlmName extends Item {
  /** The likely l1: batches are of one. */
  branch: number;
  /** The category of memory's label, which the LLM is taken to answer. */
  label: number;
}

export interface LlmUse {
  tokensIn: number;
  tokensOut: number;
  /** Names whose label was not among the candidates offered: "none of these", asked again with the whole tree. */
  askedAgain: number;
}

function* batchesOf<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

/**
 * What the LLM layer would use for these names: prompts as the sidecar makes them, of one l1 each, counted by the
 * tokenizer; the output is that of a typical answer. No call is made.
 */
export function llmUse(names: readonly LlmName[], taxonomy: Taxonomy, batch: number): LlmUse {
  const ids = [...taxonomy.nodes.keys()];
  const use: LlmUse = { tokensIn: 0, tokensOut: 0, askedAgain: 0 };
  const ask = (items: readonly LlmName[]) => {
    const prompt = buildPrompt(items, taxonomy);
    use.tokensIn += countPrompt(prompt);
    use.tokensOut += answerTokens(items.length, ids);
    return items.filter((item) => !prompt.offered.has(item.label));
  };
  const branches = new Map<number, LlmName[]>();
  for (const name of names) {
    const same = branches.get(name.branch);
    if (same) same.push(name);
    else branches.set(name.branch, [name]);
  }
  const again: LlmName[] = [];
  for (const branch of branches.values())
    for (const items of batchesOf(branch, batch)) again.push(...ask(items));
  // the second time the tree is whole, so these need not be of one branch
  for (const items of batchesOf(again, batch)) ask(items.map((item) => ({ ...item, shortlist: [] })));
  use.askedAgain = again.length;
  return use;
}
