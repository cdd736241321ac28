import { expect, test } from 'vitest';
import { parseAnswers } from '../../../src/llm/parse.ts';
import { buildPrompt } from '../../../src/llm/prompt.ts';
import { openaiProvider } from '../../../src/llm/providers/openai.ts';
import { countPrompt, countTokens } from '../../../src/llm/tokens.ts';
import { type FailureKind, ProviderError } from '../../../src/llm/types.ts';
import { item, shop } from '../shop.ts';
import { reply, serve } from './server.ts';

const prompt = buildPrompt([item('Чайник', 6, 9), item('iPhone', 3)], shop);
const key = 'sk-test-0123456789abcdef';
const idle = new AbortController().signal;

const completion = (content: unknown, usage?: object) => ({
  id: 'chatcmpl-7',
  object: 'chat.completion',
  created: 1,
  model: 'tiny-2026-01-01',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  ...(usage ? { usage } : {}),
});

function open(url: string, more: { model?: string; timeoutMs?: number } = {}) {
  return openaiProvider({ key, baseUrl: `${url}/v1`, model: 'tiny', timeoutMs: 5000, ...more });
}

async function failure(call: Promise<unknown>): Promise<ProviderError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
}

test('one call: what is sent, and what is taken from the answer', async () => {
  const usage = { prompt_tokens: 500, completion_tokens: 40, prompt_tokens_details: { cached_tokens: 128 } };
  const server = await serve((_, response) =>
    reply(response, 200, completion('{"answers":[]}', usage), { 'x-request-id': 'req-1' }),
  );
  expect(await open(server.url).complete(prompt, idle)).toEqual({
    text: '{"answers":[]}',
    usage: { tokensIn: 500, tokensCached: 128, tokensWritten: 0, tokensOut: 40 },
    modelVersion: 'tiny-2026-01-01',
    requestId: 'req-1',
  });
  expect(server.seen).toHaveLength(1);
  expect(server.seen[0]?.url).toBe('/v1/chat/completions');
  expect(server.seen[0]?.headers.authorization).toBe(`Bearer ${key}`);
  expect(server.seen[0]?.body).toEqual({
    model: 'tiny',
    messages: [
      { role: 'system', content: prompt.system },
      { role: 'user', content: prompt.user },
    ],
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'answers', strict: true, schema: prompt.jsonSchema },
    },
    temperature: 0,
    max_completion_tokens: prompt.maxTokensOut,
  });
});

test('models that reason are told not to', async () => {
  const server = await serve((_, response) => reply(response, 200, completion('{}')));
  await open(server.url, { model: 'gpt-6-luna' }).complete(prompt, idle);
  expect(server.seen[0]?.body).toMatchObject({ reasoning_effort: 'none' });
});

test('a server without usage: counted here; no content: no text', async () => {
  const server = await serve((_, response, before) =>
    reply(response, 200, completion(before === 0 ? 'four tokens of text' : null)),
  );
  const provider = open(server.url);
  const first = await provider.complete(prompt, idle);
  expect(first.usage).toEqual({
    tokensIn: countPrompt(prompt),
    tokensCached: 0,
    tokensWritten: 0,
    tokensOut: countTokens('four tokens of text'),
    doubt: 'the server counts no tokens, they were counted here',
  });
  expect(first.requestId).toBe('chatcmpl-7');
  expect((await provider.complete(prompt, idle)).text).toBe('');
});

test('what a server refuses is left out, once, and remembered', async () => {
  const refuses = (parameter: string, value: unknown) => value !== undefined && parameter;
  const server = await serve(({ body }, response) => {
    const format = body.response_format as { type: string } | undefined;
    const refused =
      refuses('response_format.json_schema is not supported', format?.type === 'json_schema' || undefined) ||
      refuses('tools are not supported', body.tools) ||
      refuses('response_format json_object is not supported', format) ||
      refuses('Unrecognized argument: reasoning_effort', body.reasoning_effort) ||
      refuses('Unsupported value: temperature must be 1', body.temperature) ||
      refuses('Unknown field max_completion_tokens', body.max_completion_tokens);
    if (refused) reply(response, 400, { error: { message: refused } });
    else reply(response, 200, completion('{"answers":[{"item":1,"id":6,"confidence":1}]}'));
  });
  const provider = open(server.url, { model: 'gpt-9-nano' });
  const { text } = await provider.complete(prompt, idle);
  expect(parseAnswers(text, prompt).answers.get(1)?.categoryId).toBe(6);
  expect(server.seen).toHaveLength(9);
  await provider.complete(prompt, idle);
  expect(server.seen).toHaveLength(10);
  expect(Object.keys(server.seen[9]?.body ?? {}).sort()).toEqual(['max_tokens', 'messages', 'model']);
  // Reasoning could not be switched off, so it gets room of its own.
  expect(server.seen[9]?.body.max_tokens).toBeGreaterThan(prompt.maxTokensOut + 1000);
});

test('calls side by side learn one thing from one refusal each, not two', async () => {
  const server = await serve(({ body }, response) => {
    if (body.response_format)
      setTimeout(() => reply(response, 400, { error: { message: 'no such response_format' } }), 50);
    else reply(response, 200, completion('{}'));
  });
  const provider = open(server.url);
  await Promise.all([1, 2, 3].map(() => provider.complete(prompt, idle)));
  await provider.complete(prompt, idle);
  // the strict schema, the plain one and a JSON object, three calls each
  expect(server.seen).toHaveLength(13);
  expect(server.seen[12]?.body).toMatchObject({ tool_choice: { function: { name: 'answers' } } });
});

test('where JSON by schema is refused, the answer is what the tool is called with', async () => {
  const answer = '{"answers":[{"item":1,"id":6,"confidence":1}]}';
  const called = { id: 'call_1', type: 'function', function: { name: 'answers', arguments: answer } };
  const server = await serve(({ body }, response) => {
    if (body.response_format)
      reply(response, 400, { error: { message: 'response_format is not supported' } });
    else {
      const message = { role: 'assistant', content: null, tool_calls: [called] };
      reply(response, 200, { ...completion(null), choices: [{ index: 0, message }] });
    }
  });
  const { text } = await open(server.url).complete(prompt, idle);
  expect(parseAnswers(text, prompt).answers.get(1)?.categoryId).toBe(6);
  expect(server.seen[3]?.body.tools).toEqual([
    { type: 'function', function: { name: 'answers', parameters: prompt.jsonSchema } },
  ]);
});

test.each([
  [429, 'insufficient_quota', 'unauthorised'],
  [429, 'rate_limit_exceeded', 'rate_limited'],
])('status %d with code %s is %s', async (status, code, kind) => {
  const server = await serve((_, response) => reply(response, status, { error: { message: 'no', code } }));
  expect(await failure(open(server.url).complete(prompt, idle))).toMatchObject({ kind, status });
});

test('a rate limit that is used up is told with the answer, and stands in for retry-after', async () => {
  const server = await serve((_, response, before) =>
    reply(response, before === 0 ? 200 : 429, completion('{}'), {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1m30.5s',
      'x-ratelimit-remaining-tokens': '1200',
      'x-ratelimit-reset-tokens': '6h0m0s',
    }),
  );
  const provider = open(server.url);
  expect(await provider.complete(prompt, idle)).toMatchObject({ restMs: 90_500 });
  expect(await failure(provider.complete(prompt, idle))).toMatchObject({ retryAfterMs: 90_500 });
});

test('a refusal of the prompt itself is not tried again', async () => {
  const server = await serve((_, response) =>
    reply(response, 400, { error: { message: 'your prompt is against the rules' } }),
  );
  const error = await failure(open(server.url).complete(prompt, idle));
  expect(error).toMatchObject({ kind: 'refused_request', status: 400 });
  expect(server.seen).toHaveLength(1);
});

const statuses: [number, FailureKind][] = [
  [400, 'refused_request'],
  [401, 'unauthorised'],
  [402, 'unauthorised'],
  [403, 'unauthorised'],
  [404, 'unauthorised'],
  [408, 'timeout'],
  [409, 'unavailable'],
  [413, 'refused_request'],
  [422, 'refused_request'],
  [429, 'rate_limited'],
  [500, 'unavailable'],
  [503, 'unavailable'],
  [529, 'unavailable'],
];

test.each(statuses)('status %d is %s, after one call', async (status, kind) => {
  const server = await serve((_, response) => reply(response, status, { error: { message: 'no' } }));
  expect(await failure(open(server.url).complete(prompt, idle))).toMatchObject({ kind, status });
  expect(server.seen).toHaveLength(1);
});

test('retry-after: milliseconds, seconds, a date, rubbish, nothing', async () => {
  const inAMinute = () => new Date(Date.now() + 60_000).toUTCString();
  const cases: [Record<string, string>, (ms: number | undefined) => void][] = [
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, (ms) => expect(ms).toBe(250)],
    [{ 'retry-after': '7' }, (ms) => expect(ms).toBe(7000)],
    [{ 'retry-after': inAMinute() }, (ms) => expect(ms).toSatisfy((x: number) => x > 50_000 && x <= 60_000)],
    [{ 'retry-after': 'soon' }, (ms) => expect(ms).toBeUndefined()],
    [{}, (ms) => expect(ms).toBeUndefined()],
  ];
  for (const [headers, check] of cases) {
    const server = await serve((_, response) => reply(response, 429, {}, headers));
    check((await failure(open(server.url).complete(prompt, idle))).retryAfterMs);
  }
});

test('no answer in time, also when the headers came and the body never does', async () => {
  const silent = await serve(() => {});
  const half = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"id":');
  });
  for (const server of [silent, half]) {
    const error = await failure(open(server.url, { timeoutMs: 300 }).complete(prompt, idle));
    expect(error).toMatchObject({ kind: 'timeout', status: undefined });
    expect(error.message).toBe('no answer within 0.3 s');
  }
});

test('the caller can cancel, before and during the call', async () => {
  const server = await serve(() => {});
  const cancelled = await failure(open(server.url).complete(prompt, AbortSignal.abort()));
  expect(cancelled).toMatchObject({ kind: 'timeout', message: 'the call was cancelled' });
  const during = await failure(open(server.url).complete(prompt, AbortSignal.timeout(100)));
  expect(during).toMatchObject({ kind: 'timeout', message: 'the call was cancelled' });
});

test('no server, a cut connection, or something that is no chat completion: unavailable, without a status', async () => {
  const cut = await serve((_, response) => response.destroy());
  const page = await serve((_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  );
  const empty = await serve((_, response) => reply(response, 200, { choices: [] }));
  for (const url of ['http://127.0.0.1:9', cut.url, page.url, empty.url])
    expect(await failure(open(url).complete(prompt, idle))).toMatchObject({
      kind: 'unavailable',
      status: undefined,
    });
});

test('no error ever shows a key, not even one that the server sends back', async () => {
  const echo = await serve((seen, response, before) =>
    reply(response, [401, 400, 500][before] ?? 200, {
      error: { message: `Incorrect key ${seen.headers.authorization} or sk-proj-other***key` },
    }),
  );
  const provider = open(echo.url);
  const withLogin = openaiProvider({
    key,
    baseUrl: 'http://me:secret@127.0.0.1:9',
    model: 'tiny',
    timeoutMs: 500,
  });
  for (const one of [provider, provider, provider, withLogin]) {
    const error = await failure(one.complete(prompt, idle));
    const everything = `${error.message}\n${error.stack}\n${JSON.stringify(error)}\n${String(error.cause)}`;
    expect(everything).not.toContain(key);
    expect(everything).not.toContain('other***key');
    expect(everything).not.toContain('secret');
  }
});
