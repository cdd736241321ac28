import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { buildPrompt } from '../../src/llm/prompt.ts';
import { countMessages, countTokens } from '../../src/llm/tokens.ts';
import { regularTree } from '../llm/shop.ts';
import { clients, idsOf, message, prompt, right, schemaOf } from './support.ts';

const textOf = (answer: Anthropic.Message) =>
  answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');

test('JSON by schema, within its enum, with Anthropic’s shape of usage', async () => {
  const { anthropic, simulator } = await clients();
  const schema = schemaOf([6, 4, 10, 0]);
  const answer = await anthropic.messages.create({
    ...message,
    output_config: { format: { type: 'json_schema', schema } },
  });
  expect(answer).toMatchObject({
    type: 'message',
    role: 'assistant',
    model: 'simulated-llm',
    stop_reason: 'end_turn',
  });
  expect(idsOf(JSON.parse(textOf(answer)))).toEqual(right);
  expect(answer.usage).toMatchObject({
    input_tokens: countMessages(prompt) + countTokens(JSON.stringify(schema)),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: countTokens(textOf(answer)),
    service_tier: 'standard',
  });
  expect(answer._request_id).toBe(answer.id);
  expect(simulator.calls()).toEqual([
    expect.objectContaining({ requestId: answer.id, protocol: 'anthropic', outcome: 'answered', names: 3 }),
  ]);
});

test('a tool that must be used is', async () => {
  const { anthropic } = await clients();
  const tools = [{ name: 'classify', input_schema: schemaOf() }];
  for (const tool_choice of [{ type: 'tool' as const, name: 'classify' }, { type: 'any' as const }]) {
    const answer = await anthropic.messages.create({ ...message, tools, tool_choice });
    expect(answer.stop_reason).toBe('tool_use');
    const [block] = answer.content;
    if (block?.type !== 'tool_use') throw new Error('no use of a tool');
    expect(block.name).toBe('classify');
    expect(idsOf(block.input)).toEqual(right);
    expect(answer.usage.output_tokens).toBe(countTokens(JSON.stringify(block.input)));
  }
  const free = await anthropic.messages.create({ ...message, tools });
  expect(free.stop_reason).toBe('end_turn');
  expect(textOf(free)).toContain('```json');
});

test('an answer longer than max_tokens ends there', async () => {
  const { anthropic } = await clients();
  const answer = await anthropic.messages.create({ ...message, max_tokens: 10 });
  expect(answer).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 10 } });
  const tool = await anthropic.messages.create({
    ...message,
    max_tokens: 10,
    tools: [{ name: 'classify', input_schema: schemaOf() }],
    tool_choice: { type: 'any' },
  });
  expect(tool).toMatchObject({ stop_reason: 'max_tokens', content: [{ type: 'tool_use', input: {} }] });
});

test('only what cache_control marks is written to the cache and read from it, from 1,024 tokens on', async () => {
  const { anthropic, simulator } = await clients();
  const tree = buildPrompt([{ name: 'a', shortlist: [] }], regularTree(10)).system;
  const ephemeral = { type: 'ephemeral' as const };
  const usage = async (text: string, marked: boolean, user: string) => {
    const system = [{ type: 'text' as const, text, ...(marked && { cache_control: ephemeral }) }];
    const sent = { ...message, system, messages: [{ role: 'user' as const, content: user }] };
    const answer = await anthropic.messages.create(sent);
    const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = answer.usage;
    return [input_tokens, cache_creation_input_tokens, cache_read_input_tokens];
  };
  const whole = countTokens(tree) + 4;
  const rest = countTokens('x') + 4 + 3;
  expect(await usage(tree, false, 'x')).toEqual([whole + rest, 0, 0]);
  expect(await usage(tree, true, 'x')).toEqual([rest, whole, 0]);
  expect(await usage(tree, true, 'x')).toEqual([rest, 0, whole]);
  expect(await usage(tree, false, 'x')).toEqual([whole + rest, 0, 0]);
  expect(await usage(`${tree} `, true, 'x')).toEqual([rest, countTokens(`${tree} `) + 4, 0]);
  const short = tree.slice(0, 1000);
  expect((await usage(short, true, 'x'))[1]).toBe(0);
  expect((await usage(short, true, 'x'))[2]).toBe(0);

  // a second mark further on: the first part is read, what lies between is written
  const { usage: both } = await anthropic.messages.create({
    ...message,
    system: [{ type: 'text', text: tree, cache_control: ephemeral }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'more to keep', cache_control: ephemeral }] },
      { role: 'user', content: 'x' },
    ],
  });
  expect(both).toMatchObject({
    input_tokens: rest,
    cache_read_input_tokens: whole,
    cache_creation_input_tokens: countTokens('more to keep') + 4,
  });
  expect(simulator.calls().at(-1)).toMatchObject({
    tokensIn: whole + rest + countTokens('more to keep') + 4,
    tokensCached: whole,
    tokensWritten: countTokens('more to keep') + 4,
  });
});

test('models and errors have Anthropic’s shape', async () => {
  const { anthropic, simulator } = await clients();
  const ids = [];
  for await (const model of anthropic.models.list()) ids.push(model.id);
  expect(ids).toEqual(['simulated-llm', 'simulated-llm-strong']);

  const failed = (sent: object) =>
    anthropic.messages.create({ ...message, ...sent }).then(
      () => undefined,
      (error: unknown) => error,
    );
  const unknown = await failed({ model: 'claude-haiku-5-5' });
  expect(unknown).toBeInstanceOf(Anthropic.NotFoundError);
  expect(unknown).toMatchObject({ type: 'not_found_error', requestID: 'msg_simulated_1' });
  expect(await failed({ max_tokens: 0 })).toMatchObject({ status: 400, type: 'invalid_request_error' });
  expect(await failed({ tool_choice: { type: 'any' } })).toMatchObject({ status: 400 });
  simulator.setFaults([{ kind: 'overloaded' }]);
  expect(await failed({})).toMatchObject({ status: 529, type: 'overloaded_error' });
  simulator.setFaults([{ kind: 'unauthorised' }]);
  expect(await failed({})).toMatchObject({ status: 401, type: 'authentication_error' });
});
