import { expect, test } from 'vitest';
import { buildPrompt } from '../../../src/llm/prompt.ts';
import { anthropicProvider } from '../../../src/llm/providers/anthropic.ts';
import { ProviderError } from '../../../src/llm/types.ts';
import { item, regularTree, shop } from '../shop.ts';
import { reply, serve } from './server.ts';

const prompt = buildPrompt([item('Чайник', 6, 9), item('iPhone', 3)], shop);
const key = 'sk-ant-test-0123456789abcdef';
const idle = new AbortController().signal;
const text = '{"answers":[{"item":1,"id":6,"confidence":0.9}]}';

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-tiny-20260101',
  content: [
    { type: 'thinking', thinking: 'hm', signature: 'x' },
    { type: 'text', text: text.slice(0, 10) },
    { type: 'text', text: text.slice(10) },
  ],
  stop_reason: 'end_turn',
  usage: {
    input_tokens: 100,
    cache_read_input_tokens: 2000,
    cache_creation_input_tokens: 30,
    output_tokens: 25,
  },
};

function open(url: string, timeoutMs = 5000) {
  return anthropicProvider({ key, baseUrl: url, model: 'claude-tiny', timeoutMs });
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (thrown: unknown) => thrown as ProviderError,
  );

test('one call: what is sent, and what is taken from the answer', async () => {
  const server = await serve((_, response) => reply(response, 200, message, { 'request-id': 'req_1' }));
  expect(await open(server.url).complete(prompt, idle)).toEqual({
    text,
    usage: { tokensIn: 2130, tokensCached: 2000, tokensWritten: 30, tokensOut: 25 },
    thought: true,
    modelVersion: 'claude-tiny-20260101',
    requestId: 'req_1',
  });
  expect(server.seen).toHaveLength(1);
  expect(server.seen[0]?.url).toBe('/v1/messages');
  expect(JSON.stringify(server.seen[0]?.headers)).toContain(key);
  expect(server.seen[0]?.body).toEqual({
    model: 'claude-tiny',
    max_tokens: prompt.maxTokensOut,
    system: prompt.system,
    messages: [{ role: 'user', content: prompt.user }],
    thinking: { type: 'disabled' },
    temperature: 0,
    output_config: { format: { type: 'json_schema', schema: prompt.jsonSchema } },
  });
});

test('what a model refuses is left out, once, and remembered', async () => {
  const server = await serve(({ body }, response) => {
    const refused = ['temperature', 'thinking', 'output_config', 'tools'].find((part) => part in body);
    if (refused)
      reply(response, 400, {
        type: 'error',
        error: { type: 'invalid_request_error', message: `${refused}: not supported by this model` },
      });
    else reply(response, 200, message);
  });
  const provider = open(server.url);
  expect((await provider.complete(prompt, idle)).text).toBe(text);
  await provider.complete(prompt, idle);
  expect(server.seen).toHaveLength(6);
  expect(server.seen[5]?.body.max_tokens).toBeGreaterThan(prompt.maxTokensOut + 1000);
});

test('where JSON by schema is refused, the answer is what the tool is called with', async () => {
  const input = { answers: [{ item: 1, id: 6, confidence: 0.9 }] };
  const server = await serve(({ body }, response) => {
    if (body.output_config)
      reply(response, 400, { error: { message: 'output_config: not supported by this model' } });
    else
      reply(response, 200, { ...message, content: [{ type: 'tool_use', id: 't', name: 'answers', input }] });
  });
  expect((await open(server.url).complete(prompt, idle)).text).toBe(JSON.stringify(input));
  expect(server.seen[1]?.body).toMatchObject({
    tools: [{ name: 'answers', input_schema: prompt.jsonSchema }],
    tool_choice: { type: 'tool', name: 'answers' },
  });
});

test('a long system prompt is marked for the prompt cache, a short one is not', async () => {
  const server = await serve((_, response) => reply(response, 200, message));
  const long = buildPrompt([item('Чайник')], regularTree(8));
  await open(server.url).complete(long, idle);
  await open(server.url).complete(prompt, idle);
  expect(server.seen.map(({ body }) => body.system)).toEqual([
    [{ type: 'text', text: long.system, cache_control: { type: 'ephemeral' } }],
    prompt.system,
  ]);
});

test('no money left is the account’s fault, not the request’s, whatever its status', async () => {
  const error = { type: 'billing_error', message: 'Your credit balance is too low' };
  const server = await serve((_, response) => reply(response, 400, { type: 'error', error }));
  expect(await failure(open(server.url).complete(prompt, idle))).toMatchObject({ kind: 'unauthorised' });
});

test('a rate limit that is used up is told with the answer', async () => {
  const reset = new Date(Date.now() + 60_000).toISOString();
  const server = await serve((_, response) =>
    reply(response, 200, message, {
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': reset,
    }),
  );
  const { restMs } = await open(server.url).complete(prompt, idle);
  expect(restMs).toSatisfy((ms: number) => ms > 50_000 && ms <= 60_000);
});

test.each([
  [400, 'refused_request'],
  [401, 'unauthorised'],
  [413, 'refused_request'],
  [429, 'rate_limited'],
  [500, 'unavailable'],
  [529, 'unavailable'],
])('status %d is %s, after one call', async (status, kind) => {
  const server = await serve((_, response) =>
    reply(response, status, { type: 'error', error: { message: `no: ${key}` } }, { 'retry-after': '3' }),
  );
  const error = await failure(open(server.url).complete(prompt, idle));
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ kind, status, retryAfterMs: 3000 });
  expect(`${error?.message}${error?.stack}${JSON.stringify(error)}`).not.toContain(key);
  expect(server.seen).toHaveLength(1);
});

test('silence is a timeout; a cut connection and something that is no message are unavailable', async () => {
  const silent = await serve(() => {});
  expect(await failure(open(silent.url, 200).complete(prompt, idle))).toMatchObject({ kind: 'timeout' });
  const cut = await serve((_, response) => response.destroy());
  const other = await serve((_, response) => reply(response, 200, { ok: true }));
  for (const { url } of [cut, other])
    expect(await failure(open(url).complete(prompt, idle))).toMatchObject({
      kind: 'unavailable',
      status: undefined,
    });
});
