import { log } from '../../log.ts';
import { simulatedModel } from '../pricing.ts';
import { ProviderError, type Reply } from '../types.ts';
import { toProviderError } from './failure.ts';
import { restOf } from './limits.ts';

/** How a provider is reached. The key comes from the environment or a file and goes nowhere but into the request. */
export interface Access {
  /** Undefined for a server of one's own that wants none. */
  key: string | undefined;
  baseUrl: string | undefined;
  model: string;
  timeoutMs: number;
}

/** One way to send a part of a request, and what a refusal of it mentions. */
type Choice = readonly [value: string, mentions: RegExp];

/** What is sent for each part; undefined: the part is left out. */
type Parts<Part extends string> = Readonly<Record<Part, string | undefined>>;

/**
 * Parts of a request that not every server or model takes. Each is a list of choices, best first; one that a server
 * refuses gives way to the next, and after the last the part is left out, for the rest of this process. Model lists in
 * code age, a server's own refusal does not, and a refusal costs no tokens.
 */
export class Optional<Part extends string> {
  readonly #choices: Readonly<Record<Part, readonly Choice[]>>;
  readonly #parts: Part[];
  readonly #at: Map<Part, number>;

  constructor(choices: Readonly<Record<Part, readonly Choice[]>>) {
    this.#choices = choices;
    this.#parts = Object.keys(choices) as Part[];
    this.#at = new Map(this.#parts.map((part) => [part, 0]));
  }

  #choice(part: Part): Choice | undefined {
    return this.#choices[part][this.#at.get(part) ?? 0];
  }

  current(): Parts<Part> {
    return Object.fromEntries(this.#parts.map((part) => [part, this.#choice(part)?.[0]])) as Parts<Part>;
  }

  /**
   * True when the failure is about something that was sent and that can be sent otherwise. Calls run side by side: what
   * another call has learnt meanwhile is not learnt twice, or the next choice would go too.
   */
  learn(error: ProviderError, sent: Parts<Part>): boolean {
    if (error.kind !== 'refused_request') return false;
    for (const part of this.#parts) {
      const at = this.#choices[part].findIndex(([value]) => value === sent[part]);
      if (!this.#choices[part][at]?.[1].test(error.message)) continue;
      if (this.#at.get(part) === at) {
        this.#at.set(part, at + 1);
        log.warn(`the LLM server refuses ${part} ${sent[part]}; going on without`, { reply: error.message });
      }
      return true;
    }
    return false;
  }
}

/** Whether `taxon simulate-llm` answers; it has a second model, with a longer name. */
export const isSimulated = (model: string): boolean => model.startsWith(simulatedModel);

/** A reply with what the HTTP response says of it. */
export function reached(reply: Reply, requestId: string | undefined, headers: Headers): Reply {
  const restMs = restOf(headers);
  return { ...reply, ...(requestId && { requestId }), ...(restMs !== undefined && { restMs }) };
}

/** Files of some ten megabytes go up and down: so many times as long as one call. */
const longer = 10;

/**
 * `send` under a deadline and the caller's signal: for all that is no call of a model.
 *
 * @throws ProviderError
 */
export async function within<Result>(
  access: Access,
  signal: AbortSignal,
  send: (signal: AbortSignal, timeout: number) => Promise<Result>,
): Promise<Result> {
  const timeout = access.timeoutMs * longer;
  const deadline = AbortSignal.timeout(timeout);
  try {
    // the SDKs' own time-out comes later, as above
    return await send(AbortSignal.any([signal, deadline]), timeout + 5000);
  } catch (thrown) {
    if (signal.aborted) throw new ProviderError('timeout', 'the call was cancelled');
    if (deadline.aborted) throw new ProviderError('timeout', `no answer within ${timeout / 1000} s`);
    throw toProviderError(thrown, access.key);
  }
}

/**
 * Makes one call: `send` under a deadline and the caller's signal; a refusal of an optional part is not the call's end,
 * it is sent again in another way.
 *
 * @throws ProviderError
 */
export async function callOnce<Result, Part extends string>(
  access: Access,
  optional: Optional<Part>,
  signal: AbortSignal,
  send: (signal: AbortSignal, parts: Parts<Part>) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    // The SDKs' own time-outs end when the headers are in; a body that never comes would hold the call for ever.
    const deadline = AbortSignal.timeout(access.timeoutMs);
    const parts = optional.current();
    try {
      return await send(AbortSignal.any([signal, deadline]), parts);
    } catch (thrown) {
      if (signal.aborted) throw new ProviderError('timeout', 'the call was cancelled');
      if (deadline.aborted)
        throw new ProviderError('timeout', `no answer within ${access.timeoutMs / 1000} s`);
      const error = toProviderError(thrown, access.key);
      if (!optional.learn(error, parts)) throw error;
    }
  }
}
