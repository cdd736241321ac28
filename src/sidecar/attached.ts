import type { Config } from '../config.ts';
import { anyAttached, backfillShare, takeInAttached, walkAttached } from '../database/attached.ts';
import type { Database } from '../database/connection/open.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import type { ShopPace } from './shop-pace.ts';
import { backoff, pause, type Waker } from './waker.ts';

/**
 * After less than a good batch it waits this long for others to come: taken in one by one, changes cost the shop's writers a
 * commit each. After a good one it rests for as long as that took, or longer (ShopPace).
 */
const gatherMs = 150;
const goodBatch = 500;

/** Without an attached table it is looked this seldom; attach() wakes it. */
const emptyMs = 30_000;

export interface AttachedLoopOptions {
  db: Database;
  config: Config;
  waker: Waker;
  /** Told how fast the shop writes. */
  pace: ShopPace;
  stopping: AbortSignal;
}

/**
 * Takes rows of attached tables in until told to stop: changes, and beside them page by page what walks over a whole table. Any
 * number of sidecars may: the database lets one do it at a time.
 *
 * @returns resolves when `stopping` was aborted and the page in hand is done
 */
export async function runAttachedLoop(options: AttachedLoopOptions): Promise<void> {
  const { db, config, waker, pace, stopping } = options;
  let failures = 0;
  let walkAt = 0;
  /** Whether a table is attached, as was seen last: where none is, a wake costs one question and not three. */
  let any = false;

  /** How long to rest until the next look; null: nothing is to do. */
  async function step(): Promise<number | null> {
    const began = performance.now();
    const { changes, answers, noted } = await takeInAttached(db);
    pace.saw(noted);
    const taken = performance.now();
    const did = changes + answers;
    // changes are followed while a walk rests
    if (taken >= walkAt) {
      walkAt = 0;
      if ((await walkAttached(db)) > 0) {
        const share = await backfillShare(db);
        const now = performance.now();
        walkAt = now + Math.max((now - taken) * (1 / share - 1), pace.rest(now - taken));
      }
    }
    if (did >= goodBatch) return Math.max(taken - began, pace.rest(taken - began));
    if (did > 0) return gatherMs;
    return walkAt === 0 ? null : Math.min(gatherMs, walkAt - performance.now());
  }

  while (!stopping.aborted) {
    try {
      any ||= await anyAttached(db);
      const rest = any ? await step() : null;
      failures = 0;
      if (rest !== null) await pause(rest, stopping);
      else {
        const wait = any ? config.pollMs : emptyMs;
        // the last one may be detached meanwhile
        any = false;
        await waker.sleep(wait);
      }
    } catch (error) {
      const wait = backoff(++failures, 200, 10_000);
      log.warn('attached tables could not be read', { error: messageOf(error), waitMs: Math.round(wait) });
      await waker.sleep(wait);
    }
  }
}
