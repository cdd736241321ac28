import Anthropic from '@anthropic-ai/sdk';
import { type Prompt, type Provider, ProviderError, type Reply } from '../types.ts';
import { type Access, callOnce, Optional } from './requests.ts';

/** Thinking that cannot be switched off is paid from the same limit as the answer. */
const thinkingRoom = 4000;

/**
 * The Anthropic messages protocol.
 *
 * Asks for JSON by schema (`output_config.format`), without thinking, at temperature 0. Models since Claude 4.7 refuse
 * any temperature, and some always think: what is refused is left out from then on.
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
    output_config: [['format', /output_config|output_format|structured output|json_schema/i]],
  });

  function request(
    prompt: Prompt,
    parts: ReturnType<typeof optional.current>,
  ): Anthropic.MessageCreateParamsNonStreaming {
    return {
      model: access.model,
      max_tokens: prompt.maxTokensOut + (parts.thinking ? 0 : thinkingRoom),
      system: prompt.system,
      messages: [{ role: 'user', content: prompt.user }],
      ...(parts.thinking && { thinking: { type: 'disabled' } }),
      ...(parts.temperature && { temperature: 0 }),
      ...(parts.output_config && {
        output_config: { format: { type: 'json_schema', schema: prompt.jsonSchema } },
      }),
    };
  }

  function read(message: Anthropic.Message): Reply {
    if (!Array.isArray(message?.content) || !message.usage)
      throw new ProviderError('unavailable', 'the server answered with something that is no message');
    const { usage } = message;
    const cached = usage.cache_read_input_tokens ?? 0;
    return {
      text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
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
    simulated: false,
    complete: (prompt, signal) =>
      callOnce(access, optional, signal, async (either, parts) => {
        const message = await client.messages.create(request(prompt, parts), { signal: either });
        const requestId = message._request_id ?? message.id;
        return requestId ? { ...read(message), requestId } : read(message);
      }),
  };
}
