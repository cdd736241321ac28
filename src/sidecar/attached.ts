import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { anyAttached, backfillShare, takeInAttached, walkAttached } from '../database/attached.ts';
import type { Database } from '../database/connection/open.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import { backoff, type Waker } from './waker.ts';

/**
 * After less than a good batch it waits this long for others to come: taken in one by one, changes cost the shop's writers a
 * commit each.
 */
const gatherMs = 150;
const goodBatch = 500;

/** Without an attached table it is looked this seldom; attach() wakes it. */
const emptyMs = 30_000;

/** Where so many changes came during a page and the rest after it, the shop is busy: the next rest is longer by this factor. */
const fewChanges = 100;
const busyFor = 6;

/** Sleeps, whoever wakes the sidecar, until it is told to stop. */
const pause = (ms: number, signal: AbortSignal) => sleep(ms, null, { signal }).catch(() => null);

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
      if (walked > 0) {
        const share = (await backfillShare(db)) / (changes < fewChanges ? 1 : busyFor);
        await pause((performance.now() - began) * (1 / share - 1), stopping);
      } else if (changes + answers === 0)
        await waker.sleep((await anyAttached(db)) ? config.pollMs : emptyMs);
      else if (changes + answers < goodBatch) await pause(gatherMs, stopping);
    } catch (error) {
      const wait = backoff(++failures, 200, 10_000);
      log.warn('attached tables could not be read', { error: messageOf(error), waitMs: Math.round(wait) });
      await waker.sleep(wait);
    }
  }
}
