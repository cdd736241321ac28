import OpenAI, { toFile } from 'openai';
import { expect, test } from 'vitest';
import { chat, clients, idsOf, right } from './support.ts';

type Line = {
  custom_id: string;
  response: { status_code: number; body: OpenAI.ChatCompletion } | null;
  error: { code: string } | null;
};

const requestLine = (id: string, body: object = chat) =>
  JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body });

async function submit(openai: OpenAI, ...lines: string[]): Promise<OpenAI.Batch> {
  const file = await openai.files.create({
    purpose: 'batch',
    file: await toFile(Buffer.from(lines.join('\n')), 'requests.jsonl'),
  });
  expect(file).toMatchObject({ object: 'file', purpose: 'batch', filename: 'requests.jsonl' });
  expect(file.bytes).toBe(Buffer.byteLength(lines.join('\n')));
  return openai.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
}

const linesOf = async (openai: OpenAI, id: string | undefined): Promise<Line[]> =>
  (await (await openai.files.content(id ?? '')).text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

test('a batch goes from validating to completed, and its answers are those of calls', async () => {
  const { openai, simulator } = await clients();
  simulator.pinBatches(0);
  const { id, ...created } = await submit(openai, ...['a', 'b', 'c'].map((name) => requestLine(name)));
  expect(created).toMatchObject({ status: 'validating', request_counts: { total: 3, completed: 0 } });
  const seen = [];
  for (const share of [0.01, 0.5, 0.97]) {
    simulator.pinBatches(share);
    seen.push(await openai.batches.retrieve(id));
  }
  expect(seen.map(({ status, request_counts }) => [status, request_counts?.completed])).toEqual([
    ['validating', 0],
    ['in_progress', 1],
    ['finalizing', 3],
  ]);
  expect(seen[2]).toMatchObject({ output_file_id: null, completed_at: null });
  simulator.pinBatches(1);
  const done = await openai.batches.retrieve(id);
  expect(done).toMatchObject({ status: 'completed', error_file_id: null });
  expect(done.completed_at).toBeGreaterThanOrEqual(done.created_at);

  // worked on and counted, but nobody has the answers yet
  expect(simulator.stats()).toMatchObject({ calls: 3, batched: 3, open: 3, answered: 0, tokensIn: 0 });
  const lines = await linesOf(openai, done.output_file_id);
  expect(lines.map((line) => line.custom_id)).toEqual(['c', 'b', 'a']);
  let tokens = 0;
  for (const { response, error } of lines) {
    expect([response?.status_code, error]).toEqual([200, null]);
    const text = response?.body.choices[0]?.message.content ?? '';
    expect(idsOf(JSON.parse(text.replaceAll(/```(json)?/g, '')))).toEqual(right);
    tokens += response?.body.usage?.prompt_tokens ?? 0;
  }
  await expect
    .poll(() => simulator.stats())
    .toMatchObject({ batched: 3, open: 0, answered: 3, tokensIn: tokens, names: 9 });
  expect(simulator.calls().map((call) => [call.customId, call.batch, call.requestId])).toEqual(
    lines.toReversed().map((line) => [line.custom_id, id, line.response?.body.id]),
  );
});

test('after a cancellation what was worked on is in the output file, and no more is worked on', async () => {
  const { openai, simulator } = await clients();
  simulator.pinBatches(0.5);
  const names = ['a', 'b', 'c', 'd', 'e'];
  const { id } = await submit(openai, ...names.map((name) => requestLine(name)));
  expect(await openai.batches.cancel(id)).toMatchObject({ status: 'cancelling', output_file_id: null });
  expect(await openai.batches.cancel(id)).toMatchObject({ status: 'cancelling' });
  simulator.pinBatches(0.9);
  const done = await openai.batches.retrieve(id);
  expect(done).toMatchObject({ status: 'cancelled', request_counts: { total: 5, completed: 2 } });
  const lines = await linesOf(openai, done.output_file_id);
  expect(lines.map((line) => line.custom_id)).toEqual(['b', 'a']);
  const left = await linesOf(openai, done.error_file_id);
  expect(left.map((line) => [line.custom_id, line.error?.code])).toEqual([
    ['e', 'batch_cancelled'],
    ['d', 'batch_cancelled'],
    ['c', 'batch_cancelled'],
  ]);
  expect(simulator.calls()).toHaveLength(2);
  await expect(openai.batches.cancel(id)).rejects.toMatchObject({ status: 409 });
});

test('a request that fails is in the error file; one that hangs makes the batch expire', async () => {
  const { openai, simulator } = await clients({ batchMs: 0 });
  simulator.setFaults([
    { kind: 'server-error', from: 2, to: 2 },
    { kind: 'hang', from: 3, to: 3 },
    { kind: 'reset', from: 4 },
  ]);
  const { id } = await submit(
    openai,
    ...['a', 'b', 'c', 'd'].map((name) => requestLine(name)),
    requestLine('e', { ...chat, model: 'gpt-6-luna' }),
  );
  const done = await openai.batches.retrieve(id);
  expect(done).toMatchObject({ status: 'expired', request_counts: { total: 5, completed: 2, failed: 3 } });
  const good = await linesOf(openai, done.output_file_id);
  expect(good.map((line) => line.custom_id)).toEqual(['d', 'a']);
  const bad = await linesOf(openai, done.error_file_id);
  expect(bad.map((line) => [line.custom_id, line.response?.status_code, line.error?.code])).toEqual([
    ['e', 404, undefined],
    ['c', undefined, 'batch_expired'],
    ['b', 500, undefined],
  ]);
  await expect.poll(() => simulator.stats()).toMatchObject({ calls: 5, answered: 2, refused: 3 });
});

test('a file that is no list of requests fails as a whole, line by line', async () => {
  const { openai, simulator } = await clients({ batchMs: 0 });
  const wrong = JSON.stringify({ custom_id: 'b', method: 'POST', url: '/v1/embeddings', body: {} });
  const { id } = await submit(openai, requestLine('a'), '{', requestLine('a'), wrong);
  const batch = await openai.batches.retrieve(id);
  expect(batch.status).toBe('failed');
  expect(batch.errors?.data?.map(({ line, code }) => [line, code])).toEqual([
    [2, 'invalid_request'],
    [3, 'duplicate_custom_id'],
    [4, 'invalid_request'],
  ]);
  await expect(openai.batches.cancel(id)).rejects.toMatchObject({ status: 409 });
  expect(simulator.stats().calls).toBe(0);
  await expect(openai.batches.retrieve('batch_none')).rejects.toMatchObject({ status: 404 });
  await expect(openai.files.content('file-none')).rejects.toMatchObject({ status: 404 });
  const other = openai.files.create({ purpose: 'fine-tune', file: await toFile(Buffer.from('x'), 'x') });
  await expect(other).rejects.toMatchObject({ status: 400 });
});

test('batches are listed, newest first and page by page; files can be deleted', async () => {
  const { openai } = await clients({ batchMs: 0 });
  const ids = [];
  for (const name of ['a', 'b', 'c']) ids.push((await submit(openai, requestLine(name))).id);
  const listed = [];
  for await (const batch of openai.batches.list({ limit: 2 })) listed.push(batch.id);
  expect(listed).toEqual(ids.toReversed());
  const { input_file_id } = await openai.batches.retrieve(ids[0] ?? '');
  expect(await openai.files.delete(input_file_id)).toMatchObject({ deleted: true });
  await expect(openai.files.retrieve(input_file_id)).rejects.toMatchObject({ status: 404 });
});

test('a lost reply does not undo what was asked for', async () => {
  const { openai, simulator } = await clients({ batchMs: 0 });
  simulator.setFaults([{ kind: 'reset', on: 'batch-api', from: 2, to: 2 }]);
  await expect(submit(openai, requestLine('a'))).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  const { data } = await openai.batches.list();
  expect(data).toMatchObject([{ status: 'completed' }]);
  // a fetch that is cut off has not brought the answers
  simulator.setFaults([{ kind: 'cut', on: 'everything', calls: 1 }]);
  await expect(linesOf(openai, data[0]?.output_file_id)).rejects.toThrow();
  expect(simulator.stats()).toMatchObject({ open: 1, answered: 0, faults: { reset: 1, cut: 1 } });
  expect(await linesOf(openai, data[0]?.output_file_id)).toHaveLength(1);
  await expect.poll(() => simulator.stats()).toMatchObject({ open: 0, answered: 1 });
});
