import type { Config } from '../../config.ts';
import type { Database } from '../../database/connection/open.ts';
import { claim } from '../../database/queue.ts';
import { messageOf } from '../../errors.ts';
import { log } from '../../log.ts';
import type { Claims } from '../claims.ts';
import type { ShopPace } from '../shop-pace.ts';
import { backoff, pause, type Waker } from '../waker.ts';
import { unwatched } from '../watch.ts';
import { batchSize } from './batch-size.ts';
import { decideLocally, type LocalStage } from './decide.ts';

/** Batches in hand at once: while one is encoded, the next is looked up and the one before is compared and settled. */
const batchesAtOnce = 3;

/** A name's third try: its workers may have died of it, so nothing else is in hand meanwhile. */
const aloneFrom = 3;

export interface LocalLoop {
  /** Ends when `stopping` is aborted and all batches in hand are settled or given back. */
  done: Promise<void>;
  /** Whether the loop sleeps and wants a NOTIFY. */
  idle(): boolean;
  /** When it last looked for work, in milliseconds since the epoch. */
  turnedAt(): number;
}

export interface LocalLoopOptions {
  stage: LocalStage;
  /** For claims, which come back at once or count as lost. */
  brief: Database;
  claims: Claims;
  config: Config;
  waker: Waker;
  /** While the shop is busy, one batch is in hand at a time, and rests follow. */
  pace: ShopPace;
  stopping: AbortSignal;
  /** Tells the database whether a NOTIFY is wanted. */
  announce(): Promise<void>;
  /** Called when names went on to the LLM stage. */
  onPassedOn(): void;
}

/** Claims and decides until told to stop; survives every error of the database by waiting longer each time. */
export function runLocalLoop(options: LocalLoopOptions): LocalLoop {
  const { stage, brief, claims, config, waker, pace, stopping } = options;
  const { watch = unwatched } = stage;
  const inHand = new Set<Promise<void>>();
  const size = batchSize(config.claimBatch);
  let idle = false;
  let failures = 0;
  let turnedAt = Date.now();
  let restUntil = 0;

  async function decide(held: string, names: string[]): Promise<void> {
    const started = performance.now();
    try {
      if ((await decideLocally(stage, names)) > 0) options.onPassedOn();
      claims.end(held);
      const ms = performance.now() - started;
      size.took(names.length, ms);
      restUntil = performance.now() + pace.rest(ms);
      watch.batch(names.length, ms / 1000, 'done');
    } catch (error) {
      watch.batch(names.length, (performance.now() - started) / 1000, 'interrupted');
      log.warn('a batch was interrupted', { names: names.length, error: messageOf(error) });
      // the next claim gives it back
      claims.owe(held);
      waker.wake();
    }
  }

  async function take(): Promise<{ held: string; names: string[]; alone: boolean }> {
    const wanted = claims.begin();
    const { claim: held } = wanted;
    try {
      const rows = await claim(brief, stage.worker, size.next(), config.leaseSeconds, wanted);
      if (rows.length === 0) claims.end(held);
      const alone = rows.some(({ attempts }) => attempts >= aloneFrom);
      return { held, names: rows.map((row) => row.name_key), alone };
    } catch (error) {
      // it may have been committed: the connection was lost, or nothing came back over it
      claims.owe(held);
      throw error;
    }
  }

  async function step(): Promise<'more' | 'sleep'> {
    if (inHand.size >= (pace.busy() ? 1 : batchesAtOnce)) {
      await Promise.race(inHand);
      return 'more';
    }
    await pause(restUntil - performance.now(), stopping);
    if (stopping.aborted) return 'more';
    const { held, names, alone } = await take();
    if (names.length > 0) {
      if (alone) await Promise.all(inHand);
      const work = decide(held, names).finally(() => inHand.delete(work));
      inHand.add(work);
      if (alone) await work;
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
      turnedAt = Date.now();
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
  return { done: run(), idle: () => idle, turnedAt: () => turnedAt };
}
