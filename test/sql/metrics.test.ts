import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

interface Row {
  metric: string;
  labels: Record<string, string>;
  value: number;
}

const metrics = (most = 50_000) => t.owner.rows<Row>('select * from metrics($1)', most);
const value = (rows: readonly Row[], metric: string, labels: Record<string, string> = {}) =>
  rows.find(
    (row) => row.metric === metric && Object.entries(labels).every(([key, is]) => row.labels[key] === is),
  )?.value;

test('what waits is counted where it waits', async () => {
  await t.insertAll('one', 'two', 'three');
  await t.claim('w', 1);
  await t.owner.rows(
    `insert into queue (stage, name_key, purpose, created_at) values ('llm', 'four', 'answer', now() - interval '1 min'), ('llm', 'five', 'audit', now())`,
  );
  await t.owner.rows(
    `insert into queue (stage, name_key, available_at) values ('llm', 'secret', 'infinity')`,
  );
  await t.owner.rows(`insert into products (name) values ('six'), ('seven')`);
  const rows = await metrics();
  expect(value(rows, 'taxon_queue_names', { stage: 'local' })).toBe(3);
  expect(value(rows, 'taxon_queue_leased_names', { stage: 'local' })).toBe(1);
  expect(value(rows, 'taxon_queue_names', { stage: 'llm', purpose: 'answer' })).toBe(1);
  expect(value(rows, 'taxon_queue_names', { stage: 'llm', purpose: 'audit' })).toBe(1);
  expect(value(rows, 'taxon_queue_names', { stage: 'llm', purpose: 'teach' })).toBe(0);
  expect(value(rows, 'taxon_queue_oldest_seconds', { stage: 'llm' })).toBeGreaterThanOrEqual(60);
  expect(value(rows, 'taxon_queue_for_people_names')).toBe(1);
  expect(value(rows, 'taxon_rows_to_take_in')).toBe(2);
  expect(value(rows, 'taxon_newest_products', { layer: 'pending' })).toBe(5);
});

test('beyond the bound the statistics of the server say it', async () => {
  await t.owner.rows(`insert into products (name) select 'name ' || i from generate_series(1, 300) i`);
  await t.owner.rows('select take_in()');
  await t.owner.rows(`insert into products (name) select 'other ' || i from generate_series(1, 300) i`);
  await t.owner.rows('analyze products');
  await expect
    .poll(async () => value(await metrics(100), 'taxon_queue_names', { stage: 'local' }), { timeout: 60_000 })
    .toBeGreaterThan(250);
  const rows = await metrics(100);
  // of 600 rows that wait: what the planner expects
  expect(value(rows, 'taxon_rows_to_take_in')).toBeGreaterThan(250);
  expect(value(rows, 'taxon_newest_products', { layer: 'pending' })).toBe(20);
});

test('a call is told when it has ended, as the ledger has it', async () => {
  await t.owner.rows(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, answered, tokens_in, tokens_out, cost, lease_until, started_at, ended_at)
       values ('w', 'answer', 'tree', 'openai', 'gpt', false, 'ok', 10, 9, 900, 100, .002, now(), now() - interval '2 s', now()),
              ('w', 'answer', 'tree', 'openai', 'gpt', false, 'started', 10, null, 900, 100, .002, now(), now(), null)`,
  );
  const ids = await t.owner.value<number[]>('select array_agg(llm_call_id order by 1) from llm_calls');
  const booked = await t.owner.rows('select * from booked_calls($1)', ids);
  expect(booked).toMatchObject([
    { state: 'ok', names: 9, tokens_in: 900, tokens_out: 100, cost: 0.002, seconds: 2, simulated: false },
  ]);
});

test('an empty database has all of them, and no champion', async () => {
  const rows = await metrics();
  expect(rows.filter(({ value }) => value !== 0)).toEqual([]);
  expect(value(rows, 'taxon_champion_model_id')).toBeUndefined();
});

test('a sidecar may ask', async () => {
  const sidecar = await t.connect('taxon_sidecar');
  expect((await sidecar.rows('select from taxon_internal.metrics()')).length).toBeGreaterThan(15);
  expect(await sidecar.rows('select from taxon_internal.booked_calls(array[1])')).toEqual([]);
});
