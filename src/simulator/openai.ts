import * as v from 'valibot';
import { fromOne, plainObject } from '../shapes.ts';
import { Refusal, readBody } from './http.ts';
import type { Part } from './prompt-cache.ts';
import type { ModelRequest, Protocol, Said } from './protocol.ts';
import type { Left } from './rate-limits.ts';
import { type Form, formOf } from './schema.ts';

const textPart = v.object({ type: v.literal('text'), text: v.string() });
const content = v.union([
  v.string(),
  v.pipe(
    v.array(textPart),
    v.transform((parts) => parts.map((part) => part.text).join('')),
  ),
]);
const most = v.nullish(fromOne);

/** The part of a chat completion request that the simulator reads. */
const requestSchema = v.object({
  model: v.string(),
  messages: v.pipe(v.array(v.object({ role: v.string(), content })), v.minLength(1)),
  stream: v.nullish(v.literal(false)),
  response_format: v.nullish(
    v.variant('type', [
      v.object({ type: v.literal('text') }),
      v.object({ type: v.literal('json_object') }),
      v.object({
        type: v.literal('json_schema'),
        json_schema: v.object({ name: v.string(), schema: plainObject, strict: v.nullish(v.boolean()) }),
      }),
    ]),
  ),
  tools: v.nullish(
    v.array(
      v.object({
        type: v.literal('function'),
        function: v.object({
          name: v.string(),
          parameters: v.optional(plainObject),
          strict: v.nullish(v.boolean()),
        }),
      }),
    ),
  ),
  tool_choice: v.nullish(
    v.union([
      v.picklist(['none', 'auto', 'required']),
      v.object({ type: v.literal('function'), function: v.object({ name: v.string() }) }),
    ]),
  ),
  max_tokens: most,
  max_completion_tokens: most,
});

type Request = v.InferOutput<typeof requestSchema>;

/** The tool that must be called; undefined where none must. @throws Refusal (400) when it is not among the tools */
function chosenTool({ tools, tool_choice }: Request): NonNullable<Request['tools']>[number] | undefined {
  if (!tool_choice || tool_choice === 'none' || tool_choice === 'auto') return undefined;
  const found =
    tool_choice === 'required'
      ? tools?.[0]
      : tools?.find((tool) => tool.function.name === tool_choice.function.name);
  if (!found) throw new Refusal(400, "invalid value for 'tool_choice': no such tool");
  return found;
}

function read(body: unknown): ModelRequest {
  const request = readBody(requestSchema, body, 'not a chat completion request: ');
  const tool = chosenTool(request);
  const format = request.response_format;
  let as: ModelRequest['as'] = 'plain';
  let form: Form | undefined;
  if (tool) {
    as = { tool: tool.function.name };
    form = formOf(tool.function.parameters ?? {}, tool.function.strict === true);
  } else if (format?.type === 'json_schema') {
    as = 'json';
    form = formOf(format.json_schema.schema, format.json_schema.strict === true);
  } else if (format?.type === 'json_object') as = 'json';

  // OpenAI puts schema and tools before the messages, and charges for them.
  const before = [
    ...(format?.type === 'json_schema' ? [format.json_schema.schema] : []),
    ...(request.tools ?? []).map((one) => one.function),
  ];
  const parts: Part[] = [
    ...before.map((value) => ({ text: JSON.stringify(value), frame: 0, breakpoint: false })),
    ...request.messages.map((message) => ({ text: message.content, frame: 4, breakpoint: false })),
  ];
  return {
    model: request.model,
    parts,
    text: request.messages.map((message) => message.content).join('\n'),
    as,
    form,
    most: request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY,
  };
}

function reply(id: string, { model, as }: ModelRequest, said: Said): object {
  const { usage } = said;
  const call = typeof as === 'object' && {
    id: `call_${id}`,
    type: 'function',
    function: { name: as.tool, arguments: said.text },
  };
  return {
    id,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: call ? null : said.text,
          refusal: null,
          ...(call && { tool_calls: [call] }),
        },
        logprobs: null,
        // A tool that had to be called ends with `stop`, too.
        finish_reason: said.truncated ? 'length' : 'stop',
      },
    ],
    ...(usage && {
      usage: {
        prompt_tokens: usage.tokensIn,
        completion_tokens: usage.tokensOut,
        total_tokens: usage.tokensIn + usage.tokensOut,
        prompt_tokens_details: { cached_tokens: usage.tokensCached, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
      },
    }),
  };
}

const errorTypes: Readonly<Record<number, readonly [type: string, code: string | null]>> = {
  400: ['invalid_request_error', null],
  401: ['invalid_request_error', 'invalid_api_key'],
  404: ['invalid_request_error', 'model_not_found'],
  429: ['requests', 'rate_limit_exceeded'],
};

/** As OpenAI writes it: 6m0s, 1.2s, 20ms. */
function duration(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes > 0 ? `${minutes}m` : ''}${(ms - minutes * 60_000) / 1000}s`;
}

function headersOf(what: string, { limit, remaining, resetMs }: Left): [string, string][] {
  return [
    [`x-ratelimit-limit-${what}`, String(limit)],
    [`x-ratelimit-remaining-${what}`, String(remaining)],
    [`x-ratelimit-reset-${what}`, duration(resetMs)],
  ];
}

/** The OpenAI protocol: POST /v1/chat/completions. */
export const openaiProtocol: Protocol = {
  name: 'openai',
  idHeader: 'x-request-id',
  read,
  count: (cache, parts) => cache.openai(parts),
  reply,
  failure({ status, message }) {
    const [type, code] = errorTypes[status] ?? (status >= 500 ? ['server_error', null] : ['simulated', null]);
    return { error: { message: `simulated: ${message}`, type, param: null, code } };
  },
  limitHeaders: ({ requests, tokens }) =>
    Object.fromEntries([
      ...(requests ? headersOf('requests', requests) : []),
      ...(tokens ? headersOf('tokens', tokens) : []),
    ]),
};
