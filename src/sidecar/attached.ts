import type { Config } from '../config.ts';
import { anyAttached, takeInAttached, walkAttached } from '../database/attached.ts';
import type { Database } from '../database/connection/open.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import { backoff, type Waker } from './waker.ts';

/**
 * After a page of a backfill or a sweep it rests, so many times as long as the page took: the shop's own writers and what is
 * answered meanwhile come first.
 */
const rest = 0.5;

/** Without an attached table it is looked this seldom; attach() wakes it. */
const emptyMs = 30_000;

export interface AttachedLoopOptions {
  db: Database;
  config: Config;
  waker: Waker;
  stopping: AbortSignal;
}

/**
 * Takes rows of attached tables in until told to stop: changes first, then a page of what walks over a whole table. Any number of
 * sidecars may: the database lets one do it at a time.
 *
 * @returns resolves when `stopping` was aborted and the page in hand is done
 */
export async function runAttachedLoop(options: AttachedLoopOptions): Promise<void> {
  const { db, config, waker, stopping } = options;
  let failures = 0;
  while (!stopping.aborted) {
    try {
      const { changes, answers } = await takeInAttached(db);
      const began = performance.now();
      const walked = await walkAttached(db);
      failures = 0;
      if (walked > 0) await waker.sleep(rest * (performance.now() - began));
      else if (changes + answers === 0)
        await waker.sleep((await anyAttached(db)) ? config.pollMs : emptyMs);
    } catch (error) {
      const wait = backoff(++failures, 200, 10_000);
      log.warn('attached tables could not be read', { error: messageOf(error), waitMs: Math.round(wait) });
      await waker.sleep(wait);
    }
  }
}
