import { describe, expect, test } from 'vitest';
import { at, failure, idle, prompt } from './dialect.ts';

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
