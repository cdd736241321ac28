import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const attempts = (name: string) =>
  t.owner.value<number>('select max(attempts) from queue where name_key = $1', name);

describe('give_back', () => {
  test('counted: the attempt and the error stay, the name is free after the wait', async () => {
    await t.insertAll('a');
    await t.claim('one');
    await t.owner.rows(`select give_back('one', array['a'], 'local', 'broke', true, '1 h')`);
    expect(
      await t.owner.row('select attempts, worker, last_error, available_at > now() as waits from queue'),
    ).toEqual({
      attempts: 1,
      worker: null,
      last_error: 'broke',
      waits: true,
    });
    expect(await t.claim('two')).toEqual([]);
  });

  test('uncounted: the attempt is forgotten, however often', async () => {
    await t.insertAll('a');
    for (let i = 0; i < 8; i++) {
      expect(await t.claim('one')).toEqual(['a']);
      await t.owner.rows(`select give_back('one', array['a'], 'local', '429', false)`);
    }
    expect(await attempts('a')).toBe(0);
    expect(await t.owner.value('select count(*) from dead_letters')).toBe(0);
  });

  test('after max_attempts the name is a dead letter and its rows have failed; the others of its batch live', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '2')`);
    await t.insertAll('bad', 'BAD', 'good');
    for (let i = 1; i <= 2; i++) {
      expect(await t.claim('one')).toEqual(['bad', 'good']);
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

  test('a dead letter comes back by decide_again(), that of one product or all, and twice is harmless', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '1')`);
    await t.insertAll('A', 'b');
    await t.claim('one');
    await t.owner.rows(`select give_back('one', array['a', 'b'], 'local', 'no')`);
    expect(await t.owner.value(`select count(*) from products where state = 'failed'`)).toBe(2);
    expect(
      await t.owner.value(
        `select products from decide_again((select product_id from products where name = 'A'), failed => true)`,
      ),
    ).toBe(1);
    expect(await t.queued()).toEqual(['a']);
    expect(await t.owner.rows('select name, state, failure from products order by 1')).toEqual([
      { name: 'A', state: 'pending', failure: null },
      { name: 'b', state: 'failed', failure: 'no' },
    ]);
    expect(await t.owner.value('select products from decide_again(failed => true)')).toBe(1);
    expect(await t.owner.value('select products from decide_again(failed => true)')).toBe(0);
    expect(await t.claim('one')).toEqual(['a', 'b']);
  });

  test('a name that dies a second time has one dead letter, with the newest error', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '1')`);
    for (const error of ['first', 'second']) {
      await t.insertAll('a');
      await t.claim('one');
      await t.owner.rows(`select give_back('one', array['a'], 'local', $1)`, error);
    }
    expect(await t.owner.rows('select error from dead_letters')).toEqual([{ error: 'second' }]);
  });

  test('decide_again() leaves failed rows without a name alone', async () => {
    await t.insert('');
    expect(await t.owner.value('select products from decide_again(failed => true)')).toBe(0);
    expect(await t.owner.value('select state from products')).toBe('failed');
  });
});

describe('decide_again, of one product,', () => {
  test('decides anew: pending where memory is silent, and twice is harmless', async () => {
    await t.label('a', 'Home');
    const { product_id } = await t.insert('a');
    await t.owner.rows('delete from labels');
    for (let i = 0; i < 2; i++) {
      expect(await t.owner.value('select not_looked_at from decide_again($1)', product_id)).toBe(1);
      expect(await t.product(product_id)).toMatchObject({
        state: 'pending',
        source: null,
        category_id: null,
        l1: null,
      });
    }
    expect(await t.claim('one')).toEqual(['a']);
  });

  test('where memory has a label by now the answer is there at once, its path too', async () => {
    const { product_id } = await t.insert('a');
    const category = await t.label('a', 'Home > Kitchen'); // confidence and llm_call_id are NULL, as after an import
    expect(await t.owner.value('select answered_otherwise from decide_again($1)', product_id)).toBe(1);
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
    await t.claim('one');
    const other = await t.connect();
    await other.rows('begin');
    const result = JSON.stringify([{ name_key: 'done', category_id: category, confidence: null }]);
    await other.rows(`select taxon_internal.settle_local('one', null, $1)`, result);
    await t.owner.rows('select decide_again($1)', done.product_id);
    await other.rows('commit');
    expect(await t.queued('local')).toEqual(['done']);
  });

  test('of a product without a name, and of none', async () => {
    const { product_id } = await t.insert('');
    expect(await t.owner.value('select products from decide_again($1)', product_id)).toBe(0);
    await expect(t.owner.rows('select decide_again(987654321)')).rejects.toThrow(
      'there is no product 987654321',
    );
  });
});
