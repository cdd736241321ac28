import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { failCall, settleLlm, startCall } from '../database/ledger.ts';
import { llmPrice } from '../database/prices.ts';
import { messageOf, TaxonError } from '../errors.ts';
import { parseAnswers } from '../llm/parse.ts';
import { bookedCost } from '../llm/pricing.ts';
import { promptVersion } from '../llm/prompt.ts';
import { checkedReply } from '../llm/reply.ts';
import { type Provider, ProviderError, type Usage } from '../llm/types.ts';
import { insist } from '../sidecar/insist.ts';
import { withRoom } from '../sidecar/llm/ask.ts';
import { backoff } from '../sidecar/waker.ts';
import type { Batch } from './questions.ts';

/** A call is tried so often where the provider was busy, away or late. */
const tries = 4;
const longestWaitMs = 30_000;

export interface Asking {
  db: Database;
  config: Config;
  worker: string;
  provider: Provider;
  signal: AbortSignal;
  /** Which asking of the names this is, of all models and turns: each is paid for once. */
  step: number;
  /** Called with the names that are done. */
  onDone(names: number): void;
}

/** What one model said. */
export interface Said {
  /** Category id by name key; 0: none of these. A name without a valid answer is not in it. */
  answers: Map<string, number>;
  usage: Usage;
  /** US dollars; null where the price is not known. */
  cost: number | null;
  /** Milliseconds of each call that was answered. */
  latencies: number[];
  /** Calls that brought no answer. */
  failed: number;
  versions: Set<string>;
}

/** One call through the ledger: started before it is sent, closed with what it cost. Answers go nowhere else. */
async function call(asking: Asking, batch: Batch, said: Said): Promise<void> {
  const { db, config, worker, provider, signal } = asking;
  const { prompt, questions } = batch;
  const upper = withRoom(prompt, provider);
  const started = {
    worker,
    purpose: 'compare' as const,
    route: prompt.route,
    provider: provider.name,
    model: provider.model,
    simulated: provider.simulated,
    reason: null,
    names: questions.map(({ nameKey }) => nameKey),
    steps: questions.map(() => asking.step),
    tokensIn: prompt.tokensInUpper,
    tokensOut: upper.maxTokensOut,
    deployment: config.deployment,
    // nobody renews it: no call takes longer, so a sidecar that sweeps closes it only if this process died
    leaseSeconds: 2 * config.llmTimeoutSeconds + 60,
    promptVersion,
    token: randomUUID(),
  };
  // of no claim, so that none can be lost
  const id = (await insist('a call', () => startCall(db, started), signal)) as number;
  const began = performance.now();
  let thought: ProviderError | undefined;
  const reply = await provider
    .complete(prompt, signal)
    .catch(async (thrown: unknown) => {
      const error =
        thrown instanceof ProviderError ? thrown : new ProviderError('unavailable', messageOf(thrown));
      if (error.spent !== undefined) {
        thought = error;
        return error.spent;
      }
      const arrived = error.status !== undefined;
      const failed = { names: [], error: error.message, arrived, counts: false, waitMs: 0 };
      await insist('the end of a call', () => failCall(db, worker, id, failed), signal);
      throw error;
    })
    .then((given) => checkedReply(given, upper, provider.model));
  said.latencies.push(performance.now() - began);
  const { answers } = parseAnswers(reply.text, prompt);
  const valid = questions.flatMap(({ nameKey }, i) => {
    const answer = answers.get(i + 1);
    if (answer !== undefined) said.answers.set(nameKey, answer.categoryId);
    return answer === undefined || answer.categoryId === 0
      ? []
      : [{ name_key: nameKey, category_id: answer.categoryId, confidence: answer.confidence }];
  });
  // as settle_llm() books it: the version that answered may have a price of its own
  const paid =
    (await llmPrice(db, provider.name, reply.modelVersion)) ??
    (await llmPrice(db, provider.name, provider.model));
  const cost = bookedCost(reply.usage, paid);
  const settled = {
    answers: valid,
    refused: [],
    ...reply.usage,
    modelVersion: reply.modelVersion,
    requestId: reply.requestId ?? null,
  };
  await insist('an answer', () => settleLlm(db, worker, id, settled), signal);
  said.usage.tokensIn += reply.usage.tokensIn;
  said.usage.tokensCached += reply.usage.tokensCached;
  said.usage.tokensWritten += reply.usage.tokensWritten;
  said.usage.tokensOut += reply.usage.tokensOut;
  said.cost = said.cost === null || cost === null ? null : said.cost + cost;
  said.versions.add(reply.modelVersion);
  if (thought !== undefined) throw thought;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A batch, again where the provider was not up to it; a batch that it refuses stays without answers. */
async function askBatch(asking: Asking, batch: Batch, said: Said): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    asking.signal.throwIfAborted();
    try {
      return await call(asking, batch, said);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      said.failed++;
      asking.signal.throwIfAborted();
      if (error.kind === 'refused_request' || error.kind === 'too_long') return;
      if (error.again) continue;
      if (error.kind === 'unauthorised' || attempt === tries)
        throw new TaxonError(`${asking.provider.model}: ${error.message}`, { cause: error });
      await pause(Math.min(longestWaitMs, error.retryAfterMs ?? backoff(attempt, 500, 8000)), asking.signal);
    }
  }
}

/**
 * Asks one model all batches, `llmConcurrency` at once. However it ends, every call that was started is closed in the
 * ledger: those in flight at an interruption as `unknown`.
 *
 * @throws TaxonError where the provider cannot be used, the signal's reason where it was aborted
 */
export async function askModel(asking: Asking, batches: readonly Batch[]): Promise<Said> {
  const said: Said = {
    answers: new Map(),
    usage: { tokensIn: 0, tokensCached: 0, tokensWritten: 0, tokensOut: 0 },
    cost: 0,
    latencies: [],
    failed: 0,
    versions: new Set(),
  };
  let next = 0;
  let over = false;
  async function caller(): Promise<void> {
    while (!over) {
      const batch = batches[next++];
      if (batch === undefined) return;
      await askBatch(asking, batch, said).catch((error: unknown) => {
        over = true;
        throw error;
      });
      asking.onDone(batch.questions.length);
    }
  }
  const callers = Array.from({ length: asking.config.llmConcurrency }, caller);
  const failed = (await Promise.allSettled(callers)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return said;
}
