import { batchesOf } from '../llm/fill-batches.ts';
import { lineTokens } from '../llm/line-tokens.ts';
import { buildPrompt } from '../llm/prompt.ts';
import { chooseRoute } from '../llm/route.ts';
import { type Next, nextStep, type Step } from '../llm/step.ts';
import { upperOf } from '../llm/taxonomy.ts';
import { countPrompt } from '../llm/tokens.ts';
import type { Item, Taxonomy } from '../llm/types.ts';
import { answerTokens } from '../llm/without-layers.ts';

/** A name that goes to the LLM. */
export interface LlmName extends Item {
  /** The likely l1: full batches are of one; null: it may well be another, and such names are asked by themselves. */
  branch: number | null;
  /** The category of memory's label, which the LLM is taken to answer. */
  label: number;
}

export interface LlmUse {
  tokensIn: number;
  tokensOut: number;
  /** Names whose first answer was not the last: their label was not offered, or only what it lies below. */
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
  const ask = (items: readonly (LlmName & Step)[], next: Next) => {
    const choice = chooseRoute(
      items,
      { next, branches: items.map(({ branch }) => branch) },
      taxonomy,
      tokens,
    );
    use.tokensIn += countPrompt(buildPrompt(items, taxonomy, choice));
    use.tokensOut += answerTokens(items.length, ids);
    return items.flatMap((item) => {
      const among = choice.offered.has(item.label) ? item.label : 0;
      const answer = choice.route === 'two-stage' ? upperOf(taxonomy, item.label) : among;
      const step = nextStep(answer, choice.route, item, taxonomy);
      return step === null ? [] : [{ ...item, ...step, shortlist: [] }];
    });
  };
  let open: (LlmName & Step)[] = names.map((name) => ({ ...name, next: null }));
  for (let first = true; open.length > 0; first = false) {
    const further: typeof open = [];
    const alike = ({ next, branch }: Step) => `${next} ${branch === null}`;
    for (const same of Map.groupBy(open, alike).values())
      for (const items of batchesOf(same, ({ branch }) => branch, batch))
        further.push(...ask(items, items[0]?.next ?? null));
    if (first) use.askedAgain = further.length;
    open = further;
  }
  return use;
}
