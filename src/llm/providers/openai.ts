import OpenAI from 'openai';
import { type Prompt, type Provider, ProviderError, type Reply } from '../types.ts';
import { contentOf } from './content.ts';
import { toProviderError } from './failure.ts';
import { Forms, type Parts } from './forms.ts';
import { openaiBatches } from './openai-batches.ts';
import { formWords, jsonObjectWords, sayingFetch, systemWords } from './refusal.ts';
import { type Access, callOnce, isSimulated, noteThought, reached } from './requests.ts';
import { type OpenaiUsage, openaiUsage } from './usage.ts';

/** Models that reason unless told not to; others are told when they are seen to think. */
const reasons = /(^|\/)gpt-[5-9]/;

/** Reasons for the end of an answer at its limit, in each server's words. */
const atLimit = /^(length|max_tokens|max_output_tokens|model_length)$/i;

/** Words of no protocol that servers take to switch thinking off: each ignores, or refuses, those of the others. */
type Extras = {
  /** vLLM, SGLang, llama.cpp: Qwen's template, DeepSeek's. */
  chat_template_kwargs?: { enable_thinking: false; thinking: false };
  /** DeepSeek, Zhipu, Moonshot. */
  thinking?: { type: 'disabled' };
};

function formsFor(model: string) {
  const reasoning = reasons.test(model);
  return new Forms(
    {
      response_format: [
        ['strict', formWords],
        ['json_schema', formWords],
        ['json_object', jsonObjectWords],
        ['tool', /tool|function/i],
      ],
      // OpenAI, Ollama, OpenRouter, Groq, Gemini
      reasoning_effort: [
        ['none', /reasoning|effort|support thinking|think value/i],
        ['low', /reasoning|effort|support thinking|think value/i],
      ],
      chat_template_kwargs: [['off', /chat_template|enable_thinking/i]],
      thinking: [['disabled', /\bthinking\b/i]],
      temperature: [['0', /temperature/i]],
      limit: [
        ['max_completion_tokens', /max_completion_tokens/i],
        ['max_tokens', /max_tokens/i],
      ],
      system: [['system', systemWords]],
    },
    {
      form: 'response_format',
      switches: ['chat_template_kwargs', 'thinking', ...(reasoning ? [] : (['reasoning_effort'] as const))],
    },
  );
}

type Part = typeof formsFor extends (model: string) => Forms<infer P> ? P : never;

function messagesOf(prompt: Prompt, system: boolean): OpenAI.ChatCompletionMessageParam[] {
  if (!system) return [{ role: 'user', content: `${prompt.system}\n${prompt.user}` }];
  return [
    { role: 'system', content: prompt.system },
    { role: 'user', content: prompt.user },
  ];
}

type Format = Pick<
  OpenAI.ChatCompletionCreateParamsNonStreaming,
  'response_format' | 'tools' | 'tool_choice'
>;

/** How the answer's form is asked for. */
function formatOf(prompt: Prompt, form: string | undefined): Format {
  switch (form) {
    case 'strict':
    case 'json_schema': {
      const strict = form === 'strict' ? { strict: true } : {};
      const json_schema = { name: 'answers', ...strict, schema: prompt.jsonSchema };
      return { response_format: { type: 'json_schema', json_schema } };
    }
    case 'tool':
      return {
        tools: [{ type: 'function', function: { name: 'answers', parameters: prompt.jsonSchema } }],
        tool_choice: { type: 'function', function: { name: 'answers' } },
      };
    case 'json_object':
      return { response_format: { type: 'json_object' } };
    default:
      return {};
  }
}

/** The words that switch thinking off. */
function switchesOf(parts: Parts<Part>) {
  const extras: Extras = {
    ...(parts.chat_template_kwargs && {
      chat_template_kwargs: { enable_thinking: false, thinking: false },
    }),
    ...(parts.thinking && { thinking: { type: 'disabled' } }),
  };
  const effort = parts.reasoning_effort as 'none' | 'low' | undefined;
  return { ...(effort && { reasoning_effort: effort }), ...extras };
}

/**
 * The OpenAI protocol (chat completions): OpenAI itself, or any compatible server by base URL.
 *
 * Asks for JSON by schema, at temperature 0, without reasoning. What a server refuses is asked for otherwise: the strict schema
 * gives way to the plain one, to `json_object`, to a tool call with the same schema, then to nothing; parseAnswers reads all
 * of them.
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
    fetch: sayingFetch,
  });
  const forms = formsFor(access.model);
  /** Reasoning that could not be switched off is paid from the same limit as the answer. */
  const room = (parts: Parts<Part>): number =>
    forms.room(parts, reasons.test(access.model) && parts.reasoning_effort !== 'none');

  function request(prompt: Prompt, parts: Parts<Part>): OpenAI.ChatCompletionCreateParamsNonStreaming {
    return {
      model: access.model,
      messages: messagesOf(prompt, parts.system !== undefined),
      ...formatOf(prompt, parts.response_format),
      ...switchesOf(parts),
      ...(parts.temperature && { temperature: 0 }),
      ...(parts.limit && { [parts.limit]: prompt.maxTokensOut + room(parts) }),
    };
  }

  /** @param prompt for counting where the server does not; null: not at hand */
  async function read(completion: OpenAI.ChatCompletion, prompt: Prompt | null): Promise<Reply> {
    // A compatible server may send anything with status 200, a router a refusal of who stands behind it.
    const refused = (completion as { error?: { code?: unknown; message?: unknown } } | null)?.error;
    if (refused) throw toProviderError({ ...refused, status: refused.code }, access.key);
    const choice = completion?.choices?.[0];
    if (choice === undefined)
      throw new ProviderError('unavailable', 'the server answered with something that is no chat completion');
    const { text, thought } = contentOf(choice.message ?? {});
    const usage = completion.usage as OpenaiUsage | undefined;
    const counted = usage ? undefined : await import('../tokens.ts');
    const cut = atLimit.test(String(choice.finish_reason));
    return {
      text,
      usage: usage
        ? openaiUsage(usage)
        : {
            tokensIn: (prompt && counted?.countPrompt(prompt)) ?? 0,
            tokensCached: 0,
            tokensWritten: 0,
            tokensOut: counted?.countTokens(text) ?? 0,
            doubt: 'the server counts no tokens, they were counted here',
          },
      modelVersion: completion.model || access.model,
      ...(cut && { cut: true }),
      ...(thought && { thought: true }),
    };
  }

  return {
    name: 'openai',
    model: access.model,
    simulated: isSimulated(access.model),
    room: () => room(forms.current()),
    learnt: () => forms.learnt(),
    batches: openaiBatches(client, access, {
      request: (prompt) => request(prompt, forms.current()),
      read: async (completion) => noteThought(await read(completion, null), forms),
      learn: (error) => forms.learn(error, forms.current()),
    }),
    complete: (prompt, signal, callId) =>
      callOnce(access, forms, signal, async (either, parts) => {
        const headers = callId === undefined ? {} : { 'x-client-request-id': `taxon-${callId}` };
        const sent = client.chat.completions.create(request(prompt, parts), { signal: either, headers });
        const { data, response, request_id } = await sent.withResponse();
        return reached(await read(data, prompt), request_id ?? data.id, response.headers);
      }),
  };
}
