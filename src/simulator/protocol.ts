import type { Counted } from './call-log.ts';
import type { Refusal } from './http.ts';
import type { Part, PromptCache } from './prompt-cache.ts';
import type { Left } from './rate-limits.ts';
import type { Form } from './schema.ts';

/** What a request comes down to, in either protocol. */
export interface ModelRequest {
  model: string;
  /** Everything that is paid for: schema and tools, then the messages. */
  parts: Part[];
  /** The messages alone, joined by line breaks. */
  text: string;
  /** `plain`: text; `json`: the text must be JSON; a tool: its arguments are the answer. */
  as: 'plain' | 'json' | { tool: string };
  /** How the answer must be written; undefined: nothing but the prompt's words say it. */
  form: Form | undefined;
  /** The most tokens of the answer. */
  most: number;
}

/** What the model said, before it is put into a reply. */
export interface Said {
  text: string;
  /** The answer ended for want of tokens. */
  truncated: boolean;
  /** What the reply says of its tokens; undefined: nothing. */
  usage: Counted | undefined;
  batched: boolean;
}

/** One provider's way of putting things. */
export interface Protocol {
  readonly name: 'openai' | 'anthropic';
  /** The header in which the client gets the request's id. */
  readonly idHeader: string;
  /** @throws Refusal (400) for what is no request */
  read(body: unknown): ModelRequest;
  count(cache: PromptCache, parts: readonly Part[]): Omit<Counted, 'tokensOut'>;
  reply(id: string, request: ModelRequest, said: Said): object;
  failure(refusal: Refusal, id: string): object;
  limitHeaders(left: { requests?: Left; tokens?: Left }): Record<string, string>;
}
