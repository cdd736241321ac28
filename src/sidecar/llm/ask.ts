import { randomUUID } from 'node:crypto';
import type { Database } from '../../database/connection/open.ts';
import { claimLlm, type LlmItem, startCall } from '../../database/ledger.ts';
import { giveBack } from '../../database/queue.ts';
import { loadCategories, taxonomyVersion } from '../../database/taxonomy.ts';
import { lineTokens } from '../../llm/line-tokens.ts';
import { buildPrompt, promptVersion } from '../../llm/prompt.ts';
import { checkedReply } from '../../llm/reply.ts';
import { chooseRoute } from '../../llm/route.ts';
import type { Prompt, Provider, Reply, Taxonomy } from '../../llm/types.ts';
import { insist } from '../insist.ts';
import { handleFailure, mayGoOn } from './failure.ts';
import type { Turn } from './provider-state.ts';
import { type BegunCall, settle } from './settle.ts';
import { type LlmStage, turnFor } from './stage.ts';

/** The categories of today. */
export async function loadTaxonomy(db: Database): Promise<Taxonomy> {
  return { nodes: new Map((await loadCategories(db)).map((node) => [node.id, node])) };
}

/** How long names wait whose call the database refused, or that no provider can be asked about: the next claim knows more. */
const refusedWaitMs = 1000;

/** The categories of today, read anew when they have changed. */
export async function currentTaxonomy(stage: LlmStage): Promise<Taxonomy> {
  const version = await taxonomyVersion(stage.db);
  if (stage.taxonomy?.version !== version) stage.taxonomy = { version, value: await loadTaxonomy(stage.db) };
  return stage.taxonomy.value;
}

/** How a batch is asked: what was kept of its names decides. An audit and a split
 * offer what they were given. */
export async function promptFor(
  items: readonly LlmItem[],
  taxonomy: Taxonomy,
  model: string | null = null,
): Promise<{ prompt: Prompt; reason: string | null }> {
  const asked = items.map(({ name_key, shortlist, probabilities }) => ({
    name: name_key,
    shortlist: shortlist ?? [],
    ...(probabilities && { probabilities }),
  }));
  const { purpose, next } = items[0] as LlmItem;
  if (purpose === 'audit' || purpose === 'split')
    return { prompt: buildPrompt(asked, taxonomy), reason: null };
  const branches = items.map(({ branch }) => branch);
  const choice = chooseRoute(asked, { next, branches }, taxonomy, await lineTokens(taxonomy), model);
  return { prompt: buildPrompt(asked, taxonomy, choice), reason: choice.reason };
}

/** A prompt with all that the provider may write to it now, thinking included. */
export function withRoom(prompt: Prompt, provider: Provider): Prompt {
  return { ...prompt, maxTokensOut: prompt.maxTokensOut + provider.room() };
}

/**
 * Route, prompt and ledger row of one batch of names of one purpose and step.
 *
 * @param leaseSeconds how long the call is in flight at most unless its lease is renewed
 * @param batch        whether it goes to the batch API
 * @param claim        the one that holds the names; null: they are of none
 * @returns null where that claim does not hold all of the names any more: they are not to be asked about
 */
export async function begin(
  stage: LlmStage,
  provider: Provider,
  items: readonly LlmItem[],
  options: { leaseSeconds: number; batch?: boolean; claim: string | null },
): Promise<(BegunCall & { prompt: Prompt }) | null> {
  const { db, worker, config } = stage;
  const taxonomy = await currentTaxonomy(stage);
  const { prompt, reason } = await promptFor(items, taxonomy, provider.model);
  const call = {
    worker,
    purpose: items[0]?.purpose ?? 'answer',
    route: prompt.route,
    reason,
    provider: provider.name,
    model: provider.model,
    simulated: provider.simulated,
    names: items.map((item) => item.name_key),
    steps: items.map((item) => item.asked + 1),
    tokensIn: prompt.tokensInUpper,
    tokensOut: withRoom(prompt, provider).maxTokensOut,
    deployment: config.deployment,
    promptVersion,
    token: randomUUID(),
    ...options,
  };
  const callId = await insist('a call', () => startCall(db, call), stage.abandon);
  if (callId === null) return null;
  stage.watch.called(callId);
  return { callId, prompt, taxonomy };
}

/**
 * One batch of names of one purpose and step: route, prompt, ledger row, call, parse, settle. A provider's failure is
 * settled too, not thrown; a batch that the provider calls wrong is halved until what breaks it stands alone.
 *
 * @param claim the one that holds the names; null: they are of none
 * @returns the names that go on to another step; the database has them in its queue
 */
export async function ask(
  stage: LlmStage,
  turn: Turn,
  items: readonly LlmItem[],
  claim: string | null = null,
): Promise<LlmItem[]> {
  const { leaseSeconds } = stage.config;
  const call = await begin(stage, turn.provider, items, { leaseSeconds, claim }).catch(async (error) => {
    // a budget used up or a name marked never-send since the claim: not the names' fault
    await letGo(stage, items, claim);
    throw error;
  });
  if (call === null) {
    await letGo(stage, items, claim);
    return [];
  }
  const check = (given: Reply) =>
    checkedReply(given, withRoom(call.prompt, turn.provider), turn.provider.model);
  let reply: Reply;
  const since = Date.now();
  try {
    reply = check(await turn.provider.complete(call.prompt, stage.abandon, call.callId));
  } catch (error) {
    const moved: LlmItem[] = [];
    const sent = { callId: call.callId, claim, since, check };
    for (const half of await handleFailure(stage, turn, sent, items, error))
      if (await mayGoOn(stage, turn, half, claim)) moved.push(...(await ask(stage, turn, half, claim)));
    return moved;
  }
  turn.state.answered(reply);
  return settle(stage, call, items, reply);
}

/** Gives names back that are not asked about now. */
async function letGo(stage: LlmStage, items: readonly LlmItem[], claim: string | null): Promise<void> {
  const names = items.map((item) => item.name_key);
  await giveBack(stage.db, stage.worker, 'llm', names, { counts: false, waitMs: refusedWaitMs, claim });
}

/**
 * Claims a batch and asks; false when there was nothing to do. What it cannot bring to an end is owed back.
 *
 * @param onClaimed there is work: called before the LLM is
 */
export async function askOnce(stage: LlmStage, turn: Turn, onClaimed = () => {}): Promise<boolean> {
  const { db, worker, config, claims } = stage;
  let claim = '';
  try {
    const mine = stage.claiming.then(() => {
      const wanted = claims.begin();
      claim = wanted.claim;
      return claimLlm(db, worker, config.llmBatch, config.llmWaitMs, config.leaseSeconds, wanted);
    });
    stage.claiming = mine.catch(() => {});
    const items = await mine;
    if (items.length > 0) {
      onClaimed();
      const own = turnFor(stage, items[0]?.purpose, turn);
      if (own === null) await letGo(stage, items, claim);
      else await ask(stage, own, items, claim).finally(own.end);
    }
    claims.end(claim);
    return items.length > 0;
  } catch (error) {
    claims.owe(claim);
    throw error;
  }
}
