import { type FailureKind, ProviderError } from '../types.ts';

/** What both SDKs' errors have in common. */
interface SdkError {
  status?: unknown;
  headers?: unknown;
  message?: unknown;
}

function kindOf(status: number): FailureKind {
  if (status === 429) return 'rate_limited';
  if (status === 408) return 'timeout';
  // 402: no money left; 404: no such model, or the address is not a provider's. Trying again helps neither.
  if ([401, 402, 403, 404].includes(status)) return 'unauthorised';
  if (status >= 500 || status === 409 || status === 425) return 'unavailable';
  return status >= 400 ? 'refused_request' : 'unavailable';
}

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

/** Takes keys out of a text: the one in use, anything that looks like one (servers echo them), and logins in addresses. */
function redact(text: string, key: string | undefined): string {
  return (key === undefined ? text : text.replaceAll(key, '[key]'))
    .replace(/\bsk-[\w*.-]{4,}/g, '[key]')
    .replace(/\/\/[^/@\s]+@/g, '//[login]@')
    .slice(0, 500);
}

/** Anything thrown during a call, as a ProviderError. The original is not kept as `cause`: it may carry the request. */
export function toProviderError(error: unknown, key: string | undefined): ProviderError {
  if (error instanceof ProviderError) return error;
  const { status, headers, message } = (error ?? {}) as SdkError;
  const text = redact(typeof message === 'string' && message !== '' ? message : String(error), key);
  if (typeof status !== 'number') return new ProviderError('unavailable', text);
  return new ProviderError(kindOf(status), text, {
    status,
    retryAfterMs: headers instanceof Headers ? retryAfter(headers) : undefined,
  });
}
