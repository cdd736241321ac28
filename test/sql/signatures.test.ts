import { beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/database/connection/open.ts';
import { signLabels } from '../../src/database/signatures.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const set = (key: string, value: string) => t.owner.rows('select set_setting($1, $2)', key, value);
const bySignatures = () => t.owner.value<boolean>('select similar_by_signatures()');
const signed = async () =>
  (
    await t.owner.rows<{ k: string }>(
      'select l.name_key as k from label_signatures s left join labels l using (name_hash) order by 1',
    )
  ).map(({ k }) => k);

async function sign(again = false): Promise<number> {
  const db = openDatabase(t.database.url, { schema: 'taxon', poolSize: 2 }, 'taxon test');
  try {
    return await signLabels(db, { background: true, again, signal: undefined });
  } finally {
    await db.close();
  }
}

async function complete(): Promise<void> {
  await sign();
  expect(await bySignatures()).toBe(true);
}

const kinds = ['kettle', 'mug', 'lamp', 'чайник', 'półka', 'chair'];
const makes = ['bosch', 'tefal', 'ardesto'];
const colours = ['red', 'чорний', 'biały', 'green', 'steel'];
/** 900 names with families of near twins, as a shop has them. */
const names = kinds.flatMap((kind) =>
  makes.flatMap((make) =>
    colours.flatMap((colour) =>
      Array.from({ length: 10 }, (_, i) => `${make} ${kind} ${colour} model ${(i * 7919) % 1000}`),
    ),
  ),
);

async function labelAll(list: readonly string[]): Promise<void> {
  const home = await t.category('Home');
  await t.owner.rows(
    `insert into labels (name_key, category_id, source) select u, $2, 'import' from unnest($1::text[]) u on conflict do nothing`,
    list,
    home,
  );
}

beforeEach(async () => set('signatures_from', '3'));

describe('signatures follow labels', () => {
  test('are made when memory is large enough, and not before', async () => {
    await labelAll(['red kettle', 'blue kettle']);
    expect(await sign()).toBe(0);
    expect(await bySignatures()).toBe(false);
    await labelAll(['green kettle']);
    expect(await signed()).toEqual([]);
    expect(await sign()).toBe(3);
    expect(await signed()).toEqual(['blue kettle', 'green kettle', 'red kettle']);
    await complete();
    expect(await sign()).toBe(0);
  });

  test('through insert, removal, renaming, merging and forgetting', async () => {
    await labelAll(['red kettle', 'blue kettle', 'green kettle', 'grey kettle']);
    await complete();
    await t.label('Steel kettle', 'Kitchen');
    await t.owner.rows(`delete from labels where name_key = 'red kettle'`);
    await t.owner.rows(`update labels set name_key = 'white kettle' where name_key = 'blue kettle'`);
    const [home, kitchen] = [await t.category('Home'), await t.category('Kitchen')];
    await t.owner.rows('select merge_categories(array[$1::bigint], $2)', home, kitchen);
    await t.owner.rows(`select * from forget('Grey kettle')`);
    expect(await signed()).toEqual(['green kettle', 'steel kettle', 'white kettle']);
    const lost = await t.owner.rows(
      `select l.name_key from labels l join label_signatures s using (name_hash), signatures(array[l.name_key]) n where n.bands <> s.bands`,
    );
    expect(lost).toEqual([]);
    expect(await t.owner.rows(`select matched_key from similar_label('white kettles')`)).toEqual([
      { matched_key: 'white kettle' },
    ]);
  });

  test('what came while triggers were off is found by the next look', async () => {
    await labelAll(['red kettle', 'blue kettle', 'green kettle', 'grey kettle']);
    await complete();
    const superuser = await t.superuser();
    await superuser.rows('set session_replication_role = replica');
    await superuser.rows(`delete from taxon.labels where name_key = 'red kettle'`);
    await superuser.rows(
      `insert into taxon.labels (name_key, category_id, source) select 'steel kettle', category_id, 'llm' from taxon.labels limit 1`,
    );
    expect(await sign()).toBe(0);
    expect(await sign(true)).toBe(1);
    expect(await signed()).toEqual(['blue kettle', 'green kettle', 'grey kettle', 'steel kettle']);
  });

  test('are not complete while a transaction is open that did not know of them', async () => {
    await labelAll(['red kettle', 'blue kettle', 'green kettle']);
    const other = await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
    await other.rows('begin');
    await other.rows(
      `insert into labels (name_key, category_id, source) select 'steel kettle', category_id, 'llm' from labels limit 1`,
    );
    await sign();
    expect(await signed()).toHaveLength(3);
    expect(await bySignatures()).toBe(false);
    await other.rows('commit');
    await complete();
    expect(await signed()).toHaveLength(4);
  });

  test('are complete while VACUUM or ANALYZE works on labels: neither writes a label', async () => {
    await labelAll(['red kettle', 'blue kettle', 'green kettle']);
    const other = await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
    await other.rows('begin');
    // the lock that both take
    await other.rows('lock table labels in share update exclusive mode');
    try {
      await complete();
    } finally {
      await other.rows('rollback');
    }
  });

  test('are made anew by another server, pg_trgm or locale; until then trigrams answer', async () => {
    await labelAll(['red kettle', 'blue kettle', 'green kettle']);
    await complete();
    await t.owner.rows(`update signature_state set made_by = 'PostgreSQL 14'`);
    expect(await bySignatures()).toBe(false);
    expect(await t.owner.rows(`select matched_key from similar_label('red kettles')`)).toHaveLength(1);
    await complete();
    expect(await signed()).toHaveLength(3);
  });

  test('that a restore has left out are not looked at, and made again', async () => {
    await labelAll(['red kettle', 'blue kettle', 'green kettle']);
    await complete();
    await t.owner.rows('truncate label_signatures');
    expect(await bySignatures()).toBe(false);
    expect(await t.owner.rows(`select matched_key from similar_label('red kettles')`)).toHaveLength(1);
    await complete();
    expect(await signed()).toHaveLength(3);
  });

  test('are given up when memory is far smaller', async () => {
    await labelAll(['red kettle', 'blue kettle', 'green kettle']);
    await sign();
    await set('signatures_from', '100');
    await sign(true);
    expect(await signed()).toEqual([]);
    expect(await bySignatures()).toBe(false);
    expect(await t.owner.rows('select * from signature_state')).toEqual([]);
  });
});

describe('look-up by signatures', () => {
  test('finds what the index of trigrams finds, guard and order included', async () => {
    await labelAll(names);
    const asked = names.flatMap((name, i) =>
      i % 3 === 0 ? [name.replace(/\S+$/, (w) => `${w}x`), name.replace('model', 'no')] : [],
    );
    const look = () =>
      t.owner.rows<{ name_key: string; s: number }>(
        'select name_key, similarity as s from similar_labels($1) order by 1',
        asked,
      );
    expect(await bySignatures()).toBe(false);
    const byTrigrams = await look();
    await complete();
    const found = new Map((await look()).map(({ name_key, s }) => [name_key, s]));
    const same = byTrigrams.filter(({ name_key, s }) => found.get(name_key) === s);
    expect(byTrigrams.length).toBeGreaterThan(400);
    expect(found.size).toBeLessThanOrEqual(byTrigrams.length);
    expect(same.length / byTrigrams.length).toBeGreaterThanOrEqual(0.995);
  });

  test('finds the cache misses that training asks for, among the labels that would train', async () => {
    await labelAll(names);
    const held = await t.owner.value<string[]>(
      `select array_agg(name_key) from labels where name_hash < '\\x40'`,
    );
    const found = async () =>
      (
        await t.owner.rows<{ n: string }>(`select n from similar_in_training($1, '\\x40') n order by 1`, held)
      ).map(({ n }) => n);
    const byTrigrams = await found();
    await complete();
    const bySignature = new Set(await found());
    expect(held.length).toBeGreaterThan(100);
    const same = byTrigrams.filter((name) => bySignature.has(name));
    expect(bySignature.size).toBeLessThanOrEqual(byTrigrams.length);
    expect(same.length / byTrigrams.length).toBeGreaterThanOrEqual(0.995);
  });

  test('reads no table from end to end', async () => {
    await labelAll(names);
    await complete();
    const read = () =>
      t.owner.value<number>(
        `select sum(seq_tup_read) from pg_stat_xact_user_tables where relname in ('labels', 'label_signatures') and schemaname = 'taxon'`,
      );
    await t.owner.rows('begin');
    const before = await read();
    for (let call = 0; call < 10; call++)
      await t.owner.rows('select * from similar_labels($1)', [`bosch kettle red model ${call}`, 'x']);
    const after = await read();
    await t.owner.rows('commit');
    // one row a call, to see that there are signatures at all
    expect(after - before).toBeLessThanOrEqual(10);
  });

  test('is not used below the similarity that they find', async () => {
    await labelAll(['red kettle', 'blue kettle', 'green kettle']);
    await complete();
    await set('similarity_threshold', '0.59');
    expect(await bySignatures()).toBe(false);
    await set('similarity_threshold', '0.6');
    expect(await bySignatures()).toBe(true);
  });
});
