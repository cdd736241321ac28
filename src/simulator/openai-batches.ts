import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { plainObject } from '../shapes.ts';
import type { BatchApi } from './batch-api.ts';
import { type Batches, type Job, markFetched, type Outcome, page, type Task } from './batches.ts';
import { type Answered, bytesOf, jsonOf, Refusal, readBody } from './http.ts';
import { openaiProtocol } from './openai.ts';

const largestFile = 200 * 1024 * 1024;
const mostRequests = 50_000;

const createSchema = v.object({
  input_file_id: v.string(),
  endpoint: v.literal('/v1/chat/completions'),
  completion_window: v.literal('24h'),
  metadata: v.nullish(v.pipe(plainObject, v.record(v.string(), v.string()))),
});

const lineSchema = v.object({
  custom_id: v.string(),
  method: v.literal('POST'),
  url: v.literal('/v1/chat/completions'),
  body: plainObject,
});

interface StoredFile {
  id: string;
  name: string;
  purpose: 'batch' | 'batch_output';
  createdAt: Date;
  text: string;
  /** What is known to the client once it has the file. */
  outcomes: Outcome[];
}

interface Started {
  job: Job;
  request: v.InferOutput<typeof createSchema>;
  /** Why the input file is refused, a line each. */
  errors: { code: string; line: number; message: string; param: null }[];
  output?: StoredFile;
  error?: StoredFile;
}

const seconds = (date: Date) => Math.floor(date.getTime() / 1000);

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Requests of an input file, or what is wrong with its lines. */
function readTasks(text: string): { tasks: Task[]; errors: Started['errors'] } {
  const tasks: Task[] = [];
  const errors: Started['errors'] = [];
  const ids = new Set<string>();
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  for (const [i, line] of lines.entries()) {
    const wrong = (code: string, message: string) => {
      errors.push({ code, line: i + 1, message: `simulated: ${message}`, param: null });
    };
    const parsed = v.safeParse(lineSchema, parsedJson(line));
    if (!parsed.success) wrong('invalid_request', 'this line is no request to /v1/chat/completions');
    else if (ids.has(parsed.output.custom_id))
      wrong('duplicate_custom_id', `custom_id ${parsed.output.custom_id} comes twice`);
    else {
      ids.add(parsed.output.custom_id);
      tasks.push({ customId: parsed.output.custom_id, body: parsed.output.body });
    }
  }
  const whole = (code: string) => errors.push({ code, line: 0, message: `simulated: ${code}`, param: null });
  if (lines.length === 0) whole('empty_file');
  if (lines.length > mostRequests) whole('too_many_tasks');
  return { tasks, errors };
}

/** One line of an output or error file. */
function lineOf(outcome: Outcome, batch: string): string {
  const head = { id: `batch_req_${batch}_${outcome.customId}`, custom_id: outcome.customId };
  if (!('call' in outcome)) {
    const code = outcome.kind === 'expired' ? 'batch_expired' : 'batch_cancelled';
    return JSON.stringify({ ...head, response: null, error: { code, message: `simulated: ${code}` } });
  }
  const { requestId } = outcome.call;
  const [status, body] =
    outcome.kind === 'succeeded'
      ? [200, outcome.reply]
      : [outcome.refusal.status, openaiProtocol.failure(outcome.refusal, requestId)];
  const response = { status_code: status, request_id: requestId, body };
  return JSON.stringify({ ...head, response, error: null });
}

/** OpenAI's batch API: files and batches. */
export class OpenaiBatches implements BatchApi {
  readonly #batches: Batches;
  readonly #files = new Map<string, StoredFile>();
  readonly #started = new Map<string, Started>();

  constructor(batches: Batches) {
    this.#batches = batches;
  }

  has(path: string): boolean {
    return /^\/v1\/(files|batches)(\/|$)/.test(path);
  }

  async answer(request: IncomingMessage, url: URL): Promise<Answered & { sent?: () => void }> {
    const { method } = request;
    const [, what, id, action] =
      /^\/v1\/(files|batches)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    switch (`${method} ${what}${id ? '/:id' : ''}${action ? `/${action}` : ''}`) {
      case 'POST files':
        return { status: 200, body: this.#fileObject(await this.#upload(request)) };
      case 'GET files/:id':
        return { status: 200, body: this.#fileObject(this.#file(id)) };
      case 'GET files/:id/content': {
        const { text, outcomes } = this.#file(id);
        return {
          status: 200,
          body: text,
          headers: { 'content-type': 'application/octet-stream' },
          sent: () => markFetched(outcomes),
        };
      }
      case 'DELETE files/:id':
        this.#files.delete(this.#file(id).id);
        return { status: 200, body: { id, object: 'file', deleted: true } };
      case 'POST batches':
        return { status: 200, body: this.#batchObject(this.#create(await jsonOf(request))) };
      case 'GET batches':
        return { status: 200, body: this.#list(url.searchParams) };
      case 'GET batches/:id':
        return { status: 200, body: this.#batchObject(this.#find(id)) };
      case 'POST batches/:id/cancel': {
        const started = this.#find(id);
        if (started.errors.length > 0) throw new Refusal(409, `the batch ${id} has failed`);
        started.job.cancel();
        return { status: 200, body: this.#batchObject(this.#find(id)) };
      }
      default:
        throw new Refusal(404, `there is no ${request.method} ${url.pathname}`);
    }
  }

  #file(id = ''): StoredFile {
    const file = this.#files.get(id);
    if (file === undefined) throw new Refusal(404, `there is no file ${id}`);
    return file;
  }

  #store(name: string, purpose: StoredFile['purpose'], text: string, outcomes: Outcome[] = []): StoredFile {
    const id = `file-simulated-${this.#files.size + 1}`;
    const file = { id, name, purpose, createdAt: new Date(), text, outcomes };
    this.#files.set(id, file);
    return file;
  }

  async #upload(request: IncomingMessage): Promise<StoredFile> {
    const bytes = await bytesOf(request, largestFile);
    const headers = { 'content-type': request.headers['content-type'] ?? '' };
    const form = await new Response(new Uint8Array(bytes), { headers }).formData().catch(() => undefined);
    const file = form?.get('file');
    if (!(file instanceof File))
      throw new Refusal(400, 'a file is uploaded as multipart/form-data, field file');
    if (form?.get('purpose') !== 'batch') throw new Refusal(400, 'the only purpose here is batch');
    return this.#store(file.name, 'batch', await file.text());
  }

  #create(body: unknown): Started {
    const request = readBody(createSchema, body);
    const { tasks, errors } = readTasks(this.#file(request.input_file_id).text);
    const job = this.#batches.create('batch_', errors.length > 0 ? [] : tasks);
    const started = { job, request, errors };
    this.#started.set(job.id, started);
    return started;
  }

  /** @throws Refusal (404) */
  #find(id = ''): Started {
    const job = this.#batches.find(id);
    const started = this.#started.get(job.id);
    if (started === undefined) throw new Refusal(404, `there is no batch ${id}`);
    if (job.phase !== 'ended' || started.errors.length > 0 || started.output || started.error) return started;
    // Other than asked: the real one keeps no order either.
    const outcomes = job.outcomes.toReversed();
    const file = (name: string, those: Outcome[]) =>
      this.#store(
        name,
        'batch_output',
        those.map((outcome) => `${lineOf(outcome, job.id)}\n`).join(''),
        those,
      );
    const good = outcomes.filter((outcome) => outcome.kind === 'succeeded');
    const bad = outcomes.filter((outcome) => outcome.kind !== 'succeeded');
    if (good.length > 0) started.output = file(`${job.id}_output.jsonl`, good);
    if (bad.length > 0) started.error = file(`${job.id}_error.jsonl`, bad);
    return started;
  }

  #list(query: URLSearchParams): object {
    const all = this.#batches.list().map((job) => this.#batchObject(this.#find(job.id)));
    const { data, has_more } = page(all, query, 'after');
    return { object: 'list', data, has_more, first_id: data[0]?.id, last_id: data.at(-1)?.id };
  }

  #fileObject({ id, name, purpose, createdAt, text }: StoredFile): object {
    const bytes = Buffer.byteLength(text);
    return {
      id,
      object: 'file',
      bytes,
      created_at: seconds(createdAt),
      filename: name,
      purpose,
      status: 'processed',
    };
  }

  #batchObject({ job, request, errors, output, error }: Started): { id: string } & Record<string, unknown> {
    const inWords = { canceling: 'cancelling', ended: job.end } as Record<string, string>;
    const status = errors.length > 0 ? 'failed' : (inWords[job.phase] ?? job.phase);
    const endedAt = job.endedAt && seconds(job.endedAt);
    const at = (...statuses: string[]) => (statuses.includes(status) ? endedAt : null);
    return {
      id: job.id,
      object: 'batch',
      endpoint: request.endpoint,
      errors: errors.length > 0 ? { object: 'list', data: errors } : null,
      input_file_id: request.input_file_id,
      completion_window: request.completion_window,
      status,
      output_file_id: output?.id ?? null,
      error_file_id: error?.id ?? null,
      created_at: seconds(job.createdAt),
      expires_at: seconds(job.createdAt) + 24 * 3600,
      cancelling_at: job.cancelledAt && seconds(job.cancelledAt),
      completed_at: at('completed'),
      expired_at: at('expired'),
      cancelled_at: at('cancelled'),
      failed_at: errors.length > 0 ? seconds(job.createdAt) : null,
      request_counts: {
        total: job.tasks.length,
        completed: job.count('succeeded'),
        failed: job.count('errored') + job.count('expired'),
      },
      metadata: request.metadata ?? null,
    };
  }
}
