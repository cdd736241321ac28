import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { messageOf } from '../errors.ts';
import { share } from '../shapes.ts';
import { anthropicProtocol } from './anthropic.ts';
import { AnthropicBatches } from './anthropic-batches.ts';
import { answerBatchApi } from './batch-api.ts';
import { Batches } from './batches.ts';
import type { SimulatedCall, SimulatorStats } from './call-log.ts';
import { answerCall } from './calls.ts';
import { Engine } from './engine.ts';
import type { Fault } from './faults.ts';
import { deliver, jsonOf, ownOrigin, Refusal } from './http.ts';
import type { ErrorRates } from './models.ts';
import { openaiProtocol } from './openai.ts';
import { OpenaiBatches } from './openai-batches.ts';
import type { Limits } from './rate-limits.ts';

export interface SimulatorOptions extends Limits {
  /** Name key → names of the true path, from the top. */
  truth: ReadonlyMap<string, readonly string[]>;
  /** 0 or left out: any free port. */
  port?: number;
  /** Share of names whose l1, whose l1 or l2, and whose any level is wrong. Default .05, .14, .21: the seed's teacher. */
  errorRates?: ErrorRates;
  /** The same for the model simulated-llm-strong. Default .02, .06, .10. */
  strongErrorRates?: ErrorRates;
  /** Share of names that a call answers otherwise than another call would; default 0. */
  unsteady?: number;
  /** How long each answer takes, in milliseconds. */
  delayMs?: number;
  /** How long a batch of the batch APIs takes, in milliseconds; default 2,000. */
  batchMs?: number;
  seed?: number;
  faults?: readonly Fault[];
}

export interface Simulator {
  /** Base URL for an OpenAI client, ending in /v1. */
  url: string;
  /** Base URL for an Anthropic client: its SDK adds the /v1. */
  anthropicUrl: string;
  stats(): SimulatorStats;
  /** Every call since the start, oldest first. */
  calls(): SimulatedCall[];
  /** Replaces all faults. */
  setFaults(faults: readonly Fault[]): void;
  /** Holds every batch at this share (0 to 1) of its time, whatever the time; undefined lets time go on. */
  pinBatches(share: number | undefined): void;
  close(): Promise<void>;
}

/** What it says of itself, on GET / and wherever its answers are shown. */
export const simulatorBanner =
  'SIMULATED LLM: no model answers here. Answers come from a labelled file, with errors made on purpose.';

/** Both protocols list models, at the same address. */
function modelList(names: readonly string[], anthropic: boolean): object {
  const by = 'pgtaxon simulator';
  if (!anthropic)
    return {
      object: 'list',
      data: names.map((id) => ({ id, object: 'model', created: 0, owned_by: by })),
    };
  const data = names.map((id) => ({
    type: 'model',
    id,
    display_name: `${id} (${by})`,
    created_at: new Date(0).toISOString(),
  }));
  return { data, has_more: false, first_id: names[0], last_id: names.at(-1) };
}

/**
 * Starts the simulated LLM on 127.0.0.1: an HTTP server of the OpenAI protocol (POST /v1/chat/completions, files and
 * batches) and of Anthropic's (POST /v1/messages, its batches), with GET /v1/models, GET /stats, GET /calls, POST /faults
 * (a JSON list of faults), POST /batches/pin (a share of their time, or null) and a banner on GET /. Every reply has the
 * header x-pgtaxon-simulated.
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const delayMs = options.delayMs ?? 0;
  const engine = new Engine({
    ...options,
    errorRates: options.errorRates,
    strongErrorRates: options.strongErrorRates,
    unsteady: options.unsteady,
    seed: options.seed ?? 1,
  });
  engine.faults.set(options.faults ?? []);
  const batchMs = options.batchMs ?? 2000;
  const openai = new Batches(engine, openaiProtocol, batchMs);
  const anthropic = new Batches(engine, anthropicProtocol, batchMs);
  const apis = [
    { protocol: openaiProtocol, api: new OpenaiBatches(openai) },
    { protocol: anthropicProtocol, api: new AnthropicBatches(anthropic) },
  ];
  const pin = (share: number | undefined) => {
    openai.pin(share);
    anthropic.pin(share);
  };
  const upToNow = () => {
    openai.advance();
    anthropic.advance();
    return engine.log;
  };
  const stats = () => upToNow().stats(engine.faults.hits);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    response.setHeader('x-pgtaxon-simulated', '1');
    ownOrigin(request);
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`);
    const { pathname } = url;
    for (const { protocol, api } of apis)
      if (api.has(pathname)) return answerBatchApi(engine, protocol, api, request, url, response);
    const ok = (body: unknown) => deliver(response, { status: 200, body });
    switch (`${request.method} ${pathname}`) {
      case 'POST /v1/chat/completions':
        return answerCall(engine, openaiProtocol, delayMs, request, response);
      case 'POST /v1/messages':
        return answerCall(engine, anthropicProtocol, delayMs, request, response);
      case 'GET /v1/models':
        return ok(modelList(engine.models, request.headers['anthropic-version'] !== undefined));
      case 'GET /stats':
        return ok(stats());
      case 'GET /calls':
        return ok(upToNow().calls);
      case 'POST /faults': {
        const faults = await jsonOf(request);
        try {
          engine.faults.set(faults as Fault[]);
        } catch (error) {
          throw new Refusal(400, messageOf(error));
        }
        return ok({ simulated: true });
      }
      case 'POST /batches/pin': {
        const given = v.safeParse(v.nullable(share), await jsonOf(request));
        if (!given.success) throw new Refusal(400, 'give a share of the time, 0 to 1, or null');
        pin(given.output ?? undefined);
        return ok({ simulated: true });
      }
      case 'GET /':
        return ok(`${simulatorBanner}\n`);
      default:
        request.resume();
        throw new Refusal(404, `there is no ${request.method} ${pathname}`);
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const refusal = error instanceof Refusal ? error : new Refusal(500, messageOf(error));
      if (response.headersSent) response.destroy();
      else void deliver(response, { status: refusal.status, body: openaiProtocol.failure(refusal, '') });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const anthropicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${anthropicUrl}/v1`,
    anthropicUrl,
    stats,
    calls: () => upToNow().calls.map((call) => ({ ...call })),
    setFaults: (next) => engine.faults.set(next),
    pinBatches: pin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
