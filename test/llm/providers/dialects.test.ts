import { describe, expect, test } from 'vitest';
import { parseAnswers } from '../../../src/llm/parse.ts';
import { buildPrompt } from '../../../src/llm/prompt.ts';
import { openaiProvider } from '../../../src/llm/providers/openai.ts';
import type { ProviderError } from '../../../src/llm/types.ts';
import { item, shop } from '../shop.ts';
import { reply, type Seen, serve } from './server.ts';

const prompt = buildPrompt([item('Чайник', 6, 9), item('iPhone', 3)], shop);
const idle = new AbortController().signal;
const answer = '{"answers":[{"item":1,"id":6,"confidence":0.9},{"item":2,"id":3,"confidence":0.8}]}';
const draft = '{"answers":[{"item":1,"id":9,"confidence":0.2},{"item":2,"id":3,"confidence":0.8}]}';

type Message = Record<string, unknown>;
const completion = (message: Message, more: object = {}, usage: object = {}) => ({
  id: 'c',
  object: 'chat.completion',
  model: 'tiny',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...more }],
  usage: { prompt_tokens: 100, completion_tokens: 40, total_tokens: 140, ...usage },
});

/** A provider, and what it sent, at a server that answers as `say` does: a status with a body, or a completion. */
async function at(
  say: (seen: Seen, before: number) => readonly [number, unknown] | undefined,
  model = 'tiny',
) {
  const server = await serve((seen, response, before) => {
    const [status, body] = say(seen, before) ?? [200, completion({ content: answer })];
    reply(response, status, body);
  });
  const provider = openaiProvider({
    key: 'sk-test-0123456789',
    baseUrl: `${server.url}/v1`,
    model,
    timeoutMs: 5000,
  });
  return { provider, seen: server.seen, bodies: () => server.seen.map(({ body }) => body) };
}
const failure = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (thrown: unknown) => thrown as ProviderError,
  );
/** How the answer's form was asked for. */
function form({ response_format: format, tools }: Record<string, unknown>): string {
  if (tools) return 'tool';
  const { type, json_schema } = (format ?? {}) as { type?: string; json_schema?: { strict?: boolean } };
  return json_schema?.strict ? 'strict' : (type ?? 'text');
}

describe('where the answer stands', () => {
  const called = { type: 'function', function: { name: 'answers', arguments: JSON.parse(answer) } };
  test.each<[string, Message]>([
    ['behind <think> in the text', { content: `<think>${draft}</think>${answer}` }],
    [
      'in a list of parts, behind thinking',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: draft }] },
          { type: 'text', text: answer },
        ],
      },
    ],
    [
      'in a list of parts, behind reasoning',
      {
        content: [
          { type: 'reasoning', text: draft },
          { type: 'output_text', text: answer },
        ],
      },
    ],
    ['in pieces', { content: [answer.slice(0, 20), { type: 'text', text: answer.slice(20) }] }],
    ['beside reasoning_content', { content: answer, reasoning_content: draft }],
    ['beside reasoning', { content: answer, reasoning: draft }],
    [
      'in reasoning_content, where a grammar held back all else',
      { content: null, reasoning_content: answer },
    ],
    ['in a tool call with its arguments parsed', { content: null, tool_calls: [called] }],
  ])('%s', async (_, message) => {
    const { provider } = await at(() => [200, completion(message)]);
    const { text } = await provider.complete(prompt, idle);
    expect(parseAnswers(text, prompt).answers.get(1)?.categoryId).toBe(6);
  });

  test('not in reasoning alone: that is a draft', async () => {
    const { provider } = await at(() => [200, completion({ content: '', reasoning: `Perhaps ${draft}?` })]);
    expect((await provider.complete(prompt, idle)).text).toBe('');
  });
});

describe('a schema or grammar that is refused', () => {
  const error = (message: string, more: object = {}) => ({ error: { message, ...more } });
  /** Who, how it says no, and to which forms. */
  const servers: [string, number, unknown, RegExp, string][] = [
    [
      'OpenAI, an old model',
      400,
      error("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'OpenAI, strictness',
      400,
      error(
        "Invalid schema for response_format 'answers': In context=(), 'additionalProperties' is required",
      ),
      /strict/,
      'json_schema',
    ],
    [
      'DeepSeek',
      400,
      error('This response_format type is unavailable now', { type: 'invalid_request_error' }),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'DeepSeek, before',
      422,
      error(
        'Failed to deserialize the JSON body into the target type: response_format: response_format.type `json_schema` is unavailable now at line 1 column 12440',
      ),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'LM Studio, whose error is a word',
      400,
      { error: "'response_format.type' must be 'json_schema' or 'text'" },
      /strict|json_schema|json_object/,
      'tool',
    ],
    [
      'llama.cpp',
      400,
      error('Failed to initialize samplers: failed to parse grammar', { code: 400 }),
      /strict|json_schema|json_object/,
      'tool',
    ],
    [
      'llama.cpp, before',
      500,
      error('failed to parse grammar', { code: 500 }),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'vLLM',
      400,
      {
        object: 'error',
        message: 'The provided JSON schema contains features not supported by xgrammar.',
        type: 'BadRequestError',
        code: 400,
      },
      /strict|json_schema/,
      'json_object',
    ],
    [
      'vLLM, another backend',
      400,
      error('Grammar error: Unknown format: uri'),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'SGLang',
      400,
      { object: 'error', message: 'Failed to compile json grammar: unsupported keyword', code: 400 },
      /strict|json_schema/,
      'json_object',
    ],
    [
      'Groq',
      400,
      error('This model does not support response format `json_schema`. See supported models'),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'Groq, a broken answer',
      400,
      error('Failed to generate JSON. Please adjust your prompt.', { code: 'json_validate_failed' }),
      /strict|json_schema|json_object/,
      'tool',
    ],
    [
      'Gemini, a list',
      400,
      [
        error(
          'Invalid JSON payload received. Unknown name "additionalProperties" at \'generation_config.response_schema\': Cannot find field.',
          { status: 'INVALID_ARGUMENT' },
        ),
      ],
      /strict|json_schema/,
      'json_object',
    ],
    [
      'Mistral',
      422,
      {
        object: 'error',
        message: {
          detail: [
            {
              type: 'extra_forbidden',
              loc: ['body', 'response_format', 'json_schema'],
              msg: 'Extra inputs are not permitted',
              input: { temperature: 0 },
            },
          ],
        },
      },
      /strict|json_schema/,
      'json_object',
    ],
    [
      'Fireworks',
      400,
      error('JSON Schema not supported: could not understand the instance'),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'LiteLLM',
      400,
      error(
        "litellm.UnsupportedParamsError: openai does not support parameters: ['response_format'], for model=x. To drop these, set `litellm.drop_params=True`",
      ),
      /strict|json/,
      'tool',
    ],
    [
      'OpenRouter, in the words of who stands behind it',
      400,
      error('Provider returned error', {
        code: 400,
        metadata: { raw: '{"error":"structured outputs are not enabled"}' },
      }),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'OpenRouter, whose choice is too narrow',
      404,
      error('No endpoints found that can handle the requested parameters.', { code: 404 }),
      /strict|json_schema/,
      'json_object',
    ],
    [
      'FastAPI',
      422,
      { detail: [{ loc: ['body', 'response_format'], msg: 'field not allowed', type: 'value_error' }] },
      /strict|json/,
      'tool',
    ],
    [
      'a server without tools either',
      400,
      error('response_format and tools are not supported'),
      /strict|json|tool/,
      'text',
    ],
    ['one that names nothing', 400, error('Bad Request'), /strict|json_schema/, 'json_object'],
    ['one that says nothing', 400, undefined, /strict/, 'json_schema'],
  ];
  test.each(servers)('%s', async (_, status, body, refused, taken) => {
    const { provider, bodies } = await at(({ body: sent }) =>
      refused.test(form(sent)) ? [status, body] : undefined,
    );
    // what names nothing is first taken for the prompt's fault
    const give = () => provider.complete(prompt, idle).catch(() => undefined);
    for (let n = 0; n < 6; n++) if ((await give()) !== undefined) break;
    await provider.complete(prompt, idle);
    const forms = bodies().map(form);
    expect(forms.at(-1)).toBe(taken);
    // learnt: nothing is refused any more
    const before = forms.length;
    await provider.complete(prompt, idle);
    expect(bodies()).toHaveLength(before + 1);
    expect(provider.learnt()).toContain(`response_format ${taken === 'text' ? 'left out' : taken}`);
  });

  test('what comes without a name after an answer is the prompt’s own', async () => {
    const { provider, bodies } = await at((_, before) =>
      before === 0 ? undefined : [400, { error: { message: 'no' } }],
    );
    await provider.complete(prompt, idle);
    for (let n = 0; n < 5; n++)
      expect((await failure(provider.complete(prompt, idle)))?.kind).toBe('refused_request');
    expect(new Set(bodies().map(form))).toEqual(new Set(['strict']));
  });
});

describe('a parameter that is refused', () => {
  const taken = [
    'chat_template_kwargs',
    'max_completion_tokens',
    'reasoning_effort',
    'temperature',
    'thinking',
  ];
  test.each<[string, number, unknown, string]>([
    [
      'OpenAI',
      400,
      {
        error: {
          message:
            "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
          param: 'temperature',
        },
      },
      'temperature',
    ],
    [
      'Mistral',
      422,
      {
        object: 'error',
        message: {
          detail: [
            {
              type: 'extra_forbidden',
              loc: ['body', 'max_completion_tokens'],
              msg: 'Extra inputs are not permitted',
              input: 900,
            },
          ],
        },
      },
      'max_completion_tokens',
    ],
    [
      'Gemini',
      400,
      [
        {
          error: {
            code: 400,
            message:
              'Invalid JSON payload received. Unknown name "max_completion_tokens": Cannot find field.',
          },
        },
      ],
      'max_completion_tokens',
    ],
    [
      'Bedrock, which lists all that it knows',
      400,
      {
        error: {
          message:
            'Failed to deserialize: unknown field `max_completion_tokens`, expected one of `messages`, `model`, `temperature`, `response_format`, `max_tokens`',
        },
      },
      'max_completion_tokens',
    ],
  ])('%s: that one goes, and no other', async (_, status, body, refused) => {
    const { provider, bodies } = await at(({ body: sent }) => (refused in sent ? [status, body] : undefined));
    await provider.complete(prompt, idle);
    const sent = Object.keys(bodies().at(-1) ?? {});
    expect(bodies()).toHaveLength(2);
    expect(sent).not.toContain(refused);
    expect(sent).toContain('response_format');
    expect(taken.filter((part) => part in (bodies()[0] ?? {}) && !sent.includes(part))).toEqual([refused]);
  });

  test('a template without a system message: the user says it all', async () => {
    const { provider, bodies } = await at(({ body }) =>
      (body.messages as { role: string }[])[0]?.role === 'system'
        ? [400, { error: { message: 'System role not supported' } }]
        : undefined,
    );
    await provider.complete(prompt, idle);
    expect(bodies()[1]?.messages).toEqual([{ role: 'user', content: `${prompt.system}\n${prompt.user}` }]);
  });
});

describe('a request that is longer than the context', () => {
  const words: [string, number, unknown][] = [
    [
      'OpenAI',
      400,
      {
        error: {
          message:
            "This model's maximum context length is 4096 tokens. However, you requested 4203 tokens (3703 in the messages, 500 in the completion). Please reduce the length of the messages or completion.",
          code: 'context_length_exceeded',
        },
      },
    ],
    [
      'vLLM',
      400,
      {
        object: 'error',
        message:
          "'max_tokens' or 'max_completion_tokens' is too large: 900. This model's maximum context length is 2048 tokens and your request has 1500 input tokens",
        code: 400,
      },
    ],
    [
      'vLLM, the prompt alone',
      400,
      {
        error: {
          message: 'The decoder prompt (length 5000) is longer than the maximum model length of 4096.',
        },
      },
    ],
    [
      'SGLang',
      400,
      {
        object: 'error',
        message:
          "Requested token count exceeds the model's maximum context length of 2048 tokens. You requested a total of 2400 tokens: 1500 tokens from the input messages and 900 tokens for the completion.",
      },
    ],
    [
      'llama.cpp',
      400,
      {
        error: {
          code: 400,
          message: 'the request exceeds the available context size, try increasing it',
          type: 'exceed_context_size_error',
          n_ctx: 2048,
        },
      },
    ],
    [
      'llama.cpp, before',
      500,
      {
        error: {
          code: 500,
          message:
            'the request exceeds the available context size. try increasing the context size or enable context shift',
        },
      },
    ],
    [
      'LM Studio',
      400,
      {
        error:
          'The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096).',
      },
    ],
    [
      'Mistral',
      400,
      {
        object: 'error',
        message:
          'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      },
    ],
    [
      'Gemini',
      400,
      [
        {
          error: {
            code: 400,
            message:
              'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
          },
        },
      ],
    ],
    [
      'Together, TGI',
      422,
      {
        error: {
          message:
            'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 3500 `inputs` tokens and 900 `max_new_tokens`',
        },
      },
    ],
    [
      'Moonshot',
      400,
      { error: { message: 'Invalid request: Your request exceeded model token limit: 8192' } },
    ],
    [
      'the output alone, OpenAI',
      400,
      {
        error: {
          message:
            'max_tokens is too large: 9000. This model supports at most 4096 completion tokens, whereas you provided 9000.',
          param: 'max_tokens',
        },
      },
    ],
    [
      'the output alone, Groq',
      400,
      {
        error: {
          message:
            '`max_completion_tokens` must be less than or equal to `512`, the maximum value for this model',
        },
      },
    ],
    [
      'the output alone, DeepSeek',
      400,
      { error: { message: 'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]' } },
    ],
  ];
  test.each(words)('%s: the batch is too long, and the limit stays', async (_, status, body) => {
    const { provider, bodies } = await at((_seen, before) => (before === 0 ? [status, body] : undefined));
    expect(await failure(provider.complete(prompt, idle))).toMatchObject({ kind: 'too_long' });
    await provider.complete(prompt, idle);
    expect(bodies().map((sent) => sent.max_completion_tokens)).toEqual([
      prompt.maxTokensOut,
      prompt.maxTokensOut,
    ]);
    expect(provider.learnt()).toBeNull();
  });
});

describe('a model that thinks', () => {
  const empty = { content: '', reasoning: 'Okay, the user wants' };
  const thinks = (usage: object = {}) =>
    [
      200,
      completion(empty, { finish_reason: 'length' }, { completion_tokens: 180, total_tokens: 280, ...usage }),
    ] as const;
  const off = (sent: Record<string, unknown>) => sent.reasoning_effort === 'none';

  test.each<[string, (sent: Record<string, unknown>) => boolean]>([
    ['Ollama: reasoning_effort', off],
    [
      'vLLM, SGLang, llama.cpp: chat_template_kwargs',
      (sent) => (sent.chat_template_kwargs as { enable_thinking?: boolean })?.enable_thinking === false,
    ],
    ['DeepSeek: thinking', (sent) => (sent.thinking as { type?: string })?.type === 'disabled'],
  ])('is told not to, in words that the server knows: %s', async (_, told) => {
    const { provider, bodies } = await at(({ body }) => (told(body) ? undefined : thinks()));
    expect(provider.room()).toBe(0);
    const error = await failure(provider.complete(prompt, idle));
    expect(error).toMatchObject({
      kind: 'only_thought',
      again: true,
      spent: { usage: { tokensIn: 100, tokensOut: 180 } },
    });
    expect((await provider.complete(prompt, idle)).text).toBe(answer);
    expect(bodies()).toHaveLength(2);
    expect(bodies()[0]).not.toHaveProperty('reasoning_effort');
    expect(provider.learnt()).toContain('thinking off');
  });

  test('has room where it cannot be told, then more, and then nothing helps', async () => {
    const { provider, bodies } = await at(() => thinks());
    const again = [];
    for (let n = 0; n < 3; n++) again.push((await failure(provider.complete(prompt, idle)))?.again);
    expect(again).toEqual([true, true, false]);
    expect(bodies().map((sent) => Number(sent.max_completion_tokens) - prompt.maxTokensOut)).toEqual([
      0, 4000, 16_000,
    ]);
    expect(provider.room()).toBe(16_000);
  });

  test('words that a server does not know are left out, for free', async () => {
    const { provider, bodies } = await at(({ body }) => {
      if (body.chat_template_kwargs)
        return [400, { error: { message: "Unknown parameter: 'chat_template_kwargs'." } }];
      if (body.thinking)
        return [422, { detail: [{ loc: ['body', 'thinking'], msg: 'Extra inputs are not permitted' }] }];
      return off(body) ? undefined : thinks();
    });
    await failure(provider.complete(prompt, idle));
    await provider.complete(prompt, idle);
    expect(bodies()).toHaveLength(4);
    expect(bodies()[3]).toMatchObject({ reasoning_effort: 'none' });
  });

  test('with a short context the room is given up, not the batch', async () => {
    const { provider, bodies } = await at(({ body }) => {
      if (Number(body.max_completion_tokens) > 2000)
        return [400, { error: { message: "This model's maximum context length is 2048 tokens." } }];
      return off(body) ? undefined : thinks();
    });
    await failure(provider.complete(prompt, idle));
    await provider.complete(prompt, idle);
    expect(bodies().at(-1)).toMatchObject({
      max_completion_tokens: prompt.maxTokensOut,
      reasoning_effort: 'none',
    });
    expect(provider.room()).toBe(0);
  });

  test('calls side by side learn it once', async () => {
    const { provider } = await at(() => thinks());
    const errors = await Promise.all([1, 2, 3].map(() => failure(provider.complete(prompt, idle))));
    expect(errors.map((error) => error?.again)).toEqual([true, true, true]);
    expect(provider.room()).toBe(4000);
  });

  test('an answer that was cut off is read as far as it goes, and says so', async () => {
    const half = answer.slice(0, answer.indexOf(',{'));
    const { provider } = await at(() => [200, completion({ content: half }, { finish_reason: 'length' })]);
    const given = await provider.complete(prompt, idle);
    expect(given.cut).toBe(true);
    expect([...parseAnswers(given.text, prompt).answers.keys()]).toEqual([1]);
  });
});

test('a refusal inside a reply with status 200 is one', async () => {
  const { provider } = await at(() => [200, { error: { code: 429, message: 'Rate limit exceeded' } }]);
  expect(await failure(provider.complete(prompt, idle))).toMatchObject({ kind: 'rate_limited', status: 429 });
});
