import { hideKeysByLook, hideSecrets, keepSecret } from '../../secrets.ts';
import { type FailureKind, ProviderError } from '../types.ts';
import { restOf } from './limits.ts';
import { saysTooLong } from './refusal.ts';

/** One row of the retry table. */
interface Retry {
  /** What came back, as people read it. */
  readonly reply: string;
  fits(status: number | undefined, code: unknown, text: string): boolean;
  readonly kind: FailureKind;
  readonly names: string;
  readonly provider: string;
}

/** Codes that say "no money" whatever status they come with: OpenAI's with 429, Anthropic's with 400 or 402. */
const unpaid: readonly unknown[] = ['insufficient_quota', 'billing_not_active', 'billing_error'];

const waits = 'wait, the try is not counted';
const backsOff =
  'left alone for 0.5 s, doubling to 30 s, with jitter; from the fifth failure in a row on one call at a time';

/**
 * What a failed call means, by what came back: the first row that fits. The only place that decides it; the SDKs' own
 * retries are off. docs/guide/providers.md shows this table.
 */
export const retryTable: readonly Retry[] = [
  {
    reply: `401, 402, 403, 404; any status with ${unpaid.map((code) => `\`${code}\``).join(', ')}`,
    fits: (status, code) => unpaid.includes(code) || (status !== undefined && status >= 401 && status <= 404),
    kind: 'unauthorised',
    names: waits,
    provider:
      'paused, with a sentence in health(); one call after 2 s, doubling to 60 s, finds out when it is mended',
  },
  {
    reply: '400, 413, 422 or 500 whose words say that prompt and limit are longer than the context',
    fits: (status, _, text) => saysTooLong(status, text),
    kind: 'too_long',
    names:
      'the batch is halved and asked again at once, with the same limit, until it fits; of a name that does not fit alone the try counts',
    provider:
      'goes on; room for thinking is given up first; forty such replies in a row without an answer are its own fault, as with 401',
  },
  {
    reply: 'an answer that ended at its limit with nothing in it: the model only thought',
    // a reply, not a refusal, says so
    fits: () => false,
    kind: 'only_thought',
    names: 'asked again at once, else wait; the try is not counted, the tokens are',
    provider:
      'told not to think, with 4,000 and then 16,000 tokens of room beside the answer; after that paused, with a sentence in health(); one call after 1 minute, doubling to 10, finds out when it is mended',
  },
  {
    reply: '429',
    fits: (status) => status === 429,
    kind: 'rate_limited',
    names: waits,
    provider:
      'left alone for `retry-after` (10 minutes at most), without one as below; half as many calls at once',
  },
  {
    reply: '408, no reply in time',
    fits: (status) => status === 408,
    kind: 'timeout',
    names: waits,
    provider: backsOff,
  },
  {
    reply: '409, 425, 5xx, no connection, one that is cut, a reply that is none',
    fits: (status) =>
      status === undefined || status < 400 || status >= 500 || status === 409 || status === 425,
    kind: 'unavailable',
    names: waits,
    provider: `${backsOff}; 503 and 529 halve the calls at once`,
  },
  {
    reply: '400, 413, 422 and any other 4xx',
    fits: () => true,
    kind: 'refused_request',
    names:
      "the batch is halved and asked again at once, until what breaks it stands alone; only that name's try counts",
    provider: 'goes on; twenty such replies in a row without an answer are its own fault, as with 401',
  },
];

/** `retry-after-ms`, or `retry-after` as seconds or as a date. */
function retryAfter(headers: Headers): number | undefined {
  const inMs = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (inMs >= 0) return inMs;
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Takes keys out of a text: the one in use, in every spelling, and anything that looks like one (servers echo them). */
function redact(text: string, key: string | undefined): string {
  keepSecret(key);
  return hideKeysByLook(hideSecrets(text)).slice(0, 500);
}

/** What both SDKs' errors have in common. */
interface SdkError {
  status?: unknown;
  headers?: unknown;
  message?: unknown;
  /** OpenAI's reason. */
  code?: unknown;
  /** Anthropic's. */
  type?: unknown;
}

/** Anything thrown during a call, as a ProviderError. The original is not kept as `cause`: it may carry the request. */
export function toProviderError(error: unknown, key: string | undefined): ProviderError {
  if (error instanceof ProviderError) return error;
  const { status: given, headers, message, code, type } = (error ?? {}) as SdkError;
  const text = redact(typeof message === 'string' && message !== '' ? message : String(error), key);
  const status = typeof given === 'number' ? given : undefined;
  // a connection's code (ECONNRESET) is no word of the provider's
  const reason = status === undefined ? undefined : unpaid.includes(code) ? code : type;
  const row = retryTable.find((row) => row.fits(status, reason, text));
  const retryAfterMs = headers instanceof Headers ? (retryAfter(headers) ?? restOf(headers)) : undefined;
  return new ProviderError(row?.kind ?? 'unavailable', text, { status, retryAfterMs });
}
