import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { until } from '../support/processes.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let one: Session;
let other: Session;

beforeEach(async () => {
  one ??= await t.connect();
  other ??= await t.connect();
});

const waitingFor = (session: Session) =>
  t.owner.value<number>(
    'select count(*) from pg_locks where not granted and pid = $1',
    // biome-ignore lint/suspicious/noExplicitAny: the server's process, which pg does not type
    (session.client as any).processID,
  );

/** Does `work` while another transaction is in its way; returns the moment until which it was. */
async function after(inTheWay: string, work: () => Promise<unknown>): Promise<string> {
  await other.rows('begin');
  await other.rows(inTheWay);
  const done = work();
  await until(
    () => waitingFor(one),
    (waits) => waits > 0,
  );
  const free = await t.owner.value<string>('select clock_timestamp()::text');
  await other.rows('rollback');
  await done;
  return free;
}

/** Whether the second that was asked for begins when the wait is over, not when the statement was sent. */
const aSecondFrom = (moment: string, column = 'available_at', table = 'queue') =>
  t.owner.value<boolean>(`select ${column} >= $1::timestamptz + interval '1 s' from ${table}`, moment);

async function inTheLlmStage(...names: string[]): Promise<void> {
  await t.insertAll(...names);
  await t.owner.rows(`update queue set stage = 'llm', available_at = clock_timestamp()`);
}

const taxonomyChanges = `select taxon_internal.lock_taxonomy('{}')`;
const entryHeld = 'select from taxon_internal.queue for update';

test('a lease of the LLM stage begins when the claim has waited', async () => {
  await inTheLlmStage('a');
  const free = await after(taxonomyChanges, () =>
    one.rows(`select taxon_internal.claim_llm('one', 10, '0 s', '1 s')`),
  );
  expect(await aSecondFrom(free)).toBe(true);
});

test('and so does a call, and the lease of its names', async () => {
  const claim = randomUUID();
  await inTheLlmStage('a');
  await t.owner.rows(`select claim_llm('one', 10, '0 s', claim_id => $1)`, claim);
  const free = await after(entryHeld, () =>
    one.rows(
      `select taxon_internal.start_call('one', 'answer', 'tree', 'p', 'm', true, 1, 9, 1, lease => '1 s', name_keys => array['a'], claim_id => $1)`,
      claim,
    ),
  );
  expect(await aSecondFrom(free)).toBe(true);
  expect(await aSecondFrom(free, 'lease_until', 'llm_calls')).toBe(true);
});

test('what is given back waits from then on', async () => {
  await t.insertAll('a');
  await t.claim('one');
  const free = await after(entryHeld, () =>
    one.rows(`select taxon_internal.give_back('one', array['a'], 'local', counts => false, wait => '1 s')`),
  );
  expect(await aSecondFrom(free)).toBe(true);
});

test('a claim in a long transaction leases from its own moment', async () => {
  await t.insertAll('a');
  await one.rows('begin');
  const free = await one.value<string>('select clock_timestamp()::text');
  await one.rows(`select taxon_internal.claim('one', 10, '1 s')`);
  await one.rows('commit');
  expect(await aSecondFrom(free)).toBe(true);
});
