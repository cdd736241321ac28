export interface Limits {
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
}

/** Left of one limit, for the headers. */
export interface Left {
  limit: number;
  remaining: number;
  /** Until all of it is there again. */
  resetMs: number;
}

/** Refilled steadily, holding at most a minute's worth, as both providers do it. */
class Bucket {
  readonly #perMinute: number;
  #level: number;
  #at = performance.now();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#level = perMinute;
  }

  #refill(): void {
    const now = performance.now();
    this.#level = Math.min(this.#perMinute, this.#level + ((now - this.#at) / 60_000) * this.#perMinute);
    this.#at = now;
  }

  /** Milliseconds until `amount` is there; 0 when it is. More than a minute's worth needs a full bucket. */
  wait(amount: number): number {
    this.#refill();
    const lacking = Math.min(amount, this.#perMinute) - this.#level;
    return lacking <= 0 ? 0 : Math.ceil((lacking / this.#perMinute) * 60_000);
  }

  /** May go below nothing: how much an answer takes is known afterwards. */
  take(amount: number): void {
    this.#refill();
    this.#level -= amount;
  }

  left(): Left {
    this.#refill();
    return {
      limit: this.#perMinute,
      remaining: Math.max(0, Math.floor(this.#level)),
      resetMs: Math.ceil(((this.#perMinute - this.#level) / this.#perMinute) * 60_000),
    };
  }
}

/** Requests and tokens a minute, for each model by itself. Batches have no part in them, as with the real ones. */
export class RateLimits {
  readonly #limits: Limits;
  readonly #buckets = new Map<string, { requests?: Bucket; tokens?: Bucket }>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  #of(model: string): { requests?: Bucket; tokens?: Bucket } {
    let buckets = this.#buckets.get(model);
    if (buckets === undefined) {
      const { requestsPerMinute, tokensPerMinute } = this.#limits;
      buckets = {
        ...(requestsPerMinute === undefined ? {} : { requests: new Bucket(requestsPerMinute) }),
        ...(tokensPerMinute === undefined ? {} : { tokens: new Bucket(tokensPerMinute) }),
      };
      this.#buckets.set(model, buckets);
    }
    return buckets;
  }

  /** Milliseconds to wait before a request of so many input tokens is let in; 0: it is in, and they are taken. */
  admit(model: string, tokensIn: number): number {
    const { requests, tokens } = this.#of(model);
    const wait = Math.max(requests?.wait(1) ?? 0, tokens?.wait(tokensIn) ?? 0);
    if (wait > 0) return wait;
    requests?.take(1);
    tokens?.take(tokensIn);
    return 0;
  }

  /** Takes what the answer was long. */
  charge(model: string, tokensOut: number): void {
    this.#of(model).tokens?.take(tokensOut);
  }

  left(model: string): { requests?: Left; tokens?: Left } {
    const { requests, tokens } = this.#of(model);
    return { ...(requests && { requests: requests.left() }), ...(tokens && { tokens: tokens.left() }) };
  }
}
