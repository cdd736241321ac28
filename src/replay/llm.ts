import { inBatches } from '../llm/batches.ts';
import { lineTokens } from '../llm/line-tokens.ts';
import { buildPrompt } from '../llm/prompt.ts';
import { type Asked, chooseRoute } from '../llm/route.ts';
import { upperOf } from '../llm/taxonomy.ts';
import { countPrompt } from '../llm/tokens.ts';
import type { Item, Taxonomy } from '../llm/types.ts';
import { answerTokens } from '../llm/without-layers.ts';

/** A name that goes to the LLM. */
export interface LlmName extends Item {
  /** The likely l1: full batches are of one. */
  branch: number;
  /** The category of memory's label, which the LLM is taken to answer. */
  label: number;
}

export interface LlmUse {
  tokensIn: number;
  tokensOut: number;
  /** Names whose label was not among the categories offered first, and that were asked again. */
  askedAgain: number;
}

/**
 * What the LLM layer would use for these names: prompts as the sidecar makes them, counted by the
 * tokenizer; the output is that of a typical answer. No call is made.
 */
export async function llmUse(names: readonly LlmName[], taxonomy: Taxonomy, batch: number): Promise<LlmUse> {
  const ids = [...taxonomy.nodes.keys()];
  const tokens = await lineTokens(taxonomy);
  const use: LlmUse = { tokensIn: 0, tokensOut: 0, askedAgain: 0 };
  /** Names whose label is not among the categories offered: none of these, or the upper one of two stages. */
  const ask = (items: readonly LlmName[], asked: Asked) => {
    const choice = chooseRoute(items, asked, taxonomy, tokens);
    use.tokensIn += countPrompt(buildPrompt(items, taxonomy, choice));
    use.tokensOut += answerTokens(items.length, ids);
    return items
      .filter((item) => !choice.offered.has(item.label))
      .map((item) => ({ ...item, shortlist: [] }));
  };
  const inBranches = (open: readonly LlmName[], next: Asked['next'], branchOf: (name: LlmName) => number) =>
    [...inBatches(open, branchOf, batch)].flatMap((items) =>
      ask(items, { next, branches: items.map(branchOf) }),
    );
  const again = inBranches(names, null, ({ branch }) => branch);
  use.askedAgain = again.length;
  const left = inBranches(again, null, () => 0);
  inBranches(left, 'subtree', ({ label }) => upperOf(taxonomy, label));
  return use;
}
