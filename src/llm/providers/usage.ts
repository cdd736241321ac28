import type { Usage } from '../types.ts';

/** What servers of the OpenAI protocol say of a call's tokens. Everything but the first three has its dialects. */
export interface OpenaiUsage {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number; cache_write_tokens?: number } | null;
  completion_tokens_details?: { reasoning_tokens?: number } | null;
  /** DeepSeek. */
  prompt_cache_hit_tokens?: number;
  prompt_cache_miss_tokens?: number;
  /** Moonshot, Together. */
  cached_tokens?: number;
  /** Anthropic's words, which proxies pass on. */
  cache_read_input_tokens?: number;
  cache_creation_input_tokens?: number;
  /** OpenRouter: US dollars; beside them what its customer pays upstream with a key of his own. */
  cost?: unknown;
  cost_details?: { upstream_inference_cost?: unknown } | null;
  is_byok?: boolean;
}

const count = (value: unknown): number => (Number.isInteger(value) ? (value as number) : 0);
const money = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

/** What the server itself says that the call cost, in US dollars. */
function costOf({ cost, cost_details, is_byok }: OpenaiUsage): number | undefined {
  const own = money(cost);
  if (own === undefined || is_byok !== true) return own;
  const upstream = money(cost_details?.upstream_inference_cost);
  return upstream === undefined ? undefined : own + upstream;
}

/** Input: what was cached, what was written into the cache, and all of it. */
function inputOf(usage: OpenaiUsage): Omit<Usage, 'tokensOut'> {
  const details = usage.prompt_tokens_details;
  const prompt = usage.prompt_tokens as number;
  const read = count(usage.cache_read_input_tokens);
  const created = count(usage.cache_creation_input_tokens);
  const tokensWritten = count(details?.cache_write_tokens ?? created);
  const tokensCached = count(
    details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens ?? read,
  );
  // Anthropic's input_tokens leave out what was read from and written to the cache, and a proxy may pass them on as they are
  const beside = read + created > 0 && (read + created > prompt || details?.cached_tokens === undefined);
  return { tokensIn: beside ? prompt + read + created : prompt, tokensCached, tokensWritten };
}

/**
 * Tokens of a call in the OpenAI protocol. Cached and written tokens are a part of the prompt; where the total is more than
 * prompt and completion, the rest was reasoning, which is output (Gemini, xAI). Counts that contradict each other are
 * doubted: their cost is not known.
 */
export function openaiUsage(usage: OpenaiUsage): Usage {
  const input = inputOf(usage);
  const prompt = usage.prompt_tokens as number;
  const completion = usage.completion_tokens as number;
  const reasoning = count(usage.completion_tokens_details?.reasoning_tokens);
  const total = Number.isInteger(usage.total_tokens) ? (usage.total_tokens as number) : undefined;
  const besides = reasoning > completion ? completion + reasoning : completion;
  const tokensOut = total === undefined ? besides : Math.max(completion, total - input.tokensIn);
  const cost = costOf(usage);
  const doubt = doubtOf(usage, input.tokensIn, tokensOut, prompt + completion);
  return { ...input, tokensOut, ...(cost !== undefined && { cost }), ...(doubt !== undefined && { doubt }) };
}

/** What in the counts contradicts itself. */
function doubtOf(usage: OpenaiUsage, tokensIn: number, tokensOut: number, plain: number): string | undefined {
  const { total_tokens: total, prompt_cache_hit_tokens: hit, prompt_cache_miss_tokens: miss } = usage;
  const reasoning = count(usage.completion_tokens_details?.reasoning_tokens);
  // a proxy that leaves the cache out of prompt_tokens leaves it out of the total too
  if (Number.isInteger(total) && total !== tokensIn + tokensOut && total !== plain)
    return `a total of ${total} tokens, and parts of ${tokensIn} and ${tokensOut}`;
  if (reasoning > tokensOut) return `${reasoning} tokens of reasoning, and ${tokensOut} of output`;
  if (Number.isInteger(hit) && Number.isInteger(miss) && (hit as number) + (miss as number) !== tokensIn)
    return `${hit} tokens cached and ${miss} not, and ${tokensIn} of input`;
  return undefined;
}

/** What Anthropic's messages say of it. */
export interface AnthropicUsage {
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
  cache_creation?: { ephemeral_1h_input_tokens?: number | null } | null;
}

/** Tokens of a message: its input_tokens leave out what was read from the cache and what was written to it. */
export function anthropicUsage(usage: AnthropicUsage): Usage {
  const tokensCached = usage.cache_read_input_tokens ?? 0;
  const tokensWritten = usage.cache_creation_input_tokens ?? 0;
  const long = count(usage.cache_creation?.ephemeral_1h_input_tokens);
  return {
    tokensIn: usage.input_tokens + tokensCached + tokensWritten,
    tokensCached,
    tokensWritten,
    tokensOut: usage.output_tokens,
    // such writes cost twice the input, those of five minutes, which are the ones asked for, 1.25 times
    ...(long > 0 && {
      doubt: `${long} tokens were written into the cache for an hour, which was not asked for`,
    }),
  };
}
