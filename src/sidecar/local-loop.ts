import type { Config } from '../config.ts';
import { claim, giveBack } from '../database/queue.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import { decideLocally, type LocalStage } from './local.ts';
import { backoff, type Waker } from './waker.ts';

/** Batches in hand at once: while one is encoded the database already looks for similar names of the next. */
const batchesAtOnce = 2;

export interface LocalLoop {
  /** Ends when `stopping` is aborted and all batches in hand are settled or given back. */
  done: Promise<void>;
  /** Whether the loop sleeps and wants a NOTIFY. */
  idle(): boolean;
}

export interface LocalLoopOptions {
  stage: LocalStage;
  config: Config;
  waker: Waker;
  stopping: AbortSignal;
  /** Tells the database whether a NOTIFY is wanted. */
  announce(): Promise<void>;
  /** Called when names went on to the LLM stage. */
  onPassedOn(): void;
}

/** Claims and decides until told to stop; survives every error of the database by waiting longer each time. */
export function runLocalLoop(options: LocalLoopOptions): LocalLoop {
  const { stage, config, waker, stopping } = options;
  const inHand = new Set<Promise<void>>();
  /** Names of batches that failed for the database's sake; given back as soon as it answers again. */
  let owed: string[] = [];
  let idle = false;
  let failures = 0;

  async function decide(names: string[]): Promise<void> {
    try {
      if ((await decideLocally(stage, names)) > 0) options.onPassedOn();
    } catch (error) {
      log.warn('a batch was interrupted', { names: names.length, error: messageOf(error) });
      owed.push(...names);
      waker.wake();
    }
  }

  async function step(): Promise<'more' | 'sleep'> {
    if (owed.length > 0) {
      const names = owed;
      owed = [];
      await giveBack(stage.db, stage.worker, 'local', names, { counts: false }).catch((error) => {
        owed.push(...names);
        throw error;
      });
    }
    if (inHand.size >= batchesAtOnce) {
      await Promise.race(inHand);
      return 'more';
    }
    const claimed = await claim(stage.db, stage.worker, config.claimBatch, config.leaseSeconds);
    if (claimed.length > 0) {
      const work = decide(claimed.map((row) => row.name_key)).finally(() => inHand.delete(work));
      inHand.add(work);
      if (idle) {
        idle = false;
        await options.announce();
      }
      return 'more';
    }
    if (idle) return 'sleep';
    // said before one more sweep: an insert that saw us busy did not notify
    idle = true;
    await options.announce();
    return 'more';
  }

  async function run(): Promise<void> {
    while (!stopping.aborted) {
      try {
        const next = await step();
        failures = 0;
        if (next === 'sleep') await waker.sleep(config.pollMs);
      } catch (error) {
        const wait = backoff(++failures, 200, 10_000);
        log.warn('the database did not answer', { error: messageOf(error), waitMs: Math.round(wait) });
        idle = false;
        await waker.sleep(wait);
      }
    }
    await Promise.all(inHand);
  }
  return { done: run(), idle: () => idle };
}
