import { describe, expect, test } from 'vitest';
import { parseAnswers } from '../../../src/llm/parse.ts';
import { answer, at, completion, failure, idle, prompt } from './dialect.ts';

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
