import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const similar = (name: string) => t.owner.rows('select * from similar_label(normalise($1))', name);
const lookUp = (name: string) =>
  t.owner.rows('select layer, path, similarity, matched_key, blocked_by from look_up($1)', name);
const set = (key: string, value: string) => t.owner.rows('select set_setting($1, $2)', key, value);

describe('the similar layer', () => {
  test('answers with the best match at or above the threshold', async () => {
    await t.label('Samsung Galaxy S24 Ultra 256GB', 'Phones');
    const best = await t.label('Samsung Galaxy S24 Ultra 512GB black', 'Electronics > Phones');
    await t.label('Chleb żytni', 'Food');
    const [hit, ...others] = await similar('SAMSUNG Galaxy S24 Ultra 512 GB black');
    expect(others).toEqual([]);
    expect(hit).toMatchObject({ matched_key: 'samsung galaxy s24 ultra 512gb black', category_id: best });
    expect(hit?.similarity).toBeGreaterThan(0.8);
  });

  test('says nothing below the threshold, which is a setting', async () => {
    await t.label('чайник електричний 1,7 л', 'Home');
    const name = 'чайник скляний 1,7 л';
    const s = await t.owner.value<number>('select similarity($1, $2)', 'чайник електричний 1,7 л', name);
    expect(s).toBeGreaterThan(0.3);
    expect(s).toBeLessThan(0.6);
    expect(await similar(name)).toEqual([]);
    await set('similarity_threshold', String(Math.floor(s * 100) / 100));
    expect(await similar(name)).toMatchObject([{ similarity: s }]);
    await set('similarity_threshold', String(Math.ceil(s * 100) / 100));
    expect(await similar(name)).toEqual([]);
  });

  test("between equals a person's label comes first, then the alphabet", async () => {
    await t.label('red mug a', 'A');
    await t.label('red mug b', 'B');
    expect(await similar('red mug x')).toMatchObject([{ matched_key: 'red mug a' }]);
    await t.owner.rows(`update labels set source = 'human' where name_key = 'red mug b'`);
    expect(await similar('red mug x')).toMatchObject([{ matched_key: 'red mug b' }]);
  });

  test('skips names over 500 characters', async () => {
    const long = 'чайник електричний '.repeat(30).trim();
    await t.label(long, 'Home');
    expect(long.length).toBeGreaterThan(500);
    expect(await similar(`${long} x`)).toEqual([]);
    expect(await lookUp(`${long} x`)).toEqual([]);
    const short = long.slice(0, 400);
    await t.label(short, 'Home');
    expect(await similar(`${short}x`)).toHaveLength(1);
  });

  test('can be switched off, for look_up too; exact stays', async () => {
    await t.label('red kettle 1.7 l', 'Home');
    expect(await lookUp('red kettle 1,7 l')).toHaveLength(1);
    await set('similar_layer', 'false');
    expect(await similar('red kettle 1,7 l')).toEqual([]);
    expect(await lookUp('red kettle 1,7 l')).toEqual([]);
    expect(await lookUp('RED kettle 1.7 l')).toMatchObject([{ layer: 'exact' }]);
    await t.insert('red kettle 1,7 l');
    await t.owner.rows(`select claim('w', 1)`);
    expect(
      await t.owner.rows(`select name_key from settle_from_memory('w', array['red kettle 1,7 l'])`),
    ).toHaveLength(1);
  });

  test('asks the index, in the first call of a session and in the tenth', async () => {
    await t.label('red kettle 1.7 l', 'Home');
    const scans = () =>
      t.owner.row<{ seq: number; idx: number }>(
        `select seq_scan as seq, idx_scan as idx from pg_stat_xact_user_tables
           where relname = 'labels' and schemaname = 'taxon'`,
      );
    await t.owner.rows('begin');
    const before = await scans();
    for (let call = 0; call < 10; call++) await similar(`red kettle 1.7 l ${call}`);
    const after = await scans();
    await t.owner.rows('commit');
    expect(after).toEqual({ seq: before.seq, idx: before.idx + 10 });
  });
});

describe('look_up', () => {
  test('writes nothing, and says exact before similar', async () => {
    await t.label('red kettle 1.7 l', 'Home > Kettles');
    await t.label('red kettle 1.5 l', 'Home > Kettles');
    await t.owner.rows('begin read only');
    expect(await lookUp('Red KETTLE 1.7 l')).toMatchObject([
      {
        layer: 'exact',
        path: 'Home > Kettles',
        similarity: 1,
        matched_key: 'red kettle 1.7 l',
        blocked_by: null,
      },
      { layer: 'similar', matched_key: 'red kettle 1.5 l', blocked_by: null },
    ]);
    await t.owner.rows('commit');
    expect(await lookUp('something else entirely')).toEqual([]);
    expect(await lookUp('')).toEqual([]);
    expect(await t.queued()).toEqual([]);
  });

  test("leaves the caller's own pg_trgm threshold alone, in a fresh session and where it was set", async () => {
    await t.label('red kettle 1.7 l', 'Home');
    const session = await t.connect(undefined, 'taxon, taxon_internal, extensions');
    expect(await session.rows(`select layer from look_up('red kettle 1,7 l')`)).toEqual([
      { layer: 'similar' },
    ]);
    expect(await session.value('show pg_trgm.similarity_threshold')).toBe('0.3');
    await session.rows('set pg_trgm.similarity_threshold = 0.45');
    await session.rows(`select * from look_up('red kettle 1,7 l')`);
    expect(await session.value('show pg_trgm.similarity_threshold')).toBe('0.45');
    await session.rows('begin');
    await session.rows('set local pg_trgm.similarity_threshold = 0.9');
    // the layer does not follow the caller's either
    expect(await session.rows(`select layer from look_up('red kettle 1,5 litre')`)).toEqual([]);
    expect(await session.rows(`select layer from look_up('red kettle 1,7 l')`)).toEqual([
      { layer: 'similar' },
    ]);
    expect(await session.value('show pg_trgm.similarity_threshold')).toBe('0.9');
    await session.rows('commit');
    expect(await session.value('show pg_trgm.similarity_threshold')).toBe('0.45');
  });
});
