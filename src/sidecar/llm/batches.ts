import {
  addToBatch,
  batchWorker,
  endBatch,
  noteBatch,
  type OpenBatch,
  openBatch,
  openBatchCalls,
  openBatches,
} from '../../database/batches.ts';
import { claimLlm, failCall, type LlmItem } from '../../database/ledger.ts';
import { giveBack } from '../../database/queue.ts';
import { messageOf } from '../../errors.ts';
import { answersSomething } from '../../llm/parse.ts';
import { checkedReply } from '../../llm/reply.ts';
import {
  type BatchRequest,
  type BatchResult,
  type Provider,
  ProviderError,
  type Route,
} from '../../llm/types.ts';
import { log } from '../../log.ts';
import { hideSecrets } from '../../secrets.ts';
import { Claims } from '../claims.ts';
import { begin, currentTaxonomy } from './ask.ts';
import { settle } from './settle.ts';
import type { LlmStage } from './stage.ts';

/** Who looks after batches holds the lock of this name: one at a time over all processes. */
export const batchesJob = 'look after batches';

/** Names of a batch are leased until it has ended, which its provider sees to within a day; results are kept for a month. */
const leaseSeconds = 30 * 86_400;

const requestId = (callId: number): string => `taxon-${callId}`;

/** Claims what waits, as calls of one batch. */
async function fill(stage: LlmStage, provider: Provider, batchId: number, most: number) {
  const { db, worker, config } = stage;
  const requests: BatchRequest[] = [];
  let names = 0;
  while (requests.length < most) {
    // nothing of a batch is renewed or taken back: what is lost of it goes back when it has ended
    const wanted = new Claims(leaseSeconds).begin();
    const { claim } = wanted;
    const items = await claimLlm(db, worker, config.llmBatch, 0, leaseSeconds, wanted);
    if (items.length === 0) break;
    const keys = items.map((item) => item.name_key);
    let call: Awaited<ReturnType<typeof begin>> = null;
    try {
      call = await begin(stage, provider, items, { leaseSeconds, batch: true, claim });
      // a person has settled one meanwhile: the others are claimed again
      if (call === null) await giveBack(db, worker, 'llm', keys, { counts: false, claim });
      else {
        const { callId, prompt } = call;
        await addToBatch(db, batchId, callId, keys, prompt.offered);
        requests.push({ id: requestId(callId), prompt });
        names += keys.length;
      }
    } catch (error) {
      const back = { counts: false, waitMs: 1000, claim };
      if (call === null) await giveBack(db, worker, 'llm', keys, back);
      else {
        const failed = { names: keys, error: messageOf(error), arrived: true, ...back };
        await failCall(db, worker, call.callId, failed);
      }
      if (requests.length === 0) throw error;
      log.warn('the batch goes with less', { calls: requests.length, error: messageOf(error) });
      break;
    }
  }
  return { requests, names };
}

/** A provider's name of a batch, which is sent back to it as it is and stored: one with the key in it cannot be. */
function withoutKey(id: string): string {
  if (hideSecrets(id) === id) return id;
  throw new ProviderError('refused_request', 'the server names a batch by the key that it was sent', {
    status: 400,
  });
}

/**
 * Claims names that wait for the LLM, `most` calls of them, and gives them to the provider's batch API. To be called under
 * the lock of batchesJob, as all that is here.
 *
 * @returns the batch; null: no name waits
 * @throws ProviderError when the provider did not take the batch; its names are back then, if that is sure
 */
export async function submitBatch(stage: LlmStage, provider: Provider, most: number): Promise<number | null> {
  const { db } = stage;
  const { llm_batch_id: id, reference } = await openBatch(db, provider.name, provider.model);
  const { requests, names } = await fill({ ...stage, worker: batchWorker(id) }, provider, id, most);
  if (requests.length === 0) {
    await endBatch(db, id, { failed: true, error: null, owed: false });
    return null;
  }
  await noteBatch(db, id);
  try {
    const sent = withoutKey(await provider.batches.submit(requests, reference, stage.abandon));
    await noteBatch(db, id, sent);
    log.info('batch submitted', { batch: id, calls: requests.length, names, id: sent });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    // no reply: it may be there all the same, and whoever looks after batches next finds out
    if (error.status !== undefined)
      await endBatch(db, id, { failed: true, error: error.message, owed: false });
    throw error;
  }
  return id;
}

/** What became of a batch whose process died, or whose submission had no reply. */
async function recover(stage: LlmStage, provider: Provider, batch: OpenBatch): Promise<void> {
  const { db, abandon } = stage;
  const { llm_batch_id: id, state, reference } = batch;
  const found = state === 'filling' ? null : await provider.batches.find(reference, abandon);
  if (typeof found === 'string') return noteBatch(db, id, found);
  const error = 'its process died, or had no reply, when it was about to be sent';
  log.warn('a batch was lost', { batch: id, names: batch.names, error });
  await endBatch(db, id, { failed: true, error, owed: found === undefined });
}

/** Writes one result; true where names got an answer. */
async function take(
  stage: LlmStage,
  call: Awaited<ReturnType<typeof openBatchCalls>>[number],
  result: BatchResult,
): Promise<void> {
  const { llm_call_id: callId, purpose, name_keys: names } = call;
  if ('error' in result) {
    const { kind, message } = result.error;
    await failCall(stage.db, stage.worker, callId, {
      names,
      error: message,
      arrived: true,
      // a batch that is called wrong comes back smaller: from its third try on each name is asked alone
      counts: kind === 'refused_request' || kind === 'too_long',
      waitMs: 0,
    });
    return;
  }
  const items = names.map(
    (name_key, i): LlmItem => ({
      name_key,
      shortlist: null,
      probabilities: null,
      next: call.nexts[i] ?? null,
      branch: call.branches[i] ?? null,
      asked: 0,
      attempts: 1,
      purpose,
    }),
  );
  const prompt = { route: call.route as Route, items: names.length, offered: new Set(call.offered) };
  const begun = { callId, prompt, taxonomy: await currentTaxonomy(stage) };
  // a server that counts nothing: the upper estimates stay
  const upper = { tokensInUpper: call.tokens_in, maxTokensOut: call.tokens_out };
  const { cut, ...reply } = checkedReply(result.reply, upper, call.model);
  // with nothing in it a next round may be the same: here such a call counts as a try, or a backfill would never end
  await settle(stage, begun, items, cut && answersSomething(reply.text) ? { ...reply, cut } : reply);
}

/** Results of a batch that has ended, those that no process has taken before. */
async function collect(stage: LlmStage, provider: Provider, batch: OpenBatch, providerBatchId: string) {
  const { db, abandon } = stage;
  const id = batch.llm_batch_id;
  const state = await provider.batches.look(providerBatchId, abandon);
  if (!state.ended) {
    if (batch.cancelled) await cancel(provider, providerBatchId, abandon);
    return;
  }
  if (state.refused !== null) {
    const refusal = new ProviderError('refused_request', state.refused, { status: 400 });
    await endBatch(db, id, { failed: true, error: refusal.message, owed: false });
    // its names wait again, and would be refused again
    throw refusal;
  }
  const own = { ...stage, worker: batchWorker(id) };
  const calls = new Map((await openBatchCalls(db, id)).map((call) => [requestId(call.llm_call_id), call]));
  for await (const result of provider.batches.results(providerBatchId, abandon)) {
    const call = calls.get(result.id);
    if (call !== undefined) await take(own, call, result);
    calls.delete(result.id);
  }
  await endBatch(db, id, { failed: false, error: null, owed: !state.cut });
  log.info('batch taken', { batch: id, names: batch.names, ...(calls.size > 0 && { without: calls.size }) });
}

/** Asked again at each look until it has ended: a refusal says that it is being cancelled or has just ended. */
async function cancel(provider: Provider, providerBatchId: string, signal: AbortSignal): Promise<void> {
  await provider.batches.cancel(providerBatchId, signal).catch((error: unknown) => {
    if ((error as ProviderError).status === undefined) throw error;
  });
}

/**
 * Looks after all batches of the stage's providers that have not ended: finds those that got lost, cancels, takes the
 * results of those that are done.
 *
 * @returns those that have not ended afterwards
 * @throws ProviderError when a provider did not answer; what was done is done
 */
export async function lookAfterBatches(stage: LlmStage): Promise<OpenBatch[]> {
  for (const batch of await openBatches(stage.db)) {
    const state = stage.providers.find(
      ({ provider: { name, model } }) => name === batch.provider && model === batch.model,
    );
    if (state === undefined) continue;
    if (batch.provider_batch_id === null) await recover(stage, state.provider, batch);
    else await collect(stage, state.provider, batch, batch.provider_batch_id);
  }
  return openBatches(stage.db);
}
