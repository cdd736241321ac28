import { expect, test } from 'vitest';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { countMessages, countTokens } from '../../src/llm/tokens.ts';
import { regularTree } from '../llm/shop.ts';
import { chat, clients, idsOf, prompt, right, schemaOf } from './support.ts';

const format = (schema: object, strict = true) => ({
  type: 'json_schema' as const,
  json_schema: { name: 'answers', strict, schema: schema as Record<string, unknown> },
});

test('a schema with an enum of ids is kept to, and paid for', async () => {
  const { openai, simulator } = await clients();
  const schema = schemaOf([3, 9, 10]);
  const completion = await openai.chat.completions.create({ ...chat, response_format: format(schema) });
  const [choice] = completion.choices;
  expect(choice?.finish_reason).toBe('stop');
  const ids = idsOf(JSON.parse(choice?.message.content ?? ''));
  // 6 and 4 are not in the enum: the nearest that is
  expect(ids).toEqual([3, 3, 10]);
  expect(completion.usage).toMatchObject({
    prompt_tokens: countMessages(prompt) + countTokens(JSON.stringify(schema)),
    completion_tokens: countTokens(choice?.message.content ?? ''),
    prompt_tokens_details: { cached_tokens: 0 },
  });
  expect(simulator.calls()).toEqual([
    expect.objectContaining({
      requestId: completion.id,
      protocol: 'openai',
      model: 'simulated-llm',
      outcome: 'answered',
      names: 3,
      tokensIn: completion.usage?.prompt_tokens,
      tokensOut: completion.usage?.completion_tokens,
      said: expect.objectContaining({ tokensIn: completion.usage?.prompt_tokens }),
    }),
  ]);
});

test('a tool that must be called answers through its arguments; one that may be does not', async () => {
  const { openai } = await clients();
  const tools = [{ type: 'function' as const, function: { name: 'classify', parameters: schemaOf() } }];
  const choice = { type: 'function' as const, function: { name: 'classify' } };
  for (const tool_choice of [choice, 'required' as const]) {
    const { choices, usage } = await openai.chat.completions.create({ ...chat, tools, tool_choice });
    const [call] = choices[0]?.message.tool_calls ?? [];
    if (call?.type !== 'function') throw new Error('no call of a function');
    expect(call.function.name).toBe('classify');
    expect(idsOf(JSON.parse(call.function.arguments))).toEqual(right);
    expect(choices[0]?.message.content).toBeNull();
    expect(usage?.prompt_tokens).toBe(
      countMessages(prompt) + countTokens(JSON.stringify(tools[0]?.function)),
    );
  }
  const { choices } = await openai.chat.completions.create({ ...chat, tools });
  expect(choices[0]?.message.tool_calls).toBeUndefined();
  await expect(
    openai.chat.completions.create({
      ...chat,
      tools,
      tool_choice: { type: 'function', function: { name: 'other' } },
    }),
  ).rejects.toMatchObject({ status: 400 });
});

test('without a schema: bare JSON in JSON mode, fenced in plain text', async () => {
  const { openai } = await clients();
  const json = await openai.chat.completions.create({ ...chat, response_format: { type: 'json_object' } });
  expect(idsOf(JSON.parse(json.choices[0]?.message.content ?? ''))).toEqual(right);
  const plain = (await openai.chat.completions.create(chat)).choices[0]?.message.content ?? '';
  const fenced = /^```json\n(.*)\n```$/s.exec(plain)?.[1] ?? '';
  expect(idsOf(JSON.parse(fenced))).toEqual(right);
});

test('an answer longer than the limit ends there', async () => {
  const { openai } = await clients();
  const { choices, usage } = await openai.chat.completions.create({ ...chat, max_completion_tokens: 20 });
  expect(choices[0]?.finish_reason).toBe('length');
  expect(usage?.completion_tokens).toBe(20);
  expect(choices[0]?.message.content).toMatch(/^```json\n\{"answers":\[\{"item":1,"id":6/);
});

test.each([
  ['an open object', { ...schemaOf(), additionalProperties: true }, /additionalProperties must be false/],
  ['an optional part', { ...schemaOf(), required: [] }, /required lacks answers/],
  ['too long an enum', schemaOf(Array.from({ length: 1001 }, (_, i) => i)), /1001 enum values/],
  ['something else', { ...schemaOf(), properties: { answers: { type: 'string' } } }, /list of objects/],
])('a strict schema of %s is refused', async (_, schema, error) => {
  const { openai, simulator } = await clients();
  const call = openai.chat.completions.create({ ...chat, response_format: format(schema) });
  await expect(call).rejects.toMatchObject({ status: 400, message: expect.stringMatching(error) });
  expect(simulator.stats()).toMatchObject({ calls: 1, refused: 1, tokensIn: 0 });
});

test('the prompt cache works by prefix, across messages, in steps of 128 tokens, for each model by itself', async () => {
  const { openai } = await clients();
  const tree = buildPrompt([{ name: 'a', shortlist: [] }], regularTree(10)).system;
  const cached = async (model: string, system: string, user: string) => {
    const { usage } = await openai.chat.completions.create({
      model,
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: user },
      ],
    });
    return usage?.prompt_tokens_details?.cached_tokens ?? -1;
  };
  const longUser = `${tree}\n<names>\n1 "a"\n</names>`;
  expect(await cached('simulated-llm', 'Short.', longUser)).toBe(0);
  const again = await cached('simulated-llm', 'Short.', longUser.replace('"a"', '"b"'));
  expect(again).toBeGreaterThan(countTokens(tree) - 128);
  expect(again % 128).toBe(0);
  expect(await cached('simulated-llm', 'Other.', longUser)).toBe(0);
  expect(await cached('simulated-llm-strong', 'Short.', longUser)).toBe(0);
  // what is shorter than 1,024 tokens is never cached
  const short = tree.slice(0, 1000);
  expect(await cached('simulated-llm', short, 'x')).toBe(0);
  expect(await cached('simulated-llm', short, 'x')).toBe(0);
});

test('both models are listed, and any other is refused by name', async () => {
  const { openai } = await clients();
  const ids = [];
  for await (const model of openai.models.list()) ids.push(model.id);
  expect(ids).toEqual(['simulated-llm', 'simulated-llm-strong']);
  await expect(openai.chat.completions.create({ ...chat, model: 'gpt-6-luna' })).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
  });
  await expect(openai.chat.completions.create({ ...chat, stream: true })).rejects.toMatchObject({
    status: 400,
  });
});
