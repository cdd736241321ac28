import type OpenAI from 'openai';
import { toFile } from 'openai';
import { type BatchApi, type BatchResult, type Prompt, ProviderError, type Reply } from '../types.ts';
import { toProviderError } from './failure.ts';
import { type Access, within } from './requests.ts';

/** How one call is written and read, as outside of batches. */
export interface Form<Request, Answer> {
  request(prompt: Prompt): Request;
  read(answer: Answer): Reply | Promise<Reply>;
  /** Whether the refusal was about a part that goes otherwise: then the next batch is sent otherwise. */
  learn(error: ProviderError): boolean;
}

/** One line of an output or error file. */
interface Line {
  custom_id: string;
  response: { status_code: number; request_id: string; body: unknown } | null;
  error: { code: string; message: string } | null;
}

const ends: readonly OpenAI.Batch['status'][] = ['completed', 'failed', 'expired', 'cancelled'];

/** The batch API of the OpenAI protocol: a file of requests goes up, a file of answers and one of errors come down. */
export function openaiBatches(
  client: OpenAI,
  access: Access,
  form: Form<OpenAI.ChatCompletionCreateParamsNonStreaming, OpenAI.ChatCompletion>,
): BatchApi {
  async function resultOf({ custom_id: id, response, error }: Line): Promise<BatchResult> {
    // not worked on before the batch expired or was cancelled
    if (response === null)
      return { id, error: new ProviderError('unavailable', error?.message ?? 'no answer') };
    const { status_code: status, request_id, body } = response;
    if (status === 200)
      return { id, reply: { requestId: request_id, ...(await form.read(body as OpenAI.ChatCompletion)) } };
    const said = (body as { error?: object } | null)?.error;
    const failure = toProviderError({ ...said, status }, access.key);
    return { id, error: form.learn(failure) ? new ProviderError('unavailable', failure.message) : failure };
  }

  async function* linesOf(file: string, signal: AbortSignal): AsyncGenerator<Line> {
    const text = await within(access, signal, async (either, timeout) =>
      (await client.files.content(file, { signal: either, timeout })).text(),
    );
    for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line) as Line;
  }

  return {
    submit: (requests, reference, signal) =>
      within(access, signal, async (either, timeout) => {
        const lines = requests.map(({ id, prompt }) =>
          JSON.stringify({
            custom_id: id,
            method: 'POST',
            url: '/v1/chat/completions',
            body: form.request(prompt),
          }),
        );
        const file = await client.files.create(
          { purpose: 'batch', file: await toFile(Buffer.from(lines.join('\n')), `${reference}.jsonl`) },
          { signal: either, timeout },
        );
        const batch = await client.batches.create(
          {
            input_file_id: file.id,
            endpoint: '/v1/chat/completions',
            completion_window: '24h',
            metadata: { pgtaxon: reference },
          },
          { signal: either, timeout },
        );
        return batch.id;
      }),
    find: (reference, signal) =>
      within(access, signal, async (either, timeout) => {
        for await (const batch of client.batches.list({ limit: 100 }, { signal: either, timeout }))
          if (batch.metadata?.pgtaxon === reference) return batch.id;
        return null;
      }),
    look: (id, signal) =>
      within(access, signal, async (either) => {
        const { status, errors } = await client.batches.retrieve(id, { signal: either });
        return {
          ended: ends.includes(status),
          cut: status === 'expired' || status === 'cancelled',
          refused: status === 'failed' ? (errors?.data?.[0]?.message ?? 'it gave no reason') : null,
        };
      }),
    async *results(id, signal) {
      const batch = await within(access, signal, (either) => client.batches.retrieve(id, { signal: either }));
      for (const file of [batch.output_file_id, batch.error_file_id])
        if (file) for await (const line of linesOf(file, signal)) yield await resultOf(line);
    },
    cancel: (id, signal) =>
      within(access, signal, async (either) => {
        await client.batches.cancel(id, { signal: either });
      }),
  };
}
