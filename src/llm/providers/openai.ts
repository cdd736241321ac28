import OpenAI from 'openai';
import { type Prompt, type Provider, ProviderError, type Reply } from '../types.ts';
import { openaiBatches } from './openai-batches.ts';
import { type Access, callOnce, isSimulated, Optional, reached } from './requests.ts';

/** Models that reason unless told not to; a model of another name has no use for the setting. */
const reasons = /(^|\/)gpt-[5-9]/;

/** Reasoning that cannot be switched off is paid from the same limit as the answer. */
const reasoningRoom = 4000;

/**
 * The OpenAI protocol (chat completions): OpenAI itself, or any compatible server by base URL.
 *
 * Asks for JSON by schema, at temperature 0, without reasoning. What a server refuses is left out: the schema gives way
 * to a tool call with the same schema, then to `json_object`, then to nothing; parseAnswers reads all of them.
 */
export function openaiProvider(access: Access): Provider {
  const client = new OpenAI({
    // The SDK wants a key even where the server does not.
    apiKey: access.key ?? 'none',
    ...(access.baseUrl === undefined ? {} : { baseURL: access.baseUrl }),
    maxRetries: 0,
    // later than our own deadline, which tells a timeout from a refusal; at the same moment either came first
    timeout: access.timeoutMs + 5000,
    logLevel: 'off',
  });
  const format = /response_format|json_schema|json_object|structured output/i;
  const optional = new Optional({
    response_format: [
      ['json_schema', format],
      ['tool', /tool/i],
      ['json_object', format],
    ],
    reasoning_effort: reasons.test(access.model) ? [['none', /reasoning/i]] : [],
    temperature: [['0', /temperature/i]],
    limit: [
      ['max_completion_tokens', /max_completion_tokens/i],
      ['max_tokens', /max_tokens/i],
    ],
  });

  function request(
    prompt: Prompt,
    parts: ReturnType<typeof optional.current>,
  ): OpenAI.ChatCompletionCreateParamsNonStreaming {
    const reasoningOff = parts.reasoning_effort === 'none';
    const room = reasons.test(access.model) && !reasoningOff ? reasoningRoom : 0;
    return {
      model: access.model,
      messages: [
        { role: 'system', content: prompt.system },
        { role: 'user', content: prompt.user },
      ],
      ...(parts.response_format === 'json_schema' && {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answers', strict: true, schema: prompt.jsonSchema },
        },
      }),
      ...(parts.response_format === 'tool' && {
        tools: [{ type: 'function', function: { name: 'answers', parameters: prompt.jsonSchema } }],
        tool_choice: { type: 'function', function: { name: 'answers' } },
      }),
      ...(parts.response_format === 'json_object' && { response_format: { type: 'json_object' } }),
      ...(reasoningOff && { reasoning_effort: 'none' }),
      ...(parts.temperature && { temperature: 0 }),
      ...(parts.limit && { [parts.limit]: prompt.maxTokensOut + room }),
    };
  }

  /** @param prompt for counting where the server does not; null: not at hand */
  async function read(completion: OpenAI.ChatCompletion, prompt: Prompt | null): Promise<Reply> {
    // A compatible server may send anything with status 200.
    const message = completion?.choices?.[0]?.message;
    const called = message?.tool_calls?.[0];
    const text = called?.type === 'function' ? called.function.arguments : message?.content;
    if (completion?.choices?.[0] === undefined)
      throw new ProviderError('unavailable', 'the server answered with something that is no chat completion');
    const usage = completion.usage;
    const counted = usage ? undefined : await import('../tokens.ts');
    return {
      text: text ?? '',
      usage: {
        tokensIn: usage?.prompt_tokens ?? (prompt && counted?.countPrompt(prompt)) ?? 0,
        tokensCached: usage?.prompt_tokens_details?.cached_tokens ?? 0,
        tokensOut: usage?.completion_tokens ?? counted?.countTokens(text ?? '') ?? 0,
      },
      modelVersion: completion.model || access.model,
    };
  }

  return {
    name: 'openai',
    model: access.model,
    simulated: isSimulated(access.model),
    batches: openaiBatches(client, access, {
      request: (prompt) => request(prompt, optional.current()),
      read: (completion) => read(completion, null),
      learn: (error) => optional.learn(error, optional.current()),
    }),
    complete: (prompt, signal, callId) =>
      callOnce(access, optional, signal, async (either, parts) => {
        const headers = callId === undefined ? {} : { 'x-client-request-id': `taxon-${callId}` };
        const sent = client.chat.completions.create(request(prompt, parts), { signal: either, headers });
        const { data, response, request_id } = await sent.withResponse();
        return reached(await read(data, prompt), request_id ?? data.id, response.headers);
      }),
  };
}
