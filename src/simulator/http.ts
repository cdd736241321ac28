import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import { unquoted } from '../shapes.ts';
import type { Hit } from './faults.ts';

/** What an endpoint answers; sent by `deliver`. */
export interface Answered {
  status: number;
  /** Sent as JSON; a string as it is. */
  body: unknown;
  headers?: Record<string, string>;
}

/** A request that is not worked on. */
export class Refusal extends Error {
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, retryAfterMs?: number) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** `retry-after` in whole seconds, as both providers send it, and `retry-after-ms`, as OpenAI does. */
  get headers(): Record<string, string> {
    if (this.retryAfterMs === undefined) return {};
    return {
      'retry-after-ms': String(this.retryAfterMs),
      'retry-after': String(Math.ceil(this.retryAfterMs / 1000)),
    };
  }
}

/** A request's body as its schema says. @throws Refusal (400) with the first fault and where it is, behind `what` */
export function readBody<T extends v.GenericSchema>(schema: T, body: unknown, what = ''): v.InferOutput<T> {
  const parsed = v.safeParse(schema, body, { message: unquoted });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Refusal(400, `${what}${v.getDotPath(issue) ?? 'the body'}: ${issue.message}`);
}

/**
 * Refuses what a page of another site sends from a browser on this machine: a plain POST needs nobody's leave there.
 *
 * @throws Refusal (403)
 */
export function ownOrigin({ headers: { origin } }: IncomingMessage): void {
  if (origin === undefined) return;
  const from = URL.canParse(origin) ? new URL(origin).hostname : origin;
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(from))
    throw new Refusal(403, 'requests of other sites are not taken');
}

/** The body of a request, whole. @throws Refusal (413) when it is larger than `most` bytes */
export async function bytesOf(request: IncomingMessage, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > most) throw new Refusal(413, `the request is larger than ${most} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @throws Refusal (400, 413) */
export async function jsonOf(request: IncomingMessage, most = 20 * 1024 * 1024): Promise<unknown> {
  const bytes = await bytesOf(request, most);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
}

/** What a proxy in the way might send instead of an answer, with status 200. */
const proxyPage = '<!doctype html><title>Bad gateway</title><p>simulated: this is no answer</p>';

/**
 * Sends an answer, late or spoiled where a fault says so. True when all of it was handed to the network: false when it
 * was spoiled or the client had gone.
 */
export async function deliver(
  response: ServerResponse,
  answered: Answered,
  fault?: Hit,
  delayMs = 0,
): Promise<boolean> {
  const ended = new Promise<boolean>((resolve) => {
    response.once('finish', () => resolve(true));
    response.once('close', () => resolve(false));
  });
  if (response.destroyed) return false;
  if (fault?.kind === 'hang') return ended;
  if (fault?.kind === 'reset') {
    response.destroy();
    return false;
  }
  const wait = delayMs + (fault?.kind === 'slow' ? (fault.ms ?? 2000) : 0);
  if (wait > 0) await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, wait))]);
  if (response.destroyed) return false;

  if (fault?.kind === 'wrong-body') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(proxyPage);
    await ended;
    return false;
  }
  const plain = typeof answered.body === 'string';
  const bytes = Buffer.from(plain ? (answered.body as string) : JSON.stringify(answered.body));
  response.writeHead(answered.status, {
    'content-type': plain ? 'text/plain; charset=utf-8' : 'application/json',
    ...answered.headers,
    'content-length': bytes.length,
  });
  if (fault?.kind !== 'cut') {
    response.end(bytes);
    return ended;
  }
  response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => response.destroy());
  await ended;
  return false;
}
