import { createHash } from 'node:crypto';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import type { Counted } from './call-log.ts';

/** A piece of a request in the order in which the model reads it. */
export interface Part {
  text: string;
  /** Tokens beside the text: the frame around a message. */
  frame: number;
  /** Anthropic: the request asks to keep everything up to here. */
  breakpoint: boolean;
}

type Input = Omit<Counted, 'tokensOut'>;

/** Neither provider caches a shorter prompt; OpenAI does it in steps of 128. */
const cacheFrom = 1024;
const cacheStep = 128;
/** Anthropic forgets what nobody used for 5 minutes; OpenAI after 5 to 10. */
const keptMs = 5 * 60_000;
const mostPrefixes = 50_000;

/** Stands for a token of the frame; no text has it. */
const frameToken = 0xffffffff;

/** Longer texts are system prompts as a rule, and come again. */
const longText = 1000;
const known = new Map<string, readonly number[]>();

/** Names that spell a control token, like <|endoftext|>, are plain text. */
const plainText = { disallowedSpecial: new Set<string>() };

function tokensOf(text: string): readonly number[] {
  const before = known.get(text);
  if (before) return before;
  const tokens = encode(text, plainText);
  if (text.length < longText) return tokens;
  if (known.size >= 64) known.clear();
  known.set(text, tokens);
  return tokens;
}

/** The first `most` tokens of a text. Null when it has no more. */
export function headOf(text: string, most: number): readonly number[] | null {
  const tokens = encode(text, plainText);
  return tokens.length <= most ? null : tokens.slice(0, most);
}

/** What a provider's prompt cache keeps for one model: prefixes of prompts, by hash, until they were unused for a while. */
export class PromptCache {
  readonly #prefixes = new Map<string, number>();

  #seen(prefix: string): boolean {
    return (this.#prefixes.get(prefix) ?? Number.NEGATIVE_INFINITY) > performance.now() - keptMs;
  }

  #keep(prefix: string): void {
    // last in the map is the last used
    this.#prefixes.delete(prefix);
    this.#prefixes.set(prefix, performance.now());
    if (this.#prefixes.size <= mostPrefixes) return;
    const [oldest] = this.#prefixes.keys();
    if (oldest !== undefined) this.#prefixes.delete(oldest);
  }

  /** OpenAI: by itself, the longest prefix seen before, in steps of 128 tokens, from 1,024 on. 3 tokens open the answer. */
  openai(parts: readonly Part[]): Input {
    const tokens = parts.flatMap((part) => [
      ...new Array<number>(part.frame).fill(frameToken),
      ...tokensOf(part.text),
    ]);
    let tokensCached = 0;
    let prefix = '';
    for (let end = cacheStep; end <= tokens.length; end += cacheStep) {
      const step = Uint32Array.from(tokens.slice(end - cacheStep, end));
      prefix = createHash('sha256').update(prefix).update(step).digest('base64');
      if (end < cacheFrom) continue;
      if (this.#seen(prefix)) tokensCached = end;
      this.#keep(prefix);
    }
    return { tokensIn: tokens.length + 3, tokensCached, tokensWritten: 0 };
  }

  /**
   * Anthropic: only up to a block that carries cache_control. Read is the longest prefix that was kept before, written
   * what lies between it and the last such block; what comes after that block is neither.
   */
  anthropic(parts: readonly Part[]): Input {
    let tokens = 0;
    let prefix = '';
    const ends: { prefix: string; tokens: number; breakpoint: boolean }[] = [];
    for (const { text, frame, breakpoint } of parts) {
      tokens += frame + tokensOf(text).length;
      prefix = createHash('sha256').update(`${prefix}\n${frame}\n`).update(text).digest('base64');
      ends.push({ prefix, tokens, breakpoint });
    }
    const last = ends.findLastIndex((end) => end.breakpoint);
    const cacheable = ends.slice(0, last + 1).filter((end) => end.tokens >= cacheFrom);
    const tokensCached = cacheable.findLast((end) => this.#seen(end.prefix))?.tokens ?? 0;
    for (const end of cacheable) if (end.breakpoint || this.#seen(end.prefix)) this.#keep(end.prefix);
    const upTo = cacheable.at(-1)?.tokens ?? 0;
    return { tokensIn: tokens + 3, tokensCached, tokensWritten: upTo - tokensCached };
  }
}
