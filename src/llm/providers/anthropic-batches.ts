import type Anthropic from '@anthropic-ai/sdk';
import { type BatchApi, type BatchResult, ProviderError } from '../types.ts';
import { toProviderError } from './failure.ts';
import type { Form } from './openai-batches.ts';
import { type Access, within } from './requests.ts';

/** In a batch an error comes without its status. */
const statusOf: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Anthropic's message batches: requests in the body, results as a stream of lines. */
export function anthropicBatches(
  client: Anthropic,
  access: Access,
  form: Form<Anthropic.MessageCreateParamsNonStreaming, Anthropic.Message>,
): BatchApi {
  async function resultOf({
    custom_id: id,
    result,
  }: Anthropic.Messages.MessageBatchIndividualResponse): Promise<BatchResult> {
    if (result.type === 'succeeded')
      return { id, reply: { requestId: result.message.id, ...(await form.read(result.message)) } };
    if (result.type !== 'errored')
      return { id, error: new ProviderError('unavailable', `the batch was ${result.type}`) };
    const { type, message } = result.error.error;
    const failure = toProviderError({ status: statusOf[type] ?? 500, type, message }, access.key);
    return { id, error: form.learn(failure) ? new ProviderError('unavailable', failure.message) : failure };
  }

  return {
    submit: (requests, _, signal) =>
      within(access, signal, async (either, timeout) => {
        const batch = await client.messages.batches.create(
          { requests: requests.map(({ id, prompt }) => ({ custom_id: id, params: form.request(prompt) })) },
          { signal: either, timeout },
        );
        return batch.id;
      }),
    // a batch of theirs bears no word of ours until its results are there
    find: async () => undefined,
    look: (id, signal) =>
      within(access, signal, async (either) => {
        const batch = await client.messages.batches.retrieve(id, {}, { signal: either });
        const { canceled, expired } = batch.request_counts;
        return { ended: batch.processing_status === 'ended', cut: canceled + expired > 0, refused: null };
      }),
    async *results(id, signal) {
      const lines = await within(access, signal, (either, timeout) =>
        client.messages.batches.results(id, {}, { signal: either, timeout }),
      );
      try {
        for await (const line of lines) yield await resultOf(line);
      } catch (error) {
        throw toProviderError(error, access.key);
      }
    },
    cancel: (id, signal) =>
      within(access, signal, async (either) => {
        await client.messages.batches.cancel(id, {}, { signal: either });
      }),
  };
}
