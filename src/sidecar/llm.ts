import type { Config } from '../config.ts';
import { claimLlm, failCall, type LlmItem, settleLlm, startCall } from '../database/ledger.ts';
import type { Database } from '../database/open.ts';
import { loadCategories, taxonomyVersion } from '../database/taxonomy.ts';
import { messageOf } from '../errors.ts';
import { parseAnswers } from '../llm/parse.ts';
import { costOf, priceOf } from '../llm/pricing.ts';
import { buildPrompt } from '../llm/prompt.ts';
import { type Prompt, type Provider, ProviderError, type Reply, type Taxonomy } from '../llm/types.ts';
import { log } from '../log.ts';
import { backoff } from './waker.ts';

/** An unusable key does not mend itself quickly. */
const unauthorisedPauseMs = 60_000;

/** What the LLM stage works with; one for all its concurrent loops. */
export interface LlmStage {
  db: Database;
  worker: string;
  provider: Provider;
  config: Config;
  /** Aborted when the shutdown's time is up: calls in flight are given up as `unknown`. */
  abandon: AbortSignal;
  /** No call is sent before this moment (ms since the epoch): the provider asked for a pause. */
  pausedUntil: number;
  /** Calls in a row that failed for the provider's sake. */
  failures: number;
  /** What health() should say about the provider. */
  notice: string | null;
  taxonomy: { version: string; value: Taxonomy } | null;
}

export function llmStage(
  facts: Pick<LlmStage, 'db' | 'worker' | 'provider' | 'config' | 'abandon'>,
): LlmStage {
  return { ...facts, pausedUntil: 0, failures: 0, notice: null, taxonomy: null };
}

async function currentTaxonomy(stage: LlmStage): Promise<Taxonomy> {
  const version = await taxonomyVersion(stage.db);
  if (stage.taxonomy?.version !== version) {
    const nodes = new Map((await loadCategories(stage.db)).map((node) => [node.id, node]));
    stage.taxonomy = { version, value: { nodes } };
  }
  return stage.taxonomy.value;
}

/** What a failed call means: how long the names wait, and how long the provider is left alone. */
async function handleFailure(
  stage: LlmStage,
  callId: number,
  items: readonly LlmItem[],
  error: unknown,
): Promise<void> {
  const failure = error instanceof ProviderError ? error : new ProviderError('unavailable', messageOf(error));
  const given = stage.abandon.aborted;
  const itsOwn = failure.kind === 'refused_request';
  let pause = 0;
  if (failure.kind === 'unauthorised') pause = unauthorisedPauseMs;
  else if (!itsOwn && !given) pause = failure.retryAfterMs ?? backoff(++stage.failures, 500, 30_000);
  stage.pausedUntil = Math.max(stage.pausedUntil, Date.now() + pause);
  stage.notice = `${stage.provider.name}: ${failure.message}`;
  if (!given)
    log.warn('the provider gave no answer', {
      kind: failure.kind,
      error: failure.message,
      pauseMs: Math.round(pause),
    });
  await failCall(stage.db, stage.worker, callId, {
    names: items.map((item) => item.name_key),
    error: failure.message,
    arrived: failure.status !== undefined,
    // only a request that the provider calls wrong may be a name's fault; 429, 5xx and silence never are
    counts: itsOwn,
    waitMs: itsOwn ? 0 : pause,
  });
}

async function settle(
  stage: LlmStage,
  callId: number,
  items: readonly LlmItem[],
  prompt: Prompt,
  reply: Reply,
): Promise<void> {
  const parsed = parseAnswers(reply.text, prompt);
  const answers: { name_key: string; category_id: number; confidence: number | null }[] = [];
  const refused: { name_key: string; error: string; none: boolean }[] = [];
  const reasons = new Map(parsed.refused.map((r) => [r.item, r.reason]));
  items.forEach((item, i) => {
    const answer = parsed.answers.get(i + 1);
    const name_key = item.name_key;
    if (answer === undefined)
      refused.push({ name_key, error: reasons.get(i + 1) ?? 'the answer left it out', none: false });
    else if (answer.categoryId === 0)
      refused.push({ name_key, error: 'none of the candidates fits', none: true });
    else answers.push({ name_key, category_id: answer.categoryId, confidence: answer.confidence });
  });
  const price =
    priceOf(stage.provider.name, reply.modelVersion, new Date()) ??
    priceOf(stage.provider.name, stage.provider.model, new Date());
  await settleLlm(stage.db, stage.worker, callId, {
    answers,
    refused,
    ...reply.usage,
    cost: price === null ? null : costOf(reply.usage, price),
    modelVersion: reply.modelVersion,
    requestId: reply.requestId ?? null,
  });
  stage.failures = 0;
  stage.notice = null;
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
  });
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
