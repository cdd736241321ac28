import { failCall, type LlmItem, settleLlm } from '../database/ledger.ts';
import type { Database } from '../database/open.ts';
import { giveBack } from '../database/queue.ts';
import { messageOf } from '../errors.ts';
import { ProviderError, type Reply } from '../llm/types.ts';
import { log } from '../log.ts';
import type { LlmStage } from './llm-stage.ts';
import type { Turn } from './provider-state.ts';

/** Books a reply without any answer: it was paid for. Its names stay with the worker. */
async function bookSpent(db: Database, worker: string, callId: number, reply: Reply): Promise<void> {
  const { usage, modelVersion, requestId = null } = reply;
  await settleLlm(db, worker, callId, { answers: [], refused: [], ...usage, modelVersion, requestId });
}

/**
 * Closes a call that brought no answer, as the retry table says (`src/llm/providers/failure.ts`). Its names go back and
 * are due at once: it is the provider that waits, and another one, or another sidecar, may be able to ask.
 *
 * @param sent the call's id, when it was sent in milliseconds since the epoch, and what makes a reply to it fit for the ledger
 * @returns the halves of a batch that the provider calls wrong, or all of one that it will be asked otherwise: still leased,
 * to be asked one after the other
 */
export async function handleFailure(
  stage: LlmStage,
  turn: Turn,
  sent: { callId: number; since: number; check(reply: Reply): Reply },
  items: readonly LlmItem[],
  error: unknown,
): Promise<LlmItem[][]> {
  const { callId, since, check } = sent;
  const failure = error instanceof ProviderError ? error : new ProviderError('unavailable', messageOf(error));
  const { aborted } = stage.abandon;
  const kind = aborted ? failure.kind : turn.state.failed(failure, since);
  if (!aborted)
    log.warn('the provider gave no answer', {
      kind,
      error: failure.message,
      pauseMs: Math.round(turn.state.wait()),
    });
  if (failure.spent !== undefined)
    return spentWithout(stage, callId, items, check(failure.spent), failure.again && !aborted);
  const itsOwn = (kind === 'refused_request' || kind === 'too_long') && !aborted;
  const apart = itsOwn && items.length > 1;
  await failCall(stage.db, stage.worker, callId, {
    names: apart ? [] : items.map((item) => item.name_key),
    error: failure.message,
    arrived: failure.status !== undefined,
    // only a request that the provider calls wrong, with this name alone in it; 429, 5xx and silence never
    counts: itsOwn,
    waitMs: 0,
  });
  if (!apart) return [];
  const half = Math.ceil(items.length / 2);
  return [items.slice(0, half), items.slice(half)];
}

/** All that a call was paid for went into thinking: no failure of its names. */
async function spentWithout(
  stage: LlmStage,
  callId: number,
  items: readonly LlmItem[],
  reply: Reply,
  again: boolean,
): Promise<LlmItem[][]> {
  await bookSpent(stage.db, stage.worker, callId, reply);
  if (again) return [[...items]];
  const names = items.map((item) => item.name_key);
  await giveBack(stage.db, stage.worker, 'llm', names, { counts: false });
  return [];
}

/** Whether the provider may be asked about a half now; else its names go back, uncounted. */
export async function mayGoOn(stage: LlmStage, turn: Turn, half: readonly LlmItem[]): Promise<boolean> {
  if (!stage.abandon.aborted && turn.state.wait() === 0) return true;
  await giveBack(
    stage.db,
    stage.worker,
    'llm',
    half.map((item) => item.name_key),
    { counts: false },
  );
  return false;
}
