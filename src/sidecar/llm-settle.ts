import { type LlmItem, type Refused, settleLlm } from '../database/ledger.ts';
import { parseAnswers } from '../llm/parse.ts';
import { costOf } from '../llm/pricing.ts';
import { isInner } from '../llm/taxonomy.ts';
import type { Prompt, Provider, Reply, Taxonomy } from '../llm/types.ts';
import { priceFor } from './llm-price.ts';
import type { LlmStage } from './llm-stage.ts';

/** A call that stands in the ledger: what was asked, and what is needed to judge the answer. */
export interface BegunCall {
  callId: number;
  prompt: Pick<Prompt, 'route' | 'items' | 'offered'>;
  taxonomy: Taxonomy;
  /** Whether it went to the batch API. */
  batch: boolean;
}

/** The step after an answer that is not final; null: the answer is final. */
function nextStep(
  categoryId: number,
  route: Prompt['route'],
  taxonomy: Taxonomy,
): Pick<LlmItem, 'next' | 'branch'> | null {
  // nothing of the part fits: of a shortlist, ask as if nothing were known; of a subtree, the whole tree, where that is no answer
  if (categoryId === 0) return { next: route === 'subtree' ? 'tree' : null, branch: null };
  return route === 'two-stage' && isInner(taxonomy, categoryId)
    ? { next: 'subtree', branch: categoryId }
    : null;
}

/**
 * What a provider answered goes into the database: labels, rows, queue and ledger.
 *
 * @returns the names that go on to another step
 */
export async function settle(
  stage: LlmStage,
  provider: Provider,
  { callId, prompt, taxonomy, batch }: BegunCall,
  items: readonly LlmItem[],
  reply: Reply,
): Promise<LlmItem[]> {
  const parsed = parseAnswers(reply.text, prompt);
  const answers: { name_key: string; category_id: number; confidence: number | null }[] = [];
  const refused: Refused[] = [];
  const moved: LlmItem[] = [];
  const reasons = new Map(parsed.refused.map((r) => [r.item, r.reason]));
  items.forEach((item, i) => {
    const answer = parsed.answers.get(i + 1);
    const { name_key } = item;
    if (answer === undefined) {
      refused.push({ name_key, error: reasons.get(i + 1) ?? 'the answer left it out' });
      return;
    }
    const step = nextStep(answer.categoryId, prompt.route, taxonomy);
    if (step === null) {
      answers.push({ name_key, category_id: answer.categoryId, confidence: answer.confidence });
      return;
    }
    refused.push({ name_key, moved: true, none: answer.categoryId === 0, ...step });
    moved.push({ ...item, ...step, shortlist: null, odds: null });
  });
  const price = priceFor(provider, reply.modelVersion, batch) ?? priceFor(provider, provider.model, batch);
  await settleLlm(stage.db, stage.worker, callId, {
    answers,
    refused,
    ...reply.usage,
    cost: price === null ? null : costOf(reply.usage, price),
    modelVersion: reply.modelVersion,
    requestId: reply.requestId ?? null,
  });
  return moved;
}
