import { setTimeout as sleep } from 'node:timers/promises';

/** Lets a loop sleep until somebody wakes it or a time has passed. A wake while nobody sleeps is kept for the next sleep. */
export interface Waker {
  wake(): void;
  sleep(ms: number): Promise<void>;
}

export function createWaker(): Waker {
  let awake = false;
  let rouse: (() => void) | null = null;
  return {
    wake() {
      if (rouse === null) awake = true;
      else rouse();
    },
    sleep(ms) {
      if (awake) {
        awake = false;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          rouse = null;
          resolve();
        };
        const timer = setTimeout(done, ms);
        rouse = done;
      });
    },
  };
}

/** Waits so long, whoever wakes the sidecar, or until it is told to stop. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, null, { signal }).catch(() => null);
}

/**
 * Does `work` at once, and then at most once in `everyMs`, however often it is asked for; what is asked for between is done
 * at the end of that time.
 */
export function limited(work: () => void, everyMs: number): () => void {
  let resting = false;
  let asked = false;
  const run = () => {
    resting = true;
    asked = false;
    setTimeout(() => {
      resting = false;
      if (asked) run();
    }, everyMs).unref();
    work();
  };
  return () => {
    if (resting) asked = true;
    else run();
  };
}

/** Milliseconds to wait before try number `attempt` (from 1): doubling from `first`, at most `most`, with jitter. */
export function backoff(attempt: number, first: number, most: number): number {
  const full = Math.min(most, first * 2 ** (attempt - 1));
  return full / 2 + (Math.random() * full) / 2;
}
