import { claimLlm, type LlmItem, startCall } from '../database/ledger.ts';
import { giveBack } from '../database/queue.ts';
import { loadCategories, taxonomyVersion } from '../database/taxonomy.ts';
import { costOf, priceOf } from '../llm/pricing.ts';
import { buildPrompt } from '../llm/prompt.ts';
import type { Reply, Taxonomy } from '../llm/types.ts';
import { handleFailure, mayGoOn } from './llm-failure.ts';
import { settle } from './llm-settle.ts';
import { type LlmStage, turnFor } from './llm-stage.ts';
import type { Turn } from './provider-state.ts';

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
 * thrown; a batch that the provider calls wrong is halved until what breaks it stands alone.
 */
export async function ask(stage: LlmStage, turn: Turn, items: readonly LlmItem[]): Promise<void> {
  const { db, worker, config } = stage;
  const { provider } = turn;
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
  });
  let reply: Reply;
  const since = Date.now();
  try {
    reply = await provider.complete(prompt, stage.abandon);
  } catch (error) {
    for (const half of await handleFailure(stage, turn, callId, items, error, since))
      if (await mayGoOn(stage, turn, half)) await ask(stage, turn, half);
    return;
  }
  await settle(stage, turn, callId, items, prompt, reply);
}

/** Claims a batch and asks; false when there was nothing to do. */
export async function askOnce(stage: LlmStage, turn: Turn): Promise<boolean> {
  const { db, worker, config } = stage;
  const items = await claimLlm(db, worker, config.llmBatch, config.llmWaitMs, config.leaseSeconds);
  if (items.length === 0) return false;
  const own = turnFor(stage, items[0]?.purpose, turn);
  if (own === null) {
    const names = items.map((item) => item.name_key);
    await giveBack(db, worker, 'llm', names, { counts: false, waitMs: 1000 });
    return true;
  }
  await ask(stage, own, items).finally(own.end);
  return true;
}
