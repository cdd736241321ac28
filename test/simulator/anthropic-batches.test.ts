import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { clients, idsOf, message, right, schemaOf } from './support.ts';

const params = {
  ...message,
  output_config: { format: { type: 'json_schema' as const, schema: schemaOf() } },
};
const requests = (...ids: string[]) => ids.map((custom_id) => ({ custom_id, params }));

async function resultsOf(anthropic: Anthropic, id: string) {
  const results: Anthropic.Messages.MessageBatchIndividualResponse[] = [];
  for await (const result of await anthropic.messages.batches.results(id)) results.push(result);
  return results;
}

test('a batch goes from in_progress to ended, and its results are messages', async () => {
  const { anthropic, simulator } = await clients();
  simulator.pinBatches(0.5);
  const { batches } = anthropic.messages;
  const created = await batches.create({ requests: requests('a', 'b') });
  expect(created).toMatchObject({
    type: 'message_batch',
    processing_status: 'in_progress',
    request_counts: { processing: 2, succeeded: 0 },
    results_url: null,
    ended_at: null,
  });
  await expect(resultsOf(anthropic, created.id)).rejects.toThrow(/in_progress/);
  simulator.pinBatches(1);
  expect(await batches.retrieve(created.id)).toMatchObject({
    processing_status: 'ended',
    request_counts: { processing: 0, succeeded: 2, errored: 0, canceled: 0, expired: 0 },
  });
  const results = await resultsOf(anthropic, created.id);
  expect(results.map((one) => one.custom_id)).toEqual(['b', 'a']);
  let tokens = 0;
  for (const { result } of results) {
    if (result.type !== 'succeeded') throw new Error(result.type);
    const [block] = result.message.content;
    expect(idsOf(JSON.parse(block?.type === 'text' ? block.text : ''))).toEqual(right);
    expect(result.message.usage.service_tier).toBe('batch');
    tokens += result.message.usage.input_tokens;
  }
  await expect
    .poll(() => simulator.stats())
    .toMatchObject({ calls: 2, batched: 2, answered: 2, names: 6, tokensIn: tokens });
});

test('after a cancellation what was worked on has succeeded, and the rest is canceled', async () => {
  const { anthropic, simulator } = await clients();
  simulator.pinBatches(0.5);
  const { batches } = anthropic.messages;
  const { id } = await batches.create({ requests: requests('a', 'b', 'c', 'd', 'e') });
  expect(await batches.cancel(id)).toMatchObject({ processing_status: 'canceling', results_url: null });
  simulator.pinBatches(0.6);
  expect(await batches.retrieve(id)).toMatchObject({
    processing_status: 'ended',
    request_counts: { succeeded: 2, canceled: 3 },
  });
  const results = await resultsOf(anthropic, id);
  expect(Object.fromEntries(results.map((one) => [one.custom_id, one.result.type]))).toEqual({
    a: 'succeeded',
    b: 'succeeded',
    c: 'canceled',
    d: 'canceled',
    e: 'canceled',
  });
  expect(simulator.stats().calls).toBe(2);
  await expect(batches.cancel(id)).rejects.toMatchObject({ status: 409 });
});

test('requests fail and expire one by one', async () => {
  const { anthropic, simulator } = await clients({ batchMs: 0 });
  simulator.setFaults([
    { kind: 'overloaded', from: 1, to: 1 },
    { kind: 'hang', from: 2, to: 2 },
    { kind: 'missing-items', from: 3, to: 3 },
  ]);
  const { id } = await anthropic.messages.batches.create({ requests: requests('a', 'b', 'c', 'd') });
  const results = await resultsOf(anthropic, id);
  const byId = new Map(results.map((one) => [one.custom_id, one.result]));
  expect(byId.get('a')).toMatchObject({ type: 'errored', error: { error: { type: 'overloaded_error' } } });
  expect(byId.get('b')).toEqual({ type: 'expired' });
  expect(byId.get('d')?.type).toBe('succeeded');
  const c = byId.get('c');
  const [block] = c?.type === 'succeeded' ? c.message.content : [];
  expect(idsOf(JSON.parse(block?.type === 'text' ? block.text : ''))).toEqual([right[1]]);
  expect(await anthropic.messages.batches.retrieve(id)).toMatchObject({
    request_counts: { succeeded: 2, errored: 1, expired: 1, canceled: 0 },
  });
});

test('what is no batch is refused, and batches are listed page by page', async () => {
  const { anthropic, simulator } = await clients({ batchMs: 0 });
  const { batches } = anthropic.messages;
  for (const wrong of [requests('a', 'a'), requests('a b'), requests()])
    await expect(batches.create({ requests: wrong })).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  await expect(batches.retrieve('msgbatch_none')).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  const ids = [];
  for (const name of ['a', 'b', 'c']) ids.push((await batches.create({ requests: requests(name) })).id);
  const listed = [];
  for await (const batch of batches.list({ limit: 2 })) listed.push(batch.id);
  expect(listed).toEqual(ids.toReversed());

  simulator.setFaults([{ kind: 'unavailable', on: 'batch-api', calls: 1 }]);
  await expect(batches.retrieve(ids[0] ?? '')).rejects.toMatchObject({ status: 503, type: 'api_error' });
  expect(await batches.retrieve(ids[0] ?? '')).toMatchObject({ processing_status: 'ended' });
});
