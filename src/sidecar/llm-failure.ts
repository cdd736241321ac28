import { failCall, type LlmItem } from '../database/ledger.ts';
import { messageOf } from '../errors.ts';
import { ProviderError } from '../llm/types.ts';
import { log } from '../log.ts';
import type { LlmStage } from './llm-stage.ts';
import { backoff } from './waker.ts';

/** An unusable key does not mend itself quickly. */
const unauthorisedPauseMs = 60_000;

/** What a failed call means: how long the names wait, and how long the provider is left alone. */
export async function handleFailure(
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
