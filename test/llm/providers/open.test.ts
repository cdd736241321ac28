import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig, packageRoot } from '../../../src/config.ts';
import { buildPrompt } from '../../../src/llm/prompt.ts';
import { openProvider, openProviders } from '../../../src/llm/providers/open.ts';
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

describe('a key in a file', () => {
  let folder: string;
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'taxon-keys-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is sent, without its line end', async () => {
    const server = await serve((_, response) => reply(response, 401, {}));
    const openai = await openProvider(config(), {
      OPENAI_API_KEY_FILE: file('openai', 'sk-from-file\n'),
      OPENAI_BASE_URL: `${server.url}/v1`,
    });
    const anthropic = await openProvider(config(), {
      ANTHROPIC_API_KEY_FILE: file('anthropic', 'sk-ant-from-file\n'),
      ANTHROPIC_BASE_URL: server.url,
    });
    const prompt = buildPrompt([item('a', 3)], shop);
    for (const one of [openai, anthropic])
      await expect(one?.complete(prompt, new AbortController().signal)).rejects.toMatchObject({
        kind: 'unauthorised',
      });
    expect(server.seen[0]?.headers.authorization).toBe('Bearer sk-from-file');
    expect(JSON.stringify(server.seen[1]?.headers)).toContain('sk-ant-from-file"');
  });

  test.each([
    ['that is not there', () => join(folder, 'none'), /ENOENT/],
    ['that is empty', () => file('empty', '\n'), /is empty/],
    [
      'that holds more than a key',
      () => file('two', 'sk-secret-1\nsk-secret-2\n'),
      /OPENAI_API_KEY_FILE holds/,
    ],
  ])('%s is misuse, and shows nothing of what is in it', async (_, path, message) => {
    const call = openProvider(config(), { OPENAI_API_KEY_FILE: path() });
    await expect(call).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
    await call.catch((error) =>
      expect(`${error.message}${error.hint}${error.stack}`).not.toContain('secret'),
    );
  });

  test('beside one in the environment is misuse: which of them was meant?', async () => {
    const environment = { OPENAI_API_KEY: 'sk-secret-1', OPENAI_API_KEY_FILE: file('third', 'sk-secret-2') };
    await expect(openProvider(config(), environment)).rejects.toMatchObject({
      message: 'OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set',
    });
  });
});

describe('a fallback', () => {
  const names = async (flags: object, environment: object) =>
    (await openProviders(config(flags), { ...environment })).map(({ name, model }) => `${name} ${model}`);

  test.each([
    [
      'of the other provider',
      { llmFallback: 'anthropic:big' },
      { ...openaiKey, ...anthropicKey },
      'anthropic big',
    ],
    ['of the same provider', { llmFallback: 'openai:vendor/big:free' }, openaiKey, 'openai vendor/big:free'],
    [
      'on a server of one’s own',
      { llmFallback: 'openai:qwen3:8b', llmFallbackBaseUrl: 'http://localhost:11434/v1' },
      openaiKey,
      'openai qwen3:8b',
    ],
  ])('%s comes second', async (_, flags, environment, expected) => {
    expect(await names(flags, environment)).toEqual(['openai gpt-6-luna', expected]);
  });

  test('alone is nothing: without a first choice the stage waits', async () => {
    expect(await names({ llmFallback: 'anthropic:big', llmProvider: 'none' }, anthropicKey)).toEqual([]);
    expect(await names({}, {})).toEqual([]);
  });

  test('without its key is misuse, and so is one that names no provider', async () => {
    await expect(names({ llmFallback: 'anthropic:big' }, openaiKey)).rejects.toMatchObject({
      hint: 'Set TAXON_LLM_FALLBACK_API_KEY or ANTHROPIC_API_KEY.',
    });
    expect(() => config({ llmFallback: 'big' })).toThrow('must be openai:MODEL or anthropic:MODEL');
  });

  test('elsewhere gets a key of its own, and never the first choice’s', async () => {
    const server = await serve((_, response) => reply(response, 401, {}));
    const flags = { llmFallback: 'openai:big', llmFallbackBaseUrl: `${server.url}/v1` };
    const prompt = buildPrompt([item('a', 3)], shop);
    for (const environment of [openaiKey, { ...openaiKey, TAXON_LLM_FALLBACK_API_KEY: 'sk-second' }]) {
      const [, second] = await openProviders(config(flags), environment);
      await expect(second?.complete(prompt, new AbortController().signal)).rejects.toThrow();
    }
    const sent = server.seen.map(({ headers }) => JSON.stringify(headers));
    expect(sent.join()).not.toContain('sk-openai');
    expect(sent[1]).toContain('sk-second');
  });
});

// what the page shows, one by one
test.each([
  ['OpenAI', { OPENAI_API_KEY: 'sk-a' }, 'openai', 'gpt-6-luna'],
  ['Anthropic', { ANTHROPIC_API_KEY: 'sk-b' }, 'anthropic', 'claude-haiku-5-5'],
  [
    'OpenRouter',
    {
      OPENAI_API_KEY: 'sk-or',
      TAXON_LLM_BASE_URL: 'https://openrouter.ai/api/v1',
      TAXON_LLM_MODEL: 'openai/gpt-6-luna',
    },
    'openai',
    'openai/gpt-6-luna',
  ],
  [
    'vLLM',
    { TAXON_LLM_BASE_URL: 'http://localhost:8000/v1', TAXON_LLM_MODEL: 'Qwen/Qwen3-8B' },
    'openai',
    'Qwen/Qwen3-8B',
  ],
  [
    'Ollama',
    { TAXON_LLM_BASE_URL: 'http://localhost:11434/v1', TAXON_LLM_MODEL: 'qwen3:8b' },
    'openai',
    'qwen3:8b',
  ],
])(
  'the lines of docs/guide/providers.md for %s name a provider',
  async (name, environment, provider, model) => {
    const page = readFileSync(join(packageRoot, 'docs/guide/providers.md'), 'utf8');
    for (const [variable, value] of Object.entries(environment)) {
      expect(page).toContain(
        variable.endsWith('_KEY') ? `export ${variable}=` : `export ${variable}=${value}`,
      );
    }
    expect(page).toContain(`# ${name}`);
    const [first, ...more] = await openProviders(loadConfig({}, environment, '/nonexistent'), environment);
    expect(first).toMatchObject({ name: provider, model });
    expect(more).toEqual([]);
  },
);

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
