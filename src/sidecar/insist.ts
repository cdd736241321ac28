import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import { isOutage, isRefusal } from './errors.ts';
import { backoff } from './waker.ts';

/** So often is asked again what a database that answers refuses for its own sake: a statement's time-out, a full disk. */
const mostRefusals = 5;

/**
 * Tells the database what must not be lost (an answer that was paid for), again and again while it is away: its restart,
 * or a COMMIT whose answer never came. So `work` must be such that a second time changes nothing.
 *
 * @param abandon aborted when time is up: then there is one more try
 * @throws what no further try can mend
 */
export async function insist<T>(what: string, work: () => Promise<T>, abandon: AbortSignal): Promise<T> {
  for (let failures = 1, refusals = 0; ; failures++) {
    const last = abandon.aborted;
    try {
      return await work();
    } catch (error) {
      const mends = isOutage(error) || (isRefusal(error) && ++refusals < mostRefusals);
      if (last || !mends) throw error;
      const wait = backoff(failures, 100, 3000);
      log.warn(`${what} waits for the database`, { error: messageOf(error), waitMs: Math.round(wait) });
      await sleep(wait, null, { signal: abandon }).catch(() => {});
    }
  }
}
