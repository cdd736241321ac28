import { expect, test } from 'vitest';
import { until } from '../support/processes.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const raise = () => t.owner.rows('select raise_floor()');

/** As if nobody's transaction were open. */
const allEnded = () =>
  t.owner.rows(`select setval('queue_safe', (extract(epoch from clock_timestamp()) * 1000)::bigint)`);

/** What is open now is looked at again so much later. */
async function raiseAfter(wait: string): Promise<void> {
  await raise();
  await t.owner.rows(`update queue_horizon set looked_at = looked_at - $1::interval`, wait);
  await raise();
}

/** A transaction that is open, with an entry that is due since an hour ago. */
async function openWriter() {
  const writer = await t.connect();
  await writer.rows('begin');
  await writer.rows(
    `insert into taxon_internal.queue (name_key, available_at) values ('late', now() - interval '1 h')`,
  );
  return writer;
}

/** Queues a name that waits since an hour ago. */
async function waiting(name: string): Promise<void> {
  await t.insertAll(name);
  await t.owner.rows(`update queue set available_at = now() - interval '1 h' where name_key = $1`, name);
}

/** Whether claims begin after an hour ago. */
const risen = () => t.owner.value<boolean>(`select queue_floor() > now() - interval '50 min'`);

test('the floor rises to what is not settled yet, and no further', async () => {
  await waiting('old');
  await allEnded();
  await raise();
  expect(await risen()).toBe(false);
  expect(await t.claim('one')).toEqual(['old']);
  await raise();
  expect(await risen()).toBe(true);
  await t.insertAll('new');
  expect(await t.claim('one')).toEqual(['new']);
});

test('it waits for transactions that may still bring what is due from before', async () => {
  await t.owner.rows('delete from queue_horizon');
  const writer = await openWriter();
  await raiseAfter('3 s');
  expect(await risen()).toBe(false);
  await writer.rows('commit');
  expect(await t.claim('one')).toEqual(['late']);
  // transactions of other databases count, too
  await until(async () => {
    await raiseAfter('3 s');
    return risen();
  }, Boolean);
});

test('but not for one that writes for over a minute: look_below_floor() finds what that one brings', async () => {
  await t.owner.rows('delete from queue_horizon');
  const writer = await openWriter();
  await raiseAfter('70 s');
  expect(await risen()).toBe(true);
  await writer.rows('commit');
  expect(await t.claim('one')).toEqual([]);
  expect(await t.owner.value('select look_below_floor()')).toBe(true);
  expect(await t.claim('one')).toEqual(['late']);
  await raise();
  expect(await t.owner.value('select look_below_floor()')).toBe(false);
});

test('it stays below what a claim has in hand that is rolled back', async () => {
  await waiting('old');
  await allEnded();
  const claiming = await t.connect();
  await claiming.rows('begin');
  expect(await claiming.rows(`select name_key from taxon_internal.claim('two', 10)`)).toEqual([
    { name_key: 'old' },
  ]);
  await raise();
  await claiming.rows('rollback');
  expect(await risen()).toBe(false);
  expect(await t.claim('one')).toEqual(['old']);
});

test('where something waits for long, half of a claim is of the newest names', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await waiting(name);
  await t.insertAll('new');
  await t.insertAll('newer');
  await t.insertAll('newest');
  const first = await t.claim('one', 4);
  expect(first).toEqual(expect.arrayContaining(['newer', 'newest']));
  expect(first).toHaveLength(4);
  expect(await t.claim('one', 10)).toHaveLength(3);
});
