import * as v from 'valibot';
import { fromOne, plainObject } from '../shapes.ts';
import { Refusal, readBody } from './http.ts';
import type { Part } from './prompt-cache.ts';
import type { ModelRequest, Protocol, Said } from './protocol.ts';
import type { Left } from './rate-limits.ts';
import { type Form, formOf } from './schema.ts';

const cacheControl = v.nullish(v.object({ type: v.literal('ephemeral') }));
const block = v.object({ type: v.literal('text'), text: v.string(), cache_control: cacheControl });
const content = v.union([
  v.pipe(
    v.string(),
    v.transform((text) => [{ text, cache_control: null }]),
  ),
  v.array(block),
]);

/** The part of a messages request that the simulator reads. */
const requestSchema = v.object({
  model: v.string(),
  max_tokens: fromOne,
  system: v.nullish(content),
  messages: v.pipe(
    v.array(v.object({ role: v.picklist(['user', 'assistant', 'system']), content })),
    v.minLength(1),
  ),
  stream: v.nullish(v.literal(false)),
  cache_control: cacheControl,
  output_config: v.nullish(
    v.pipe(
      plainObject,
      v.object({
        format: v.nullish(v.object({ type: v.literal('json_schema'), schema: plainObject })),
      }),
    ),
  ),
  tools: v.nullish(
    v.array(
      v.object({
        name: v.string(),
        input_schema: plainObject,
        strict: v.nullish(v.boolean()),
        cache_control: cacheControl,
      }),
    ),
  ),
  tool_choice: v.nullish(
    v.object({ type: v.picklist(['auto', 'none', 'any', 'tool']), name: v.optional(v.string()) }),
  ),
});

type Request = v.InferOutput<typeof requestSchema>;

/** The tool that must be used; undefined where none must. @throws Refusal (400) when it is not among the tools */
function chosenTool({
  tools,
  tool_choice: choice,
}: Request): NonNullable<Request['tools']>[number] | undefined {
  if (!choice || choice.type === 'auto' || choice.type === 'none') return undefined;
  const found = choice.type === 'any' ? tools?.[0] : tools?.find((tool) => tool.name === choice.name);
  if (!found) throw new Refusal(400, 'tool_choice: no such tool');
  return found;
}

/** In the order in which prompts are cached: schema and tools, system, messages. Each message has a frame of 4 tokens. */
function partsOf(request: Request): Part[] {
  const framed = (blocks: v.InferOutput<typeof content>): Part[] =>
    blocks.map((one, i) => ({ text: one.text, frame: i === 0 ? 4 : 0, breakpoint: !!one.cache_control }));
  const format = request.output_config?.format;
  const parts: Part[] = [
    ...(format ? [{ text: JSON.stringify(format.schema), frame: 0, breakpoint: false }] : []),
    ...(request.tools ?? []).map(({ cache_control, strict: _, ...tool }) => ({
      text: JSON.stringify(tool),
      frame: 0,
      breakpoint: !!cache_control,
    })),
    ...framed(request.system ?? []),
    ...request.messages.flatMap((message) => framed(message.content)),
  ];
  if (parts.filter((part) => part.breakpoint).length > 4)
    throw new Refusal(400, 'a maximum of 4 blocks with cache_control may be provided');
  // cache_control of the whole request marks its last block
  const last = parts.at(-1);
  if (request.cache_control && last) last.breakpoint = true;
  return parts;
}

function read(body: unknown): ModelRequest {
  const request = readBody(requestSchema, body);
  const tool = chosenTool(request);
  const format = request.output_config?.format;
  let as: ModelRequest['as'] = 'plain';
  let form: Form | undefined;
  if (tool) {
    as = { tool: tool.name };
    form = formOf(tool.input_schema, tool.strict === true);
  } else if (format) {
    as = 'json';
    form = formOf(format.schema, true);
  }
  const texts = [request.system ?? [], ...request.messages.map((message) => message.content)].flat();
  return {
    model: request.model,
    parts: partsOf(request),
    text: texts.map((one) => one.text).join('\n'),
    as,
    form,
    most: request.max_tokens,
  };
}

/** The arguments of a tool arrive parsed: of what is no JSON, the text is left; of what was cut off, nothing. */
function inputOf(text: string, truncated: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return truncated ? {} : { text };
  }
}

function reply(id: string, { model, as }: ModelRequest, said: Said): object {
  const { usage } = said;
  const tool = typeof as === 'object' && {
    type: 'tool_use',
    id: `toolu_${id}`,
    name: as.tool,
    input: inputOf(said.text, said.truncated),
  };
  const done = tool ? 'tool_use' : 'end_turn';
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [tool || { type: 'text', text: said.text, citations: null }],
    stop_reason: said.truncated ? 'max_tokens' : done,
    stop_sequence: null,
    ...(usage && {
      usage: {
        input_tokens: usage.tokensIn - usage.tokensCached - usage.tokensWritten,
        cache_creation_input_tokens: usage.tokensWritten,
        cache_read_input_tokens: usage.tokensCached,
        cache_creation: { ephemeral_5m_input_tokens: usage.tokensWritten, ephemeral_1h_input_tokens: 0 },
        output_tokens: usage.tokensOut,
        service_tier: said.batched ? 'batch' : 'standard',
      },
    }),
  };
}

const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function headersOf(what: string, { limit, remaining, resetMs }: Left): [string, string][] {
  return [
    [`anthropic-ratelimit-${what}-limit`, String(limit)],
    [`anthropic-ratelimit-${what}-remaining`, String(remaining)],
    [`anthropic-ratelimit-${what}-reset`, new Date(Date.now() + resetMs).toISOString()],
  ];
}

/** The Anthropic protocol: POST /v1/messages. */
export const anthropicProtocol: Protocol = {
  name: 'anthropic',
  idHeader: 'request-id',
  read,
  count: (cache, parts) => cache.anthropic(parts),
  reply,
  failure: ({ status, message }, id) => ({
    type: 'error',
    error: { type: errorTypes[status] ?? 'api_error', message: `simulated: ${message}` },
    request_id: id,
  }),
  limitHeaders: ({ requests, tokens }) =>
    Object.fromEntries([
      ...(requests ? headersOf('requests', requests) : []),
      ...(tokens ? headersOf('tokens', tokens) : []),
    ]),
};
