import { closeLostCalls } from '../../database/ledger.ts';
import { messageOf } from '../../errors.ts';
import { log } from '../../log.ts';
import { backoff, createWaker, type Waker } from '../waker.ts';
import { askOnce } from './ask.ts';
import { Lookout } from './lookout.ts';
import { type LlmStage, takeTurn, waitForTurn } from './stage.ts';

export interface LlmLoop {
  done: Promise<void>;
  wake(): void;
  /** When a caller last looked for work, in milliseconds since the epoch; the others may be in a call. */
  turnedAt(): number;
}

/** One of the concurrent callers: asks until nothing is due, then sleeps. */
async function runCaller(
  stage: LlmStage,
  waker: Waker,
  lookout: Lookout,
  stopping: AbortSignal,
  onTurn: () => void,
): Promise<void> {
  let failures = 0;
  while (!stopping.aborted) {
    onTurn();
    try {
      const turn = takeTurn(stage);
      if (turn === null) await waker.sleep(Math.max(lookout.rest, waitForTurn(stage)));
      else {
        const asked = await askOnce(stage, turn, () => lookout.relieve()).finally(turn.end);
        if (!asked) await lookout.sleep(waker);
      }
      failures = 0;
    } catch (error) {
      const wait = backoff(++failures, 200, 10_000);
      lookout.relieve();
      log.warn('the LLM stage was interrupted', { error: messageOf(error), waitMs: Math.round(wait) });
      await waker.sleep(wait);
    }
  }
}

/**
 * The LLM stage: `llmConcurrency` callers beside the local loop, so that a slow provider never holds up local answers;
 * how many of them call at a time is the providers' states' to say.
 * Ends when `stopping` is aborted and the calls in flight have ended.
 */
export function runLlmLoop(stage: LlmStage, stopping: AbortSignal): LlmLoop {
  const wakers = Array.from({ length: stage.config.llmConcurrency }, createWaker);
  const wake = () => {
    for (const waker of wakers) waker.wake();
  };
  stopping.addEventListener('abort', wake);
  const sweep = setInterval(() => {
    closeLostCalls(stage.db)
      .then((lost) => lost > 0 && log.warn('calls of a dead sidecar were closed as unknown', { calls: lost }))
      .catch(() => {});
  }, 5000);
  let turnedAt = Date.now();
  const onTurn = () => {
    turnedAt = Date.now();
  };
  const lookout = new Lookout(stage.config);
  const callers = wakers.map((waker) => runCaller(stage, waker, lookout, stopping, onTurn));
  const done = Promise.all(callers).then(() => clearInterval(sweep));
  return { done, wake, turnedAt: () => turnedAt };
}
