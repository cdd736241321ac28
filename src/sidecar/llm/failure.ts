import { failCall, type LlmItem, settleLlm } from '../../database/ledger.ts';
import { giveBack } from '../../database/queue.ts';
import { messageOf } from '../../errors.ts';
import { ProviderError, type Reply } from '../../llm/types.ts';
import { log } from '../../log.ts';
import { insist } from '../insist.ts';
import type { Turn } from './provider-state.ts';
import type { LlmStage } from './stage.ts';

/** Books a reply without any answer, as long as it takes: it was paid for. Its names stay with the worker. */
async function bookSpent({ db, worker, abandon }: LlmStage, callId: number, reply: Reply): Promise<void> {
  const { usage, modelVersion, requestId = null } = reply;
  const call = { answers: [], refused: [], ...usage, modelVersion, requestId };
  await insist('an answer', () => settleLlm(db, worker, callId, call), abandon);
}

/**
 * Closes a call that brought no answer, as the retry table says (`src/llm/providers/failure.ts`). Its names go back and
 * are due at once: it is the provider that waits, and another one, or another sidecar, may be able to ask.
 *
 * @param sent the call's id, the claim that holds its names (null: they are of none), when it was sent in milliseconds since
 * the epoch, and what makes a reply to it fit for the ledger
 * @returns the halves of a batch that the provider calls wrong, or all of one that it will be asked otherwise: still leased,
 * to be asked one after the other
 */
export async function handleFailure(
  stage: LlmStage,
  turn: Turn,
  sent: { callId: number; claim: string | null; since: number; check(reply: Reply): Reply },
  items: readonly LlmItem[],
  error: unknown,
): Promise<LlmItem[][]> {
  const { callId, claim, since, check } = sent;
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
    return spentWithout(stage, sent, items, check(failure.spent), failure.again && !aborted);
  const itsOwn = (kind === 'refused_request' || kind === 'too_long') && !aborted;
  const apart = itsOwn && items.length > 1;
  const failed = {
    names: apart ? [] : items.map((item) => item.name_key),
    error: failure.message,
    arrived: failure.status !== undefined,
    // only a request that the provider calls wrong, with this name alone in it; 429, 5xx and silence never
    counts: itsOwn,
    waitMs: 0,
    claim,
  };
  await insist('the end of a call', () => failCall(stage.db, stage.worker, callId, failed), stage.abandon);
  if (!apart) return [];
  const half = Math.ceil(items.length / 2);
  return [items.slice(0, half), items.slice(half)];
}

/** All that a call was paid for went into thinking: no failure of its names. */
async function spentWithout(
  stage: LlmStage,
  { callId, claim }: { callId: number; claim: string | null },
  items: readonly LlmItem[],
  reply: Reply,
  again: boolean,
): Promise<LlmItem[][]> {
  await bookSpent(stage, callId, reply);
  if (again) return [[...items]];
  const names = items.map((item) => item.name_key);
  await giveBack(stage.db, stage.worker, 'llm', names, { counts: false, claim });
  return [];
}

/** Whether the provider may be asked about a half now; else its names go back, uncounted. */
export async function mayGoOn(
  stage: LlmStage,
  turn: Turn,
  half: readonly LlmItem[],
  claim: string | null,
): Promise<boolean> {
  if (!stage.abandon.aborted && turn.state.wait() === 0) return true;
  await giveBack(
    stage.db,
    stage.worker,
    'llm',
    half.map((item) => item.name_key),
    { counts: false, claim },
  );
  return false;
}
