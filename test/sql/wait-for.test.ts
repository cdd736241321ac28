import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const own =
  /could never see the answer: product \d+ was inserted, renamed or decided again by this very transaction/;

describe('wait_for', () => {
  test('of an answered product returns its row at once', async () => {
    const category = await t.label('known', 'Food');
    const { product_id } = await t.insert('known');
    expect(await t.owner.row('select state, category_id from wait_for($1)', product_id)).toEqual({
      state: 'done',
      category_id: category,
    });
  });

  test('returns when another session settles the name', async () => {
    const { product_id } = await t.insert('new');
    const other = await t.connect();
    const waiting = other.row('select state, source from taxon.wait_for($1, $2)', product_id, '20 s');
    await t.label('new', 'Food');
    await t.queued();
    await t.owner.rows(`select settle_answered('local')`);
    expect(await waiting).toEqual({ state: 'done', source: 'exact' });
  });

  test('returns a failed row too', async () => {
    const { product_id } = await t.insert('');
    expect(await t.owner.value('select state from wait_for($1)', product_id)).toBe('failed');
  });

  test.each(['0 s', '50 ms', '-1 s'])('after a timeout of %s the row as it is, pending', async (timeout) => {
    const { product_id } = await t.insert('new');
    expect(await t.owner.value('select state from wait_for($1, $2)', product_id, timeout)).toBe('pending');
  });

  test('a timeout of NULL is refused, and not for ever', async () => {
    const { product_id } = await t.insert('new');
    await expect(t.owner.rows('select wait_for($1, null)', product_id)).rejects.toThrow('timeout');
  });

  test('of an unknown product says so', async () => {
    await expect(t.owner.rows('select wait_for(987654321)')).rejects.toMatchObject({
      code: 'P0002',
      message: 'there is no product 987654321',
    });
  });
});

describe('wait_for where the answer could never be seen', () => {
  const ways: [string, string[]][] = [
    ['inside the inserting transaction', []],
    ['after a SAVEPOINT', ['savepoint a']],
    ['after a SAVEPOINT that was released', ['savepoint a', 'select 1', 'release savepoint a']],
  ];
  test.each(ways)('%s raises at once and says why', async (_what, between) => {
    await t.owner.rows('begin');
    const { product_id } = await t.insert('new');
    for (const statement of between) await t.owner.rows(statement);
    await expect(t.owner.rows('select wait_for($1)', product_id)).rejects.toThrow(own);
    await t.owner.rows('rollback');
  });

  test('inserted inside a SAVEPOINT, asked outside of it: raises', async () => {
    await t.owner.rows('begin');
    await t.owner.rows('savepoint a');
    const { product_id } = await t.insert('new');
    await t.owner.rows('release savepoint a');
    await expect(t.owner.rows('select wait_for($1)', product_id)).rejects.toThrow(own);
    await t.owner.rows('rollback');
  });

  test('two statements in one simple query are one transaction, as psql -c sends them: raises and says so', async () => {
    const query = `insert into taxon.products (name) values ('new'); select taxon.wait_for(max(product_id)) from taxon.products`;
    await expect(t.owner.client.query(query)).rejects.toMatchObject({
      hint: expect.stringContaining('psql -c'),
    });
    expect(await t.owner.value('select count(*) from products')).toBe(0);
  });

  test('after an UPDATE of the name in the same transaction: raises', async () => {
    const { product_id } = await t.insert('old');
    await t.owner.rows('begin');
    await t.owner.rows(`update products set name = 'new'`);
    await expect(t.owner.rows('select wait_for($1)', product_id)).rejects.toThrow(own);
    await t.owner.rows('rollback');
  });

  test('after decide_again() in the same transaction: raises', async () => {
    const { product_id } = await t.insert('new');
    await t.owner.rows('begin');
    await t.owner.rows('select decide_again($1)', product_id);
    await expect(t.owner.rows('select wait_for($1)', product_id)).rejects.toThrow(
      'could never see the answer',
    );
    await t.owner.rows('rollback');
  });

  test.each(['repeatable read', 'serializable'])('in %s: raises and names the level', async (level) => {
    const { product_id } = await t.insert('new');
    await t.owner.rows(`begin isolation level ${level}`);
    await expect(t.owner.rows('select wait_for($1)', product_id)).rejects.toThrow(
      `the transaction is ${level.toUpperCase()}`,
    );
    await t.owner.rows('rollback');
  });

  test('an exact answer of the same transaction is there already', async () => {
    await t.label('known', 'Food');
    await t.owner.rows('begin');
    const { product_id } = await t.insert('known');
    expect(await t.owner.value('select state from wait_for($1)', product_id)).toBe('done');
    await t.owner.rows('commit');
  });

  test('in another transaction of the same session it waits', async () => {
    const { product_id } = await t.insert('new');
    await t.owner.rows('begin');
    expect(await t.owner.value(`select state from wait_for($1, '10 ms')`, product_id)).toBe('pending');
    await t.owner.rows('commit');
  });
});
