import { describe, expect, test } from 'vitest';
import { at, failure, idle, prompt } from './dialect.ts';

/** How the answer's form was asked for. */
function form({ response_format: format, tools }: Record<string, unknown>): string {
  if (tools) return 'tool';
  const { type, json_schema } = (format ?? {}) as { type?: string; json_schema?: { strict?: boolean } };
  return json_schema?.strict ? 'strict' : (type ?? 'text');
}

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
