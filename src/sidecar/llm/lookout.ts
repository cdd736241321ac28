import type { Config } from '../../config.ts';
import type { Waker } from '../waker.ts';

/** How long a caller sleeps that is not the lookout: only for what nobody was woken for. */
const longRestMs = 10_000;

/**
 * How callers sleep that found nothing. One of them, the lookout, looks again and again: a batch that is not full becomes
 * due when its oldest name has waited llmWaitMs, and nobody notifies that moment. With all four looking an idle sidecar
 * asked the database eight times a second.
 */
export class Lookout {
  /** Milliseconds from one look to the next. */
  readonly rest: number;
  private readonly asleep = new Set<Waker>();
  private taken = false;

  constructor({ pollMs, llmWaitMs }: Pick<Config, 'pollMs' | 'llmWaitMs'>) {
    this.rest = Math.min(pollMs, Math.max(50, llmWaitMs / 2));
  }

  /** Until something may be due, or `waker` is woken. */
  async sleep(waker: Waker): Promise<void> {
    if (this.taken) {
      this.asleep.add(waker);
      await waker.sleep(longRestMs);
      this.asleep.delete(waker);
      return;
    }
    this.taken = true;
    await waker.sleep(this.rest);
    this.taken = false;
  }

  /** Something was found: another one looks for more, and then goes on looking. */
  relieve(): void {
    const [next] = this.asleep;
    if (next === undefined) return;
    this.asleep.delete(next);
    next.wake();
  }
}
