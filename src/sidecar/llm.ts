import { claimLlm, type LlmItem, startCall } from '../database/ledger.ts';
import { giveBack } from '../database/queue.ts';
import { loadCategories, taxonomyVersion } from '../database/taxonomy.ts';
import { buildPrompt } from '../llm/prompt.ts';
import type { Reply, Taxonomy } from '../llm/types.ts';
import { handleFailure } from './llm-failure.ts';
import { settle } from './llm-settle.ts';
import type { LlmStage } from './llm-stage.ts';

/** How long names wait whose call the database refused: the next claim knows why. */
const refusedWaitMs = 1000;

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
  const names = items.map((item) => item.name_key);
  let callId: number;
  try {
    callId = await startCall(db, {
      worker,
      purpose: items[0]?.purpose ?? 'answer',
      route: prompt.route,
      provider: provider.name,
      model: provider.model,
      simulated: provider.simulated,
      names,
      tokensIn: prompt.tokensInUpper,
      tokensOut: prompt.maxTokensOut,
      deployment: config.deployment,
      leaseSeconds: config.leaseSeconds,
    });
  } catch (error) {
    // a budget used up or a name marked never-send since the claim: not the names' fault, and nobody else would free them
    await giveBack(db, worker, 'llm', names, { counts: false, waitMs: refusedWaitMs });
    throw error;
  }
  let reply: Reply;
  try {
    reply = await provider.complete(prompt, stage.abandon);
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
