import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

async function claim(worker: string, most = 100, lease = '60 s'): Promise<string[]> {
  const rows = await t.owner.rows<{ name_key: string }>(
    'select name_key from claim($1, $2, $3) order by 1',
    worker,
    most,
    lease,
  );
  return rows.map((row) => row.name_key);
}
const insertAll = (...names: string[]) =>
  t.owner.rows('insert into products (name) select unnest($1::text[])', names);
const attempts = (name: string) =>
  t.owner.value<number>('select max(attempts) from queue where name_key = $1', name);

describe('claim', () => {
  test('leases names: another worker gets none of them until the lease ends', async () => {
    await insertAll('a', 'b');
    expect(await claim('one')).toEqual(['a', 'b']);
    expect(await claim('two')).toEqual([]);
    await t.owner.rows(`update queue set available_at = now() - interval '1 s'`);
    expect(await claim('two')).toEqual(['a', 'b']);
    expect(await attempts('a')).toBe(2);
  });

  test('a lease that was asked for short is over soon', async () => {
    await insertAll('a');
    expect(await claim('one', 1, '0 s')).toEqual(['a']);
    expect(await claim('two', 1)).toEqual(['a']);
  });

  test('takes the oldest first and no more than asked for', async () => {
    await insertAll('a');
    await insertAll('b');
    await insertAll('c');
    expect(await claim('one', 2)).toEqual(['a', 'b']);
    expect(await claim('one', 2)).toEqual(['c']);
  });

  test('passes over what another transaction is just taking', async () => {
    await insertAll('a');
    await insertAll('b');
    const other = await t.connect();
    await other.rows('begin');
    expect(await other.rows(`select name_key from taxon.claim('one', 1)`)).toEqual([{ name_key: 'a' }]);
    expect(await claim('two')).toEqual(['b']);
    await other.rows('rollback');
    expect(await claim('two')).toEqual(['a']);
  });

  test('two workers at once share 2,000 names, none twice', async () => {
    await t.owner.rows(`insert into products (name) select 'name ' || i from generate_series(1, 2000) i`);
    const workers = await Promise.all(
      ['one', 'two'].map(async (worker) => {
        const session = await t.connect();
        const taken: string[] = [];
        for (;;) {
          const rows = await session.rows<{ name_key: string }>('select * from taxon.claim($1, 100)', worker);
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
    await insertAll('red kettle 1,7 l', 'b');
    await claim('one', 100, '0 s');
    await claim('two');
    const names = ['red kettle 1,7 l', 'b'];
    const before = await t.owner.rows('select * from queue order by 1');
    expect(await t.owner.rows(`select * from settle_from_memory('one', $1)`, names)).toEqual([]);
    const results = JSON.stringify([{ name_key: 'b', category_id: category, confidence: [1, 1, 1] }]);
    expect(await t.owner.row(`select * from settle_local('one', null, $1)`, results)).toEqual({
      answered: 0,
      passed_on: 0,
    });
    await t.owner.rows(`select give_back('one', $1, 'local', 'no')`, names);
    expect(await t.owner.value(`select renew('one')`)).toBe(0);
    expect(await t.owner.rows('select * from queue order by 1')).toEqual(before);
    expect(await t.owner.value(`select count(*) from products where state = 'pending'`)).toBe(2);
  });

  test('but memory answers whoever asks', async () => {
    await insertAll('a');
    await claim('one', 100, '0 s');
    await claim('two');
    await t.label('a', 'Home');
    await t.owner.rows(`select * from settle_from_memory('one', array['a'])`);
    expect(await t.owner.row('select state, source from products')).toEqual({
      state: 'done',
      source: 'exact',
    });
    expect(await t.queued()).toEqual([]);
  });
});

describe('settling', () => {
  test('twice is harmless', async () => {
    const category = await t.label('red kettle 1.7 l', 'Home');
    await insertAll('red kettle 1,7 l');
    await claim('one');
    const settle = () => t.owner.rows(`select * from settle_from_memory('one', array['red kettle 1,7 l'])`);
    await settle();
    const before = await t.owner.row('select * from products');
    expect(before).toMatchObject({
      source: 'similar',
      category_id: category,
      matched_key: 'red kettle 1.7 l',
    });
    await settle();
    expect(await t.owner.row('select * from products')).toEqual(before);
    expect(await t.owner.value('select count(*) from labels')).toBe(1); // a similar answer is no memory
  });

  test('settles every row that waits for the name, one that was deleted drops out', async () => {
    await insertAll('a', 'A ', 'b');
    await t.owner.rows(`delete from products where name = 'b'`);
    await claim('one');
    await t.label('a', 'Home');
    expect(await t.owner.rows(`select * from settle_from_memory('one', array['a', 'b'])`)).toEqual([]);
    expect(await t.owner.rows('select state from products')).toEqual([{ state: 'done' }, { state: 'done' }]);
    expect(await t.queued()).toEqual([]);
  });

  test('returns misses as text, with the embedding of that encoder where there is one', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 3)`);
    await insertAll('a', 'b');
    await claim('one');
    await t.owner.rows(`select save_embeddings($1, array['a'], array['[1,0,.5]']::halfvec[])`, encoder);
    const misses = `select name_key, embedding::text from settle_from_memory('one', array['a', 'b'], $1) order by 1`;
    expect(await t.owner.rows(misses, encoder)).toEqual([
      { name_key: 'a', embedding: '[1,0,0.5]' },
      { name_key: 'b', embedding: null },
    ]);
    expect(await t.owner.rows(misses, null)).toEqual([
      { name_key: 'a', embedding: null },
      { name_key: 'b', embedding: null },
    ]);
  });
});

describe('give_back', () => {
  test('counted: the attempt and the error stay, the name is free after the wait', async () => {
    await insertAll('a');
    await claim('one');
    await t.owner.rows(`select give_back('one', array['a'], 'local', 'broke', true, '1 h')`);
    expect(
      await t.owner.row('select attempts, worker, last_error, available_at > now() as waits from queue'),
    ).toEqual({
      attempts: 1,
      worker: null,
      last_error: 'broke',
      waits: true,
    });
    expect(await claim('two')).toEqual([]);
  });

  test('uncounted: the attempt is forgotten, however often', async () => {
    await insertAll('a');
    for (let i = 0; i < 8; i++) {
      expect(await claim('one')).toEqual(['a']);
      await t.owner.rows(`select give_back('one', array['a'], 'local', '429', false)`);
    }
    expect(await attempts('a')).toBe(0);
    expect(await t.owner.value('select count(*) from dead_letters')).toBe(0);
  });

  test('after max_attempts the name is a dead letter and its rows have failed; the others of its batch live', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '2')`);
    await insertAll('bad', 'BAD', 'good');
    for (let i = 1; i <= 2; i++) {
      expect(await claim('one')).toEqual(['bad', 'good']);
      await t.owner.rows(`select give_back('one', array['bad'], 'local', 'failure ' || $1::integer)`, i);
      await t.owner.rows(`select give_back('one', array['good'], 'local', null, false)`);
    }
    expect(await t.owner.row('select name_key, stage, attempts, error from dead_letters')).toEqual({
      name_key: 'bad',
      stage: 'local',
      attempts: 2,
      error: 'failure 2',
    });
    expect(await t.owner.rows('select name, state, failure from products order by product_id')).toEqual([
      { name: 'bad', state: 'failed', failure: 'failure 2' },
      { name: 'BAD', state: 'failed', failure: 'failure 2' },
      { name: 'good', state: 'pending', failure: null },
    ]);
    expect(await t.queued()).toEqual(['good']);
  });

  test('a dead letter comes back by retry_dead, one by name or all, and twice is harmless', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '1')`);
    await insertAll('A', 'b');
    await claim('one');
    await t.owner.rows(`select give_back('one', array['a', 'b'], 'local', 'no')`);
    expect(await t.owner.value(`select count(*) from products where state = 'failed'`)).toBe(2);
    expect(await t.owner.value(`select retry_dead(' A')`)).toBe(1);
    expect(await t.queued()).toEqual(['a']);
    expect(await t.owner.rows('select name, state, failure from products order by 1')).toEqual([
      { name: 'A', state: 'pending', failure: null },
      { name: 'b', state: 'failed', failure: 'no' },
    ]);
    expect(await t.owner.value('select retry_dead()')).toBe(1);
    expect(await t.owner.value('select retry_dead()')).toBe(0);
    expect(await claim('one')).toEqual(['a', 'b']);
  });

  test('a name that dies a second time has one dead letter, with the newest error', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '1')`);
    for (const error of ['first', 'second']) {
      await insertAll('a');
      await claim('one');
      await t.owner.rows(`select give_back('one', array['a'], 'local', $1)`, error);
    }
    expect(await t.owner.rows('select error from dead_letters')).toEqual([{ error: 'second' }]);
  });

  test('retry_dead leaves rows without a name alone', async () => {
    await t.insert('');
    expect(await t.owner.value('select retry_dead()')).toBe(0);
    expect(await t.owner.value('select state from products')).toBe('failed');
  });
});

describe('requeue', () => {
  test('decides anew: pending where memory is silent, and twice is harmless', async () => {
    await t.label('a', 'Home');
    const { product_id } = await t.insert('a');
    await t.owner.rows('delete from labels');
    for (let i = 0; i < 2; i++) {
      expect(await t.owner.value('select requeue($1)', product_id)).toBe('pending');
      expect(await t.product(product_id)).toMatchObject({
        state: 'pending',
        source: null,
        category_id: null,
        l1: null,
      });
    }
    expect(await claim('one')).toEqual(['a']);
  });

  test('where memory has a label by now the answer is there at once, its path too', async () => {
    const { product_id } = await t.insert('a');
    const category = await t.label('a', 'Home > Kitchen'); // confidence and llm_call_id are NULL, as after an import
    expect(await t.owner.value('select requeue($1)', product_id)).toBe('done');
    expect(await t.product(product_id)).toMatchObject({
      state: 'done',
      source: 'exact',
      category_id: category,
      l2: category,
    });
  });

  test('while the name is just being settled by another: the row is not forgotten', async () => {
    const category = await t.category('Home');
    const done = await t.insert('done');
    await t.owner.rows(`update products set state = 'done', category_id = $1`, category);
    await t.owner.rows('delete from queue');
    await t.insert('done'); // a later row of the same name waits
    await claim('one');
    const other = await t.connect();
    await other.rows('begin');
    const result = JSON.stringify([{ name_key: 'done', category_id: category, confidence: null }]);
    await other.rows(`select taxon.settle_local('one', null, $1)`, result);
    await t.owner.rows('select requeue($1)', done.product_id);
    await other.rows('commit');
    expect(await t.queued('local')).toEqual(['done']);
  });

  test('of a product without a name, and of none', async () => {
    const { product_id } = await t.insert('');
    expect(await t.owner.value('select requeue($1)', product_id)).toBe('failed');
    await expect(t.owner.rows('select requeue(4711)')).rejects.toThrow('there is no product 4711');
  });
});

describe('renew and leave', () => {
  test('renew extends the leases of one worker in both stages', async () => {
    await insertAll('a', 'b');
    await claim('one', 1, '5 s');
    await claim('two', 1, '5 s');
    await t.owner.rows(
      `insert into queue (stage, name_key, worker, available_at) values ('llm', 'c', 'one', now() + interval '5 s')`,
    );
    expect(await t.owner.value(`select renew('one', '1 h')`)).toBe(2);
    expect(
      await t.owner.rows(
        `select worker, available_at > now() + interval '1 min' as long from queue order by 1, name_key`,
      ),
    ).toEqual([
      { worker: 'one', long: true },
      { worker: 'one', long: true },
      { worker: 'two', long: false },
    ]);
  });

  test('leave gives everything back uncounted and removes the row of the sidecar', async () => {
    await insertAll('a');
    await t.owner.rows(`select heartbeat('one', 'h', 1, '1', null, null, false, false, null)`);
    await claim('one');
    await t.owner.rows(`select leave('one')`);
    expect(await attempts('a')).toBe(0);
    expect(await claim('two')).toEqual(['a']);
    expect(await t.owner.rows('select * from sidecars')).toEqual([]);
  });
});
