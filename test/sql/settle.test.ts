import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

describe('settling', () => {
  test('twice is harmless', async () => {
    const category = await t.label('red kettle 1.7 l', 'Home');
    await t.insertAll('red kettle 1,7 l');
    await t.claim('one');
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
    await t.insertAll('a', 'A ', 'b');
    await t.owner.rows(`delete from products where name = 'b'`);
    await t.claim('one');
    await t.label('a', 'Home');
    expect(await t.owner.rows(`select * from settle_from_memory('one', array['a', 'b'])`)).toEqual([]);
    expect(await t.owner.rows('select state from products')).toEqual([{ state: 'done' }, { state: 'done' }]);
    expect(await t.queued()).toEqual([]);
  });

  test('returns misses with the embedding of that encoder where there is one, and who is the canary’s', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 3)`);
    await t.insertAll('a', 'b');
    await t.claim('one');
    await t.owner.rows(`select save_embeddings($1, array['a'], array['[1,0,.5]']::halfvec[])`, encoder);
    const misses = `select name_key, encode(embedding, 'hex') as embedding, canary from settle_from_memory('one', array['a', 'b'], $1, $2) order by 1`;
    expect(await t.owner.rows(misses, encoder, 0)).toEqual([
      // pgvector's binary form: 3 dimensions, nothing, then 1, 0 and .5 as half floats
      { name_key: 'a', embedding: '000300003c0000003800', canary: false },
      { name_key: 'b', embedding: null, canary: false },
    ]);
    expect(await t.owner.rows(misses, null, 1)).toEqual([
      { name_key: 'a', embedding: null, canary: true },
      { name_key: 'b', embedding: null, canary: true },
    ]);
  });
});
