import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const attempts = (name: string) =>
  t.owner.value<number>('select max(attempts) from queue where name_key = $1', name);

describe('claim', () => {
  test('leases names: another worker gets none of them until the lease ends', async () => {
    await t.insertAll('a', 'b');
    expect(await t.claim('one')).toEqual(['a', 'b']);
    expect(await t.claim('two')).toEqual([]);
    await t.owner.rows(`update queue set available_at = now() - interval '1 s'`);
    expect(await t.claim('two')).toEqual(['a', 'b']);
    expect(await attempts('a')).toBe(2);
  });

  test('reads what waits about once, also just after thousands of names have come and statistics do not tell yet', async () => {
    // as they are most of the time: only the LLM's names wait
    await t.owner.rows(
      `insert into queue (stage, name_key) select 'llm', 'sent ' || i from generate_series(1, 2000) i`,
    );
    await t.owner.rows('analyze queue');
    await t.owner.rows(`insert into products (name) select 'name ' || i from generate_series(1, 3000) i`);
    await t.claim('one', 100);
    await t.owner.rows('begin');
    expect(await t.claim('one', 100)).toHaveLength(100);
    const read = await t.owner.value<number>(
      `select idx_tup_fetch + seq_tup_read from pg_stat_xact_user_tables where relname = 'queue' and schemaname = 'taxon_internal'`,
    );
    await t.owner.rows('commit');
    // some passes over 5,000 entries; each of 100 names beside each of 3,000 was 616,000
    expect(read).toBeLessThan(60_000);
  });

  test('a lease that was asked for short is over soon', async () => {
    await t.insertAll('a');
    expect(await t.claim('one', 1, '0 s')).toEqual(['a']);
    expect(await t.claim('two', 1)).toEqual(['a']);
  });

  test('takes the oldest first and no more than asked for', async () => {
    await t.insertAll('a');
    await t.insertAll('b');
    await t.insertAll('c');
    expect(await t.claim('one', 2)).toEqual(['a', 'b']);
    expect(await t.claim('one', 2)).toEqual(['c']);
  });

  test('passes over what another transaction is just taking', async () => {
    await t.insertAll('a');
    await t.insertAll('b');
    expect(await t.queued()).toEqual(['a', 'b']);
    const other = await t.connect();
    await other.rows('begin');
    expect(await other.rows(`select name_key from taxon_internal.claim('one', 1)`)).toEqual([
      { name_key: 'a' },
    ]);
    expect(await t.claim('two')).toEqual(['b']);
    await other.rows('rollback');
    expect(await t.claim('two')).toEqual(['a']);
  });

  test('two workers at once share 2,000 names, none twice', async () => {
    await t.owner.rows(`insert into products (name) select 'name ' || i from generate_series(1, 2000) i`);
    const workers = await Promise.all(
      ['one', 'two'].map(async (worker) => {
        const session = await t.connect();
        const taken: string[] = [];
        for (;;) {
          const rows = await session.rows<{ name_key: string }>(
            'select * from taxon_internal.claim($1, 100)',
            worker,
          );
          if (rows.length === 0) return taken;
          taken.push(...rows.map((row) => row.name_key));
        }
      }),
    );
    expect(workers.flat()).toHaveLength(2000);
    expect(new Set(workers.flat()).size).toBe(2000);
    expect(await t.owner.value('select max(attempts) from queue')).toBe(1);
  });
});

describe('a worker that lost its lease', () => {
  test('changes nothing by settling, giving back or renewing', async () => {
    const category = await t.label('red kettle 1.7 l', 'Home');
    await t.insertAll('red kettle 1,7 l', 'b');
    await t.claim('one', 100, '0 s');
    await t.claim('two');
    const names = ['red kettle 1,7 l', 'b'];
    const before = await t.owner.rows('select * from queue order by 1');
    expect(await t.owner.rows(`select * from settle_from_memory('one', $1)`, names)).toEqual([]);
    const results = JSON.stringify([{ name_key: 'b', category_id: category, confidence: [1, 1, 1] }]);
    expect(await t.owner.row(`select * from settle_local('one', null, $1)`, results)).toEqual({
      answered: 0,
      passed_on: 0,
    });
    await t.owner.rows(`select give_back('one', $1, 'local', 'no')`, names);
    expect(await t.owner.value(`select renew_leases('one', '{}')`)).toBe(0);
    expect(await t.owner.rows('select * from queue order by 1')).toEqual(before);
    expect(await t.owner.value(`select count(*) from products where state = 'pending'`)).toBe(2);
  });

  test('but memory answers whoever asks', async () => {
    await t.insertAll('a');
    await t.claim('one', 100, '0 s');
    await t.claim('two');
    await t.label('a', 'Home');
    await t.owner.rows(`select * from settle_from_memory('one', array['a'])`);
    expect(await t.owner.row('select state, source from products')).toEqual({
      state: 'done',
      source: 'exact',
    });
    expect(await t.queued()).toEqual([]);
  });
});

describe('renew and leave', () => {
  test('renew does not wait for what is being settled', async () => {
    const claim = randomUUID();
    await t.insertAll('a', 'b');
    await t.owner.rows(`select claim('one', 10, claim_id => $1)`, claim);
    const settling = await t.connect();
    await settling.rows('begin');
    await settling.rows(`select taxon_internal.give_back('one', array['a'], 'local', counts => false)`);
    expect(await t.owner.value(`select renew_leases('one', array[$1::uuid])`, claim)).toBe(1);
    await settling.rows('commit');
  });

  test('leave gives everything back uncounted and removes the row of the sidecar', async () => {
    await t.insertAll('a');
    await t.owner.rows(`select heartbeat('one', 'h', 1, '1', null, null, false, false, null)`);
    await t.claim('one');
    await t.owner.rows(`select end_sidecar('one')`);
    expect(await attempts('a')).toBe(0);
    expect(await t.claim('two')).toEqual(['a']);
    expect(await t.owner.rows('select * from sidecars')).toEqual([]);
  });
});
