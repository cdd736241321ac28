/**
 * The smallest beginning of a prompt that a provider's prompt cache keeps, in tokens: a shorter one is not cached, and nothing
 * says so. Read on 2026-11-29 from ai.google.dev/gemini-api/docs/caching, the documentation of Anthropic as quoted in
 * github.com/anthropics/anthropic-sdk-python/issues/1194 and in pages of 2026 that list newer models (where two of them
 * differ, the larger number stands here), and learn.microsoft.com's page of OpenAI's prompt caching. The first row that fits
 * counts; what a maker has published no number for has its largest.
 */
const smallest: readonly (readonly [model: RegExp, tokens: number])[] = [
  [/claude-(?:opus|fable|mythos)-5(?!-\d\b)/, 512],
  [/claude-(?:sonnet-5(?!-\d\b)|opus-4-8|sonnet-4-5|opus-4-[01]\b|opus-4(?!-\d\b)|sonnet-4(?!-\d\b))/, 1024],
  [/claude-(?:opus-4-7|sonnet-4-6|(?:3-5-)?haiku-3|3(?:-5)?-haiku)/, 2048],
  [/claude/, 4096],
  [/gemini-2-5/, 2048],
  [/gemini/, 4096],
  [/(?:^|\/)(?:gpt-(?!oss)|chatgpt-|o\d)/, 1024],
  // as the simulator does it
  [/^simulated-llm/, 1024],
];

/** How long a beginning this model's provider caches from on, in tokens; null: not known, nothing is expected to be cached. */
export function smallestPrefix(model: string): number | null {
  const name = model.toLowerCase().replaceAll('.', '-');
  return smallest.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Of a beginning of so many tokens that many calls share, those that a later call may expect to find in the cache. */
export function expectedCached(model: string, prefix: number): number {
  const least = smallestPrefix(model);
  return least !== null && prefix >= least ? prefix : 0;
}
