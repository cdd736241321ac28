import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { plainObject } from '../shapes.ts';
import { anthropicProtocol } from './anthropic.ts';
import type { BatchApi } from './batch-api.ts';
import { type Batches, type Job, markFetched, type Outcome, page } from './batches.ts';
import { type Answered, jsonOf, Refusal, readBody } from './http.ts';

const largestBatch = 256 * 1024 * 1024;

const createSchema = v.object({
  requests: v.pipe(
    v.array(
      v.object({
        custom_id: v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_-]{1,64}$/)),
        params: plainObject,
      }),
    ),
    v.minLength(1),
    v.maxLength(100_000),
  ),
});

function resultOf(outcome: Outcome): object {
  if (outcome.kind === 'succeeded') return { type: 'succeeded', message: outcome.reply };
  if (outcome.kind !== 'errored') return { type: outcome.kind };
  return { type: 'errored', error: anthropicProtocol.failure(outcome.refusal, outcome.call.requestId) };
}

function batchObject(job: Job, origin: string): { id: string } & Record<string, unknown> {
  const ended = job.phase === 'ended';
  return {
    id: job.id,
    type: 'message_batch',
    processing_status: ended || job.phase === 'canceling' ? job.phase : 'in_progress',
    // As the real one does: until the end everything is processing.
    request_counts: {
      processing: ended ? 0 : job.tasks.length,
      succeeded: ended ? job.count('succeeded') : 0,
      errored: ended ? job.count('errored') : 0,
      canceled: ended ? job.count('canceled') : 0,
      expired: ended ? job.count('expired') : 0,
    },
    created_at: job.createdAt.toISOString(),
    expires_at: new Date(job.createdAt.getTime() + 24 * 3_600_000).toISOString(),
    ended_at: job.endedAt?.toISOString() ?? null,
    cancel_initiated_at: job.cancelledAt?.toISOString() ?? null,
    archived_at: null,
    results_url: ended ? `${origin}/v1/messages/batches/${job.id}/results` : null,
  };
}

/** Anthropic's message batches. */
export class AnthropicBatches implements BatchApi {
  readonly #batches: Batches;

  constructor(batches: Batches) {
    this.#batches = batches;
  }

  has(path: string): boolean {
    return /^\/v1\/messages\/batches(\/|$)/.test(path);
  }

  async answer(request: IncomingMessage, url: URL): Promise<Answered & { sent?: () => void }> {
    const [, id, action] = /^\/v1\/messages\/batches(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const shown = (job: Job) => batchObject(job, url.origin);
    switch (`${request.method} ${id ? ':id' : ''}${action ? `/${action}` : ''}`) {
      case 'POST ':
        return { status: 200, body: shown(this.#create(await jsonOf(request, largestBatch))) };
      case 'GET ': {
        const { data, has_more } = page(this.#batches.list().map(shown), url.searchParams, 'after_id');
        const body = { data, has_more, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
        return { status: 200, body };
      }
      case 'GET :id':
        return { status: 200, body: shown(this.#batches.find(id ?? '')) };
      case 'POST :id/cancel': {
        const job = this.#batches.find(id ?? '');
        job.cancel();
        this.#batches.advance();
        return { status: 200, body: shown(job) };
      }
      case 'GET :id/results':
        return this.#results(this.#batches.find(id ?? ''));
      default:
        throw new Refusal(404, `there is no ${request.method} ${url.pathname}`);
    }
  }

  #create(body: unknown): Job {
    const tasks = readBody(createSchema, body).requests.map(({ custom_id, params }) => ({
      customId: custom_id,
      body: params,
    }));
    if (new Set(tasks.map((task) => task.customId)).size < tasks.length)
      throw new Refusal(400, 'requests: custom_id must be unique within a batch');
    return this.#batches.create('msgbatch_', tasks);
  }

  #results(job: Job): Answered & { sent: () => void } {
    if (job.phase !== 'ended') throw new Refusal(404, `the batch ${job.id} has not ended`);
    // Other than asked: the real one keeps no order either.
    const outcomes = job.outcomes.toReversed();
    const lines = outcomes.map(
      (outcome) => `${JSON.stringify({ custom_id: outcome.customId, result: resultOf(outcome) })}\n`,
    );
    return {
      status: 200,
      body: lines.join(''),
      headers: { 'content-type': 'application/x-jsonl' },
      sent: () => markFetched(outcomes),
    };
  }
}
