import { log } from '../log.ts';

/** An abort signal that the first Ctrl-C or SIGTERM sets; `release` gives the signals back. */
export function interruptible(says: string): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = () => controller.abort(new Error(says));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}

/**
 * Runs until SIGTERM or SIGINT, then stops cleanly (exit 0 within `shutdownSeconds`); a second signal ends it at once.
 * Call it before what it stops says that it is there: whoever reads that may send a signal at once.
 *
 * @param stop finishes the work in hand
 * @param starting what is to run; where it fails the signals are given back
 * @throws what `starting` or `stop` fails with
 */
export function untilSignal(stop: () => Promise<void>, starting?: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const release = () => process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      log.info(`${signal}: finishing what is in hand; again to end at once`);
      stop().then(() => {
        release();
        resolve();
      }, reject);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    starting?.catch((error) => {
      release();
      reject(error);
    });
  });
}
