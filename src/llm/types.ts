import { printable } from '../printable.ts';
import { hideSecrets } from '../secrets.ts';

/** The categories that a prompt may show; a new object whenever the taxonomy changes (what is made from it is cached by identity). */
export interface Taxonomy {
  readonly nodes: ReadonlyMap<number, { id: number; parent: number | null; name: string }>;
}

/** One name to ask about. */
export interface Item {
  name: string;
  /** Category ids, best first; empty where nothing is known about the name. */
  shortlist: readonly number[];
  /** How likely each of them is, by the local model; left out where nobody says. */
  probabilities?: readonly number[];
}

/** How a batch is asked; see chooseRoute. */
export type Route = 'shortlist' | 'subtree' | 'two-stage' | 'tree';

/** What is sent for one batch, and what is needed to judge the answer. */
export interface Prompt {
  route: Route;
  system: string;
  user: string;
  /** Every id that an answer may use; 0 is "none of these". */
  offered: ReadonlySet<number>;
  /** How many names the prompt asks about. */
  items: number;
  /** JSON schema of the answer. */
  jsonSchema: { readonly [key: string]: unknown };
  /** No provider can count more input tokens than this for the prompt; for calls whose usage never arrived. */
  tokensInUpper: number;
  /** The most tokens that the provider may write. */
  maxTokensOut: number;
}

/** Tokens of one call as the provider counted them. `tokensCached` and `tokensWritten` are parts of `tokensIn`. */
export interface Usage {
  tokensIn: number;
  /** Read from the provider's prompt cache. */
  tokensCached: number;
  /** Written into it, which some charge more for. */
  tokensWritten: number;
  tokensOut: number;
  /** US dollars, where the provider itself says what the call cost. */
  cost?: number;
  /** Why the counts are not the provider's, or contradict each other: what the call cost is not known then. */
  doubt?: string;
}

export interface Reply {
  text: string;
  usage: Usage;
  /** The exact model that answered, as the provider names it. */
  modelVersion: string;
  /** The provider's own id of the call. */
  requestId?: string;
  /** How long its rate limit is used up, in milliseconds, where it says so. */
  restMs?: number;
  /** It ended at its limit of tokens: what is missing was not left out by choice. */
  cut?: boolean;
  /** It was seen to think. */
  thought?: boolean;
}

/** One call of a batch; `id` comes back with its result. */
export interface BatchRequest {
  id: string;
  prompt: Prompt;
}

/**
 * How one call of a batch ended. An error is a reply too: nothing is owed for it. Usage that the provider left out is 0.
 */
export type BatchResult = { id: string; reply: Reply } | { id: string; error: ProviderError };

/** How far a batch is. */
interface BatchState {
  ended: boolean;
  /** It ended before its time, cancelled or expired: what has no result was not worked on. */
  cut: boolean;
  /** Why the provider took none of it; null where it did. */
  refused: string | null;
}

/** A provider's batch API: calls for half the price, answered within a day. Each method is one call or few, never tried again. */
export interface BatchApi {
  /**
   * @param reference finds the batch again where its id got lost
   * @returns the provider's id of the batch
   */
  submit(requests: readonly BatchRequest[], reference: string, signal: AbortSignal): Promise<string>;
  /** The id of the batch that was submitted so; null: there surely is none; undefined: the provider cannot say. */
  find(reference: string, signal: AbortSignal): Promise<string | null | undefined>;
  look(id: string, signal: AbortSignal): Promise<BatchState>;
  /** Of a batch that has ended, in any order; what was done before it was cancelled or expired is there. */
  results(id: string, signal: AbortSignal): AsyncIterable<BatchResult>;
  cancel(id: string, signal: AbortSignal): Promise<void>;
}

/** One way to reach a model. It makes one call and never tries again: retries have one place, and that is not here. */
export interface Provider {
  readonly name: 'openai' | 'anthropic';
  readonly model: string;
  /** True when `taxon llm simulate` answers: every screen that shows its figures must say so. */
  readonly simulated: boolean;
  readonly batches: BatchApi;
  /** Tokens that it may write beside `Prompt.maxTokensOut`: thinking that is not switched off. */
  room(): number;
  /** What it has learnt of how its server wants to be asked, as people read it; null: nothing. */
  learnt(): string | null;
  /**
   * @param callId the call's id in the ledger: sent along where the protocol has a place for it, so that a bill can be compared
   * @throws ProviderError for whatever went wrong, a cancelled signal included (kind `timeout`)
   */
  complete(prompt: Prompt, signal: AbortSignal, callId?: number): Promise<Reply>;
}

/**
 * What a failed call means for its items: `rate_limited` (wait, no failure of theirs), `unavailable` and `timeout` (again
 * later), `refused_request` (this prompt will never do: try its items apart), `too_long` (the same, for its length alone),
 * `only_thought` (all its tokens went into thinking: no failure of theirs), `unauthorised` (key, model or account: no call will
 * do until a person acts).
 */
export type FailureKind =
  | 'rate_limited'
  | 'unavailable'
  | 'timeout'
  | 'refused_request'
  | 'too_long'
  | 'only_thought'
  | 'unauthorised';

/** A call that brought no answer. Its text never holds a key, and is one printable line. */
export class ProviderError extends Error {
  readonly kind: FailureKind;
  /** The HTTP status; undefined when no reply was seen: then the provider may have done, and may charge, the work. */
  readonly status: number | undefined;
  /** How long the provider asked us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What was paid for all the same. */
  readonly spent: Reply | undefined;
  /** Whether the provider asks otherwise from now on, so that the same may be asked again at once. */
  readonly again: boolean;

  constructor(
    kind: FailureKind,
    message: string,
    facts: {
      status?: number | undefined;
      retryAfterMs?: number | undefined;
      spent?: Reply;
      again?: boolean;
    } = {},
  ) {
    super(printable(hideSecrets(message), 1000));
    this.name = 'ProviderError';
    this.kind = kind;
    this.status = facts.status;
    this.retryAfterMs = facts.retryAfterMs;
    this.spent = facts.spent;
    this.again = facts.again ?? false;
  }
}
