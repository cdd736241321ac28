import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../errors.ts';
import { simulatedModel } from './pricing.ts';
import { type SimulatedCall, type SimulatorStats, statsOf } from './simulator/call-log.ts';
import { Completer, requestSchema } from './simulator/completion.ts';
import { type Fault, Faults } from './simulator/faults.ts';
import { Teacher } from './simulator/teacher.ts';

export interface SimulatorOptions {
  /** Name key → names of the true path, from the top. */
  truth: ReadonlyMap<string, readonly string[]>;
  /** 0 or left out: any free port. */
  port?: number;
  /** Share of names whose l1, whose l1 or l2, and whose any level is wrong. Default .05, .14, .21: the seed's teacher. */
  errorRates?: readonly [number, number, number];
  /** How long each answer takes, in milliseconds. */
  delayMs?: number;
  seed?: number;
  faults?: readonly Fault[];
}

export interface Simulator {
  /** Base URL for an OpenAI client, ending in /v1. */
  url: string;
  stats(): SimulatorStats;
  /** Every call since the start, oldest first. */
  calls(): SimulatedCall[];
  /** Replaces all faults. */
  setFaults(faults: readonly Fault[]): void;
  close(): Promise<void>;
}

/** What it says of itself, on GET / and wherever its answers are shown. */
export const simulatorBanner =
  'SIMULATED LLM: no model answers here. Answers come from a labelled file, with errors made on purpose.';

/** Prompts are some thousands of tokens; more than this is no prompt of ours. */
const largestBody = 20 * 1024 * 1024;

const statusOf = { 'rate-limited': 429, unavailable: 503, unauthorised: 401, refused: 400 } as const;
const isRefusal = (kind: string): kind is keyof typeof statusOf => kind in statusOf;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largestBody) throw new Error('the request is too large');
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, message: string): void {
  send(response, status, { error: { message: `simulated: ${message}`, type: 'simulated', code: null } });
}

/**
 * Starts the simulated LLM on 127.0.0.1: an HTTP server of the OpenAI protocol (POST /v1/chat/completions,
 * GET /v1/models) with GET /stats, GET /calls, POST /faults (a JSON list of faults) and a banner on GET /. Every reply
 * has the header x-pgtaxon-simulated.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const seed = options.seed ?? 1;
  const delayMs = options.delayMs ?? 0;
  const teacher = new Teacher({
    truth: options.truth,
    errorRates: options.errorRates ?? [0.05, 0.14, 0.21],
    seed,
  });
  const completer = new Completer(teacher);
  const faults = new Faults(seed);
  faults.set(options.faults ?? []);
  const calls: SimulatedCall[] = [];

  async function complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = `chatcmpl-simulated-${calls.length + 1}`;
    const call: SimulatedCall = {
      requestId,
      outcome: 'open',
      names: 0,
      tokensIn: 0,
      tokensCached: 0,
      tokensOut: 0,
    };
    calls.push(call);
    response.setHeader('x-request-id', requestId);
    const refuse = (status: number, message: string) => {
      call.outcome = 'refused';
      sendError(response, status, message);
    };

    const fault = faults.next(calls.length);
    if (fault) call.fault = fault.kind;
    if (fault && isRefusal(fault.kind)) {
      if (fault.kind === 'rate-limited') {
        response.setHeader('retry-after-ms', String(fault.ms ?? 1000));
        response.setHeader('retry-after', String(Math.ceil((fault.ms ?? 1000) / 1000)));
      }
      request.resume();
      return refuse(statusOf[fault.kind], fault.kind);
    }
    const parsed = requestSchema.safeParse(await bodyOf(request).catch(() => undefined));
    if (!parsed.success) return refuse(400, 'not a chat completion request');
    if (parsed.data.model !== simulatedModel)
      return refuse(404, `there is no model ${parsed.data.model}, only ${simulatedModel}`);

    const { body, usage, names } = completer.complete(requestId, parsed.data, fault?.kind);
    Object.assign(call, usage, { names });
    response.once('close', () => {
      if (call.outcome === 'open') call.outcome = 'unanswered';
    });
    if (response.destroyed) call.outcome = 'unanswered';
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') {
      response.destroy();
      return;
    }
    const wait = delayMs + (fault?.kind === 'slow' ? (fault.ms ?? 2000) : 0);
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (response.destroyed) return;
    response.once('finish', () => {
      call.outcome = 'answered';
    });
    send(response, 200, body);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-pgtaxon-simulated', '1');
    const model = { id: simulatedModel, object: 'model', created: 0, owned_by: 'pgtaxon simulator' };
    switch (`${request.method} ${request.url}`) {
      case 'POST /v1/chat/completions':
        return complete(request, response);
      case 'GET /v1/models':
        return send(response, 200, { object: 'list', data: [model] });
      case 'GET /stats':
        return send(response, 200, statsOf(calls));
      case 'GET /calls':
        return send(response, 200, calls);
      case 'POST /faults':
        try {
          faults.set((await bodyOf(request)) as Fault[]);
        } catch (error) {
          return sendError(response, 400, messageOf(error));
        }
        return send(response, 200, { simulated: true });
      case 'GET /':
        response.setHeader('content-type', 'text/plain; charset=utf-8');
        response.end(`${simulatorBanner}\n`);
        return;
      default:
        request.resume();
        return sendError(response, 404, `there is no ${request.method} ${request.url}`);
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, 500, messageOf(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    stats: () => statsOf(calls),
    calls: () => calls.map((call) => ({ ...call })),
    setFaults: (next) => faults.set(next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
