import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

describe('an exact name', () => {
  test('in other case and spacing comes back done from the INSERT itself', async () => {
    const kettle = await t.label('Чайник електричний 1,7 л', 'Дім > Кухня > Чайники');
    const { l1, l2, ...row } = await t.insert('  ЧАЙНИК\u00a0електричний\t1,7 Л ');
    expect(row).toMatchObject({ state: 'done', source: 'exact', category_id: kettle, l3: kettle });
    expect(await t.owner.row('select c.l1, c.l2 from categories c where category_id = $1', kettle)).toEqual({
      l1,
      l2,
    });
    expect(await t.queued()).toEqual([]);
  });

  test('with a typographic apostrophe is the same name', async () => {
    const id = await t.label("M&M's 45 g", 'Food');
    expect(await t.insert('M&M’S 45 g')).toMatchObject({ state: 'done', category_id: id });
  });

  test('of a path that stops above l3 has no l3', async () => {
    const id = await t.label('gift card', 'Services > Cards');
    expect(await t.insert('Gift card')).toMatchObject({ category_id: id, l2: id, l3: null });
  });
});

describe('a new name', () => {
  test('is pending, with one entry in the queue', async () => {
    expect(await t.insert('Nowy Czajnik')).toMatchObject({
      state: 'pending',
      source: null,
      category_id: null,
    });
    expect(await t.queued()).toEqual(['nowy czajnik']);
  });

  test('rolled back leaves nothing', async () => {
    await t.owner.rows('begin');
    await t.insert('never');
    await t.owner.rows('rollback');
    expect(await t.queued()).toEqual([]);
    expect(await t.owner.value('select count(*) from products')).toBe(0);
  });

  test('rolled back to a savepoint leaves nothing, the rest stays', async () => {
    await t.owner.rows('begin');
    await t.insert('kept');
    await t.owner.rows('savepoint s');
    await t.insert('dropped');
    await t.owner.rows('rollback to savepoint s');
    await t.owner.rows('commit');
    expect(await t.queued()).toEqual(['kept']);
  });
});

describe('many rows', () => {
  test('5,000 new names in one statement are all pending, each queued once', async () => {
    const states = await t.owner.rows<{ state: string }>(
      `insert into products (name) select 'name ' || i from generate_series(1, 5000) i returning state`,
    );
    expect(states.filter((row) => row.state === 'pending')).toHaveLength(5000);
    await t.owner.rows('select take_in()');
    expect(await t.owner.row('select count(*) as n, count(distinct name_key) as names from queue')).toEqual({
      n: 5000,
      names: 5000,
    });
  });

  test('10,000 rows in one statement, half of them known, a fifth of them repeated', async () => {
    const id = await t.category('Food');
    await t.owner.rows(
      `insert into labels (name_key, category_id, source) select 'name ' || i, $1, 'import' from generate_series(1, 4000) i`,
      id,
    );
    await t.owner.rows(
      `insert into products (name) select 'Name ' || i % 8000 + 1 from generate_series(1, 10000) i`,
    );
    expect(
      await t.owner.rows('select state, source, count(*) as n from products group by 1, 2 order by 1'),
    ).toEqual([
      { state: 'done', source: 'exact', n: 6000 },
      { state: 'pending', source: null, n: 4000 },
    ]);
    expect(new Set(await t.queued()).size).toBe(4000);
  });

  test('a thousand rows of one name in one statement are one entry', async () => {
    await t.owner.rows(`insert into products (name) select 'Same' from generate_series(1, 1000)`);
    expect(await t.queued()).toEqual(['same']);
  });

  test('a thousand statements with one name give one name to claim, and settling it settles them all', async () => {
    await t.owner.rows(
      `do $$ begin for i in 1..1000 loop insert into taxon.products (name) values ('Same'); end loop; end $$`,
    );
    expect(await t.owner.rows(`select name_key from claim('w', 5000)`)).toEqual([{ name_key: 'same' }]);
    await t.label('same', 'Food');
    expect(await t.owner.rows(`select * from settle_from_memory('w', array['same'])`)).toEqual([]);
    expect(
      await t.owner.value(`select count(*) from products where state = 'done' and source = 'exact'`),
    ).toBe(1000);
    expect(await t.queued()).toEqual([]);
  });

  test('COPY goes the same way', async () => {
    await t.label('known', 'Food');
    const lines = ['1\tKNOWN', '2\tnew', '3\tnew', '4\t\\N'].map((line) => `${line}\n`);
    await pipeline(
      Readable.from(lines),
      t.owner.client.query(copyFrom('copy taxon.products (external_id, name) from stdin')),
    );
    expect(await t.owner.rows('select external_id as id, state from products order by 1')).toEqual([
      { id: '1', state: 'done' },
      { id: '2', state: 'pending' },
      { id: '3', state: 'pending' },
      { id: '4', state: 'failed' },
    ]);
    expect(await t.queued()).toEqual(['new']);
  });
});
