import type { FailureKind, Provider, ProviderError, Reply } from '../../llm/types.ts';
import { backoff } from '../waker.ts';

/** The breaker opens at so many failures in a row: one more than the calls that run at once by default. */
const opensAt = 5;
/** Refusals in a row without an answer: more than halving the default batch, all of it bad, makes before it is through a half. */
const refusesAllAt = 20;
/** The same of requests that are too long: more than a default batch makes until each of its names was alone. */
const tooLongAllAt = 40;
/** Whatever a provider asks for: once in ten minutes one call may look whether it is still so. */
const longestPauseMs = 600_000;

/** One call's place at a provider. */
export interface Turn {
  readonly state: ProviderState;
  readonly provider: Provider;
  /** Gives the place back. */
  end(): void;
}

/**
 * What is known of how a provider does, and so how many calls it may have now.
 *
 * Its breaker is no state of its own: it is open while failures in a row are many and the pause lasts, half-open
 * afterwards (one call at a time), closed by the first answer. The calls at once grow by one after a round of answers and
 * are halved where the provider says that it is too much.
 */
export class ProviderState {
  readonly provider: Provider;
  readonly #most: number;
  readonly #firstPause: number;
  #limit: number;
  #inFlight = 0;
  /** Answers since the limit last moved. */
  #round = 0;
  /** In a row, until an answer: time-outs and failures of the server; pauses asked for; refusals of its key; of requests; thoughts. */
  #failures = 0;
  #limited = 0;
  #unauthorised = 0;
  #refused = 0;
  #tooLong = 0;
  #thought = 0;
  #pausedUntil = 0;
  /** When the limit was last halved: of calls that began before that, no second one halves it. */
  #halvedAt = 0;
  #notice: string | null = null;

  /**
   * @param most calls at once that it never goes beyond
   * @param firstPause milliseconds after the first failure
   */
  constructor(provider: Provider, most: number, firstPause: number) {
    this.provider = provider;
    this.#most = most;
    this.#firstPause = firstPause;
    this.#limit = most;
  }

  /** Whether calls to it fail: its breaker is open or on trial. A pause that it asked for is not that. */
  get down(): boolean {
    return this.#failures >= opensAt || this.#unauthorised > 0 || this.#thought > 0;
  }

  /** Calls at once that it may have now. */
  get limit(): number {
    return this.down ? 1 : this.#limit;
  }

  /** What a person should know of it; null while it answers. */
  get notice(): string | null {
    return this.#notice;
  }

  /** Milliseconds until a call may be sent, places apart; 0: now. */
  wait(): number {
    return Math.max(0, this.#pausedUntil - Date.now());
  }

  /** A place for one call now; null while it is paused or all its places are taken. */
  take(): Turn | null {
    if (this.wait() > 0 || this.#inFlight >= this.limit) return null;
    this.#inFlight++;
    let over = false;
    return {
      state: this,
      provider: this.provider,
      end: () => {
        if (!over) this.#inFlight--;
        over = true;
      },
    };
  }

  /** An answer came. */
  answered(reply: Pick<Reply, 'restMs'>): void {
    this.#failures = this.#limited = this.#unauthorised = this.#refused = this.#tooLong = this.#thought = 0;
    this.#notice = null;
    // the day's limit may be hours away; the pause says the same as in a refusal, one call early
    if (reply.restMs !== undefined) this.#pause(reply.restMs);
    if (++this.#round < this.#limit) return;
    this.#limit = Math.min(this.#most, this.#limit + 1);
    this.#round = 0;
  }

  /**
   * A call brought no answer.
   *
   * @param since when it was sent, in milliseconds since the epoch
   * @returns what it means after all: where everything is refused, it is not the names
   */
  failed(error: ProviderError, since: number): FailureKind {
    const all =
      (error.kind === 'refused_request' && ++this.#refused >= refusesAllAt) ||
      (error.kind === 'too_long' && ++this.#tooLong >= tooLongAllAt);
    const kind = all ? 'unauthorised' : error.kind;
    // of its length a batch is told by halves, and of thinking a call that can be asked otherwise is
    if (kind === 'refused_request' || kind === 'too_long' || error.again) return kind;
    if (kind === 'rate_limited' || error.status === 503 || error.status === 529) this.#halve(since);
    if (kind === 'unauthorised') this.#pause(backoff(++this.#unauthorised, 4 * this.#firstPause, 60_000));
    else if (kind === 'only_thought') this.#pause(backoff(++this.#thought, 120_000, longestPauseMs));
    else if (kind === 'rate_limited')
      this.#pause(error.retryAfterMs ?? backoff(++this.#limited, this.#firstPause, 30_000));
    else this.#pause(Math.max(error.retryAfterMs ?? 0, backoff(++this.#failures, this.#firstPause, 30_000)));
    this.#notice = this.#sentence(kind, error.message);
    return kind;
  }

  #pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + Math.min(ms, longestPauseMs));
  }

  #halve(since: number): void {
    if (since <= this.#halvedAt) return;
    this.#halvedAt = Date.now();
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#round = 0;
  }

  #sentence(kind: FailureKind, message: string): string {
    const who = `${this.provider.name} ${this.provider.model}`;
    switch (kind) {
      case 'unauthorised':
        return `${who} refuses its key, account, model or every request: ${message}; mend that, the names wait and none fails`;
      case 'only_thought':
        return `${who} thinks until its limit and does not answer: ${message}, although it was told not to think and had room; switch thinking off in the server, give it a longer context, or take a model that does not think; the names wait and none fails`;
      case 'rate_limited':
        return `${who} asks for a pause of ${Math.ceil(this.wait() / 1000)} s: ${message}`;
      default:
        return `${who} does not answer, ${this.#failures} failures in a row: ${message}; it is tried again by itself, the names wait and none fails`;
    }
  }
}
