import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { buildPrompt } from '../../../src/llm/prompt.ts';
import { openProvider } from '../../../src/llm/providers/open.ts';
import { item, shop } from '../shop.ts';
import { reply, serve } from './server.ts';

const config = (flags: object = {}) => loadConfig(flags, {}, '/nonexistent');
const openaiKey = { OPENAI_API_KEY: 'sk-openai' };
const anthropicKey = { ANTHROPIC_API_KEY: 'sk-ant' };

test.each([
  ['nothing is set', {}, {}, null],
  ['none is asked for', { llmProvider: 'none' }, openaiKey, null],
  ['an empty key', {}, { OPENAI_API_KEY: ' ' }, null],
  ['OPENAI_API_KEY', {}, openaiKey, 'openai gpt-6-luna'],
  ['ANTHROPIC_API_KEY', {}, anthropicKey, 'anthropic claude-haiku-5-5'],
  ['both keys', {}, { ...anthropicKey, ...openaiKey }, 'openai gpt-6-luna'],
  [
    'both keys, anthropic asked for',
    { llmProvider: 'anthropic' },
    { ...anthropicKey, ...openaiKey },
    'anthropic claude-haiku-5-5',
  ],
  ['a model', { llmModel: 'other' }, openaiKey, 'openai other'],
  [
    'a server of one’s own',
    { llmBaseUrl: 'http://localhost:1/v1', llmModel: 'qwen' },
    anthropicKey,
    'openai qwen',
  ],
  ['OPENAI_BASE_URL', { llmModel: 'qwen' }, { OPENAI_BASE_URL: 'http://localhost:1/v1' }, 'openai qwen'],
  [
    'the simulator',
    { llmBaseUrl: 'http://localhost:1/v1', llmModel: 'simulated-llm' },
    {},
    'openai simulated-llm SIMULATED',
  ],
])('with %s', async (_, flags, environment, expected) => {
  const provider = await openProvider(config(flags), environment);
  expect(
    provider && [provider.name, provider.model, ...(provider.simulated ? ['SIMULATED'] : [])].join(' '),
  ).toBe(expected);
});

test.each([
  ['openai without a key', { llmProvider: 'openai' }, anthropicKey, /no key/],
  ['anthropic without a key', { llmProvider: 'anthropic' }, openaiKey, /no key/],
  ['a server without a model', { llmBaseUrl: 'http://localhost:1/v1' }, {}, /llmModel/],
])('%s is misuse', async (_, flags, environment, message) => {
  await expect(openProvider(config(flags), environment)).rejects.toMatchObject({
    message: expect.stringMatching(message),
    exitCode: 2,
    hint: expect.any(String),
  });
});

test('a key that cannot be one is refused without being shown', async () => {
  const error = await openProvider(config(), { OPENAI_API_KEY: 'sk-secret\nX: y' }).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error?.message).toContain('OPENAI_API_KEY');
  expect(`${error?.message}${error?.stack}`).not.toContain('secret');
});

test('the key and the address of the given environment are used, and no others', async () => {
  const server = await serve((_, response) => reply(response, 401, {}));
  const prompt = buildPrompt([item('a', 3)], shop);
  const signal = new AbortController().signal;
  const openai = await openProvider(config(), { ...openaiKey, OPENAI_BASE_URL: `${server.url}/v1` });
  await expect(openai?.complete(prompt, signal)).rejects.toMatchObject({ kind: 'unauthorised' });
  const anthropic = await openProvider(config(), { ...anthropicKey, ANTHROPIC_BASE_URL: server.url });
  await expect(anthropic?.complete(prompt, signal)).rejects.toMatchObject({ kind: 'unauthorised' });
  const keyless = await openProvider(config({ llmModel: 'qwen' }), { OPENAI_BASE_URL: `${server.url}/v1` });
  await expect(keyless?.complete(prompt, signal)).rejects.toMatchObject({ kind: 'unauthorised' });
  const sent = server.seen.map(({ headers }) => JSON.stringify(headers));
  expect(sent[0]).toContain('sk-openai');
  expect(sent[1]).toContain('sk-ant');
  expect(sent[2]).not.toContain('sk-');
});
