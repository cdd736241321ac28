import Anthropic from '@anthropic-ai/sdk';
import { type Prompt, type Provider, ProviderError, type Reply } from '../types.ts';
import { anthropicBatches } from './anthropic-batches.ts';
import { type Access, callOnce, isSimulated, Optional, reached } from './requests.ts';

/** Thinking that cannot be switched off is paid from the same limit as the answer. */
const thinkingRoom = 4000;

/** The answer: what the tool was called with, else all text. */
function textOf(message: Anthropic.Message): string {
  const called = message.content.find((block) => block.type === 'tool_use');
  if (called) return JSON.stringify(called.input);
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/**
 * Shorter system prompts are not marked for its prompt cache: it keeps none below 1,024 tokens, about 4,000 characters.
 * Writing into the cache costs a quarter more, reading from it a tenth.
 */
const cachedFrom = 4000;

/**
 * The Anthropic messages protocol.
 *
 * Asks for JSON by schema (`output_config.format`), else by a tool call with the same schema, without thinking, at
 * temperature 0. Models since Claude 4.7 refuse any temperature, and some always think: what is refused is left out from
 * then on.
 */
export function anthropicProvider(access: Access): Provider {
  const client = new Anthropic({
    apiKey: access.key ?? 'none',
    authToken: null,
    ...(access.baseUrl === undefined ? {} : { baseURL: access.baseUrl }),
    maxRetries: 0,
    // later than our own deadline, which tells a timeout from a refusal; at the same moment either came first
    timeout: access.timeoutMs + 5000,
    logLevel: 'off',
  });
  const optional = new Optional({
    temperature: [['0', /temperature|sampling/i]],
    thinking: [['disabled', /thinking/i]],
    output_config: [
      ['format', /output_config|output_format|structured output|json_schema/i],
      ['tool', /tool/i],
    ],
  });

  function request(
    prompt: Prompt,
    parts: ReturnType<typeof optional.current>,
  ): Anthropic.MessageCreateParamsNonStreaming {
    return {
      model: access.model,
      max_tokens: prompt.maxTokensOut + (parts.thinking ? 0 : thinkingRoom),
      system:
        prompt.system.length < cachedFrom
          ? prompt.system
          : [{ type: 'text', text: prompt.system, cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: prompt.user }],
      ...(parts.thinking && { thinking: { type: 'disabled' } }),
      ...(parts.temperature && { temperature: 0 }),
      ...(parts.output_config === 'format' && {
        output_config: { format: { type: 'json_schema', schema: prompt.jsonSchema } },
      }),
      ...(parts.output_config === 'tool' && {
        tools: [{ name: 'answers', input_schema: { ...prompt.jsonSchema, type: 'object' } }],
        tool_choice: { type: 'tool', name: 'answers' },
      }),
    };
  }

  function read(message: Anthropic.Message): Reply {
    if (!Array.isArray(message?.content) || !message.usage)
      throw new ProviderError('unavailable', 'the server answered with something that is no message');
    const { usage } = message;
    const cached = usage.cache_read_input_tokens ?? 0;
    return {
      text: textOf(message),
      usage: {
        // Anthropic's input_tokens leaves out what was read from or written to its cache.
        tokensIn: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0),
        tokensCached: cached,
        tokensOut: usage.output_tokens,
      },
      modelVersion: message.model || access.model,
    };
  }

  return {
    name: 'anthropic',
    model: access.model,
    simulated: isSimulated(access.model),
    batches: anthropicBatches(client, access, {
      request: (prompt) => request(prompt, optional.current()),
      read,
      learn: (error) => optional.learn(error, optional.current()),
    }),
    complete: (prompt, signal) =>
      callOnce(access, optional, signal, async (either, parts) => {
        const sent = client.messages.create(request(prompt, parts), { signal: either });
        const { data, response, request_id } = await sent.withResponse();
        return reached(read(data), request_id ?? data.id, response.headers);
      }),
  };
}
