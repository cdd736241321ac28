import { failCall, type LlmItem } from '../database/ledger.ts';
import { giveBack } from '../database/queue.ts';
import { messageOf } from '../errors.ts';
import { ProviderError } from '../llm/types.ts';
import { log } from '../log.ts';
import { insist } from './insist.ts';
import type { LlmStage } from './llm-stage.ts';
import type { Turn } from './provider-state.ts';

/**
 * Closes a call that brought no answer, as the retry table says (`src/llm/providers/failure.ts`). Its names go back and
 * are due at once: it is the provider that waits, and another one, or another sidecar, may be able to ask.
 *
 * @param claim the one that holds the names; null: they are of none
 * @param since when the call was sent, in milliseconds since the epoch
 * @returns the halves of a batch that the provider calls wrong: still leased, to be asked one after the other
 */
export async function handleFailure(
  stage: LlmStage,
  turn: Turn,
  { callId, claim }: { callId: number; claim: string | null },
  items: readonly LlmItem[],
  error: unknown,
  since: number,
): Promise<LlmItem[][]> {
  const failure = error instanceof ProviderError ? error : new ProviderError('unavailable', messageOf(error));
  const { aborted } = stage.abandon;
  const kind = aborted ? failure.kind : turn.state.failed(failure, since);
  if (!aborted)
    log.warn('the provider gave no answer', {
      kind,
      error: failure.message,
      pauseMs: Math.round(turn.state.wait()),
    });
  const itsOwn = kind === 'refused_request' && !aborted;
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
