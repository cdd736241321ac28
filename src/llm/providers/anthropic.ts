import Anthropic from '@anthropic-ai/sdk';
import { smallestPrefix } from '../cacheable.ts';
import { type Prompt, type Provider, ProviderError, type Reply } from '../types.ts';
import { anthropicBatches } from './anthropic-batches.ts';
import { Forms, type Parts } from './forms.ts';
import { type Access, callOnce, isSimulated, noteThought, reached } from './requests.ts';
import { anthropicUsage } from './usage.ts';

/** The answer: what the tool was called with, else all text. */
function textOf(message: Anthropic.Message): string {
  const called = message.content.find((block) => block.type === 'tool_use');
  if (called) return JSON.stringify(called.input);
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

/**
 * Whether a system prompt is marked for the prompt cache: where it may be long enough for this model to keep. No text has more
 * tokens than half its bytes, and a mark too many costs nothing; writing into the cache costs a quarter more, reading from
 * it a tenth.
 */
function mayBeCached(model: string, system: string): boolean {
  return Buffer.byteLength(system) / 2 >= (smallestPrefix(model) ?? largestPrefix);
}

/** For a model of another maker, of which nothing is known. */
const largestPrefix = 4096;

function formsOf() {
  return new Forms(
    {
      temperature: [['0', /temperature|sampling/i]],
      thinking: [['disabled', /thinking/i]],
      // models that always think, think less so
      effort: [['low', /effort/i]],
      output_config: [
        ['format', /output_config|output_format|structured output|json_schema|grammar|schema/i],
        ['tool', /tool/i],
      ],
    },
    { form: 'output_config', switches: ['effort'] },
  );
}

type Part = typeof formsOf extends () => Forms<infer P> ? P : never;

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
  const forms = formsOf();
  const room = (parts: Parts<Part>): number => forms.room(parts, parts.thinking === undefined);

  function request(prompt: Prompt, parts: Parts<Part>): Anthropic.MessageCreateParamsNonStreaming {
    const format = { format: { type: 'json_schema', schema: prompt.jsonSchema } } as const;
    const effort = parts.effort ? ({ effort: 'low' } as const) : {};
    const config = { ...(parts.output_config === 'format' && format), ...effort };
    return {
      model: access.model,
      max_tokens: prompt.maxTokensOut + room(parts),
      system: mayBeCached(access.model, prompt.system)
        ? [{ type: 'text', text: prompt.system, cache_control: { type: 'ephemeral' } }]
        : prompt.system,
      messages: [{ role: 'user', content: prompt.user }],
      ...(parts.thinking && { thinking: { type: 'disabled' } }),
      ...(parts.temperature && { temperature: 0 }),
      ...(Object.keys(config).length > 0 && { output_config: config }),
      ...(parts.output_config === 'tool' && {
        tools: [{ name: 'answers', input_schema: { ...prompt.jsonSchema, type: 'object' } }],
        tool_choice: { type: 'tool', name: 'answers' },
      }),
    };
  }

  function read(message: Anthropic.Message): Reply {
    if (!Array.isArray(message?.content) || !message.usage)
      throw new ProviderError('unavailable', 'the server answered with something that is no message');
    return {
      text: textOf(message),
      usage: anthropicUsage(message.usage),
      modelVersion: message.model || access.model,
      ...(message.stop_reason === 'max_tokens' && { cut: true }),
      ...(message.content.some(({ type }) => /thinking/.test(type)) && { thought: true }),
    };
  }

  return {
    name: 'anthropic',
    model: access.model,
    simulated: isSimulated(access.model),
    room: () => room(forms.current()),
    learnt: () => forms.learnt(),
    batches: anthropicBatches(client, access, {
      request: (prompt) => request(prompt, forms.current()),
      read: (message) => noteThought(read(message), forms),
      learn: (error) => forms.learn(error, forms.current()),
    }),
    complete: (prompt, signal) =>
      callOnce(access, forms, signal, async (either, parts) => {
        const sent = client.messages.create(request(prompt, parts), { signal: either });
        const { data, response, request_id } = await sent.withResponse();
        return reached(read(data), request_id ?? data.id, response.headers);
      }),
  };
}
