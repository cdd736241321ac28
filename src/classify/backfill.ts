import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import {
  type BatchTotals,
  batchTotals,
  cancelBatches,
  type OpenBatch,
  openBatches,
} from '../database/batches.ts';
import type { Database } from '../database/connection/open.ts';
import { alone } from '../database/jobs.ts';
import { messageOf, TaxonError } from '../errors.ts';
import { type Provider, ProviderError } from '../llm/types.ts';
import { log } from '../log.ts';
import { batchesJob, lookAfterBatches, submitBatch } from '../sidecar/llm/batches.ts';
import { type LlmStage, llmStage } from '../sidecar/llm/stage.ts';
import { backoff } from '../sidecar/waker.ts';

export interface BackfillOptions {
  /** Calls of one batch at most. */
  calls: number;
  pollMs: number;
  /** Stops asking for results; what was submitted goes on at the provider. */
  signal: AbortSignal;
}

/** Between two looks; false where the caller does not want to wait any more. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}

/**
 * Does `work` while nobody else looks after batches, as soon as that is so. A provider that does not answer is tried again
 * by and by; one that refuses is not.
 */
async function undisturbed<T>(
  stage: LlmStage,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T | null> {
  for (let failures = 0; !signal.aborted; ) {
    let done: { value: T } | null = null;
    try {
      await alone(stage.db, batchesJob, async () => {
        done = { value: await work() };
      });
    } catch (error) {
      const { kind } = error as ProviderError;
      if (!(error instanceof ProviderError)) throw error;
      if (kind === 'unauthorised' || kind === 'refused_request' || kind === 'too_long')
        throw new TaxonError(`the provider's batch API refuses: ${error.message}`, {
          hint: 'Mend that, or ask name by name: taxon sidecar. What was submitted before is not lost: run it again.',
        });
      log.warn('the provider gave no answer', { kind, error: messageOf(error) });
      if (!(await pause(error.retryAfterMs ?? backoff(++failures, 1000, 60_000), signal))) break;
      continue;
    }
    if (done !== null) return (done as { value: T }).value;
    if (!(await pause(500, signal))) break;
  }
  return null;
}

/** What a run did, its share of the batches of earlier runs included. */
export interface Backfilled extends BatchTotals {
  /** Batches that have not ended. */
  open: number;
}

/** The stage of a process that asks by batches only. */
export function backfillStage(db: Database, config: Config, providers: readonly Provider[]): LlmStage {
  // a submission is never cut off: the provider would have it and nobody its id
  const abandon = new AbortController().signal;
  return llmStage({ db, worker: 'backfill', config, abandon }, providers);
}

async function summary(db: Database, first: number | undefined): Promise<Backfilled> {
  const totals = await batchTotals(db, first ?? Number.MAX_SAFE_INTEGER);
  return { ...totals, open: (await openBatches(db)).length };
}

/**
 * Gives all names that wait for the LLM to the first provider's batch API and takes the answers, round by round (what is
 * answered "none of these" waits again), until none waits and every batch has ended, or the signal comes. It goes on
 * where an earlier run, killed or stopped, has left its batches.
 *
 * @throws TaxonError when the provider refuses batches
 */
export async function backfill(stage: LlmStage, options: BackfillOptions): Promise<Backfilled> {
  const { calls, pollMs, signal } = options;
  const provider = stage.providers[0]?.provider;
  if (provider === undefined) throw new Error('a backfill needs a provider');
  let first = (await openBatches(stage.db))[0]?.llm_batch_id;
  for (;;) {
    await undisturbed(stage, signal, () => lookAfterBatches(stage));
    const submitted = await undisturbed(stage, signal, () => submitBatch(stage, provider, calls));
    first ??= submitted ?? undefined;
    if (submitted !== null) continue;
    // after the submission: one that had no reply is open too
    if ((await openBatches(stage.db)).length === 0 || !(await pause(pollMs, signal))) break;
  }
  return summary(stage.db, first);
}

/** Cancels every batch that has not ended; what was answered before is taken, the other names wait for the LLM again. */
export async function cancelBackfill(stage: LlmStage, options: BackfillOptions): Promise<Backfilled> {
  let open: readonly OpenBatch[] = await openBatches(stage.db);
  const first = open[0]?.llm_batch_id;
  await cancelBatches(stage.db);
  while (open.length > 0) {
    open = (await undisturbed(stage, options.signal, () => lookAfterBatches(stage))) ?? open;
    if (open.length === 0 || !(await pause(options.pollMs, options.signal))) break;
  }
  return summary(stage.db, first);
}
