import { claimLlm, type LlmItem, startCall } from '../database/ledger.ts';
import type { Database } from '../database/open.ts';
import { loadCategories, taxonomyVersion } from '../database/taxonomy.ts';
import { lineTokens } from '../llm/line-tokens.ts';
import { costOf, priceOf } from '../llm/pricing.ts';
import { buildPrompt } from '../llm/prompt.ts';
import { chooseRoute } from '../llm/route.ts';
import type { Prompt, Reply, Taxonomy } from '../llm/types.ts';
import { handleFailure } from './llm-failure.ts';
import { settle } from './llm-settle.ts';
import type { LlmStage } from './llm-stage.ts';

/** The categories of today. */
export async function loadTaxonomy(db: Database): Promise<Taxonomy> {
  return { nodes: new Map((await loadCategories(db)).map((node) => [node.id, node])) };
}

async function currentTaxonomy(stage: LlmStage): Promise<Taxonomy> {
  const version = await taxonomyVersion(stage.db);
  if (stage.taxonomy?.version !== version) stage.taxonomy = { version, value: await loadTaxonomy(stage.db) };
  return stage.taxonomy.value;
}

/** How a batch is asked: what was kept of its names decides. An audit offers what it was given, as it must be blind. */
export async function promptFor(
  items: readonly LlmItem[],
  taxonomy: Taxonomy,
): Promise<{ prompt: Prompt; reason: string | null }> {
  const asked = items.map(({ name_key, shortlist, odds }) => ({
    name: name_key,
    shortlist: shortlist ?? [],
    ...(odds && { odds }),
  }));
  const { purpose, next, branch } = items[0] as LlmItem;
  if (purpose === 'audit') return { prompt: buildPrompt(asked, taxonomy), reason: null };
  const choice = chooseRoute(asked, { next, branch }, taxonomy, await lineTokens(taxonomy));
  return { prompt: buildPrompt(asked, taxonomy, choice), reason: choice.reason };
}

/**
 * One batch of names of one purpose and step: route, prompt, ledger row, call, parse, settle. A provider's failure is
 * settled too, not thrown.
 *
 * @returns the names that go on to another step; the database has them in its queue
 */
export async function ask(stage: LlmStage, items: readonly LlmItem[]): Promise<LlmItem[]> {
  const { db, worker, provider, config } = stage;
  const taxonomy = await currentTaxonomy(stage);
  const { prompt, reason } = await promptFor(items, taxonomy);
  const price = priceOf(provider.name, provider.model, new Date());
  const upper = { tokensIn: prompt.tokensInUpper, tokensCached: 0, tokensOut: prompt.maxTokensOut };
  const callId = await startCall(db, {
    worker,
    purpose: items[0]?.purpose ?? 'answer',
    route: prompt.route,
    reason,
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
  try {
    reply = await provider.complete(prompt, stage.abandon);
  } catch (error) {
    await handleFailure(stage, callId, items, error);
    return [];
  }
  return settle(stage, callId, items, prompt, taxonomy, reply);
}

/** Claims a batch and asks; false when there was nothing to do. */
export async function askOnce(stage: LlmStage): Promise<boolean> {
  const { db, worker, config } = stage;
  const items = await claimLlm(db, worker, config.llmBatch, config.llmWaitMs, config.leaseSeconds);
  if (items.length === 0) return false;
  await ask(stage, items);
  return true;
}
