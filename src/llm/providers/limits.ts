const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `6m0s`, `120ms`, a number of seconds, or a moment: milliseconds from now. */
function untilReset(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.map(([part]) => part).join('') === text)
    return parts.reduce((sum, [, n, unit]) => sum + Number(n) * (unitMs[unit ?? ''] ?? 0), 0);
  const moment = Date.parse(text) - Date.now();
  return Number.isFinite(moment) ? Math.max(0, moment) : undefined;
}

/** Names of the headers: how much is left, and when it is full again. OpenAI and what copies it, then Anthropic. */
const pairs = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset'],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
] as const;

/**
 * How long a provider's rate limit is used up, in milliseconds, by the headers of its reply: the next call would only be
 * refused. Undefined where something is left or nothing is said.
 */
export function restOf(headers: Headers): number | undefined {
  let rest: number | undefined;
  for (const [remaining, reset] of pairs) {
    if (headers.get(remaining)?.trim() !== '0') continue;
    const ms = untilReset(headers.get(reset)?.trim() ?? '');
    if (ms !== undefined) rest = Math.max(rest ?? 0, ms);
  }
  return rest;
}
