import { claimLlm, type LlmItem, startCall } from '../database/ledger.ts';
import { loadCategories, taxonomyVersion } from '../database/taxonomy.ts';
import { costOf, priceOf } from '../llm/pricing.ts';
import { buildPrompt, promptVersion } from '../llm/prompt.ts';
import { checkedReply } from '../llm/reply.ts';
import type { Reply, Taxonomy } from '../llm/types.ts';
import { handleFailure } from './llm-failure.ts';
import { settle } from './llm-settle.ts';
import type { LlmStage } from './llm-stage.ts';

async function currentTaxonomy(stage: LlmStage): Promise<Taxonomy> {
  const version = await taxonomyVersion(stage.db);
  if (stage.taxonomy?.version !== version) {
    const nodes = new Map((await loadCategories(stage.db)).map((node) => [node.id, node]));
    stage.taxonomy = { version, value: { nodes } };
  }
  return stage.taxonomy.value;
}

/**
 * One batch of names of one purpose: prompt, ledger row, call, parse, settle. A provider's failure is settled too, not
 * thrown.
 */
export async function ask(stage: LlmStage, items: readonly LlmItem[]): Promise<void> {
  const { db, worker, provider, config } = stage;
  const prompt = buildPrompt(
    items.map((item) => ({ name: item.name_key, shortlist: item.shortlist ?? [] })),
    await currentTaxonomy(stage),
  );
  const price = priceOf(provider.name, provider.model, new Date());
  const upper = { tokensIn: prompt.tokensInUpper, tokensCached: 0, tokensOut: prompt.maxTokensOut };
  const callId = await startCall(db, {
    worker,
    purpose: items[0]?.purpose ?? 'answer',
    route: prompt.route,
    provider: provider.name,
    model: provider.model,
    simulated: provider.simulated,
    names: items.length,
    tokensIn: upper.tokensIn,
    tokensOut: upper.tokensOut,
    cost: price === null ? null : costOf(upper, price),
    price,
    leaseSeconds: config.leaseSeconds,
    promptVersion,
  });
  let reply: Reply;
  try {
    reply = checkedReply(await provider.complete(prompt, stage.abandon), prompt, provider.model);
  } catch (error) {
    await handleFailure(stage, callId, items, error);
    return;
  }
  await settle(stage, callId, items, prompt, reply);
}

/** Claims a batch and asks; false when there was nothing to do. */
export async function askOnce(stage: LlmStage): Promise<boolean> {
  const { db, worker, config } = stage;
  const items = await claimLlm(db, worker, config.llmBatch, config.llmWaitMs, config.leaseSeconds);
  if (items.length === 0) return false;
  await ask(stage, items);
  return true;
}
