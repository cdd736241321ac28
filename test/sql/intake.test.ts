import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const insert = (from: number, to: number) =>
  t.owner.rows(
    `insert into products (name) select 'name ' || i from generate_series($1::integer, $2::integer) i`,
    from,
    to,
  );
const takeIn = (most = 5000) => t.owner.value<number>('select take_in($1)', most);
/** Names as they stand in the queue, in the order of their entries. */
const entries = async () =>
  (await t.owner.rows<{ name_key: string }>('select name_key from queue order by queue_id')).map(
    ({ name_key }) => name_key,
  );

describe('take_in', () => {
  test('puts each new row into the queue once, in the order of their coming', async () => {
    await insert(1, 12);
    expect([await takeIn(), await takeIn()]).toEqual([12, 0]);
    expect(await entries()).toEqual(Array.from({ length: 12 }, (_, i) => `name ${i + 1}`));
  });

  test('misses no transaction that began before others and ends after them', async () => {
    const [long, longer] = [await t.connect(), await t.connect()];
    for (const [session, name] of [
      [long, 'long'],
      [longer, 'longer'],
    ] as const) {
      await session.rows('begin');
      await session.rows('insert into taxon.products (name) values ($1)', name);
    }
    await insert(1, 2);
    expect(await takeIn()).toBe(2);
    await long.rows('commit');
    await insert(3, 3);
    expect(await takeIn()).toBe(2);
    await longer.rows('commit');
    expect([await takeIn(), await takeIn()]).toEqual([1, 0]);
    expect(await entries()).toEqual(['name 1', 'name 2', 'long', 'name 3', 'longer']);
  });

  test('goes through an import page by page, the newest transactions first, each row once', async () => {
    await insert(1, 25);
    expect(await takeIn(10)).toBe(10);
    const open = await t.connect();
    await open.rows('begin');
    await open.rows(`insert into taxon.products (name) values ('open')`);
    await t.insert('lone');
    expect(await takeIn(10)).toBe(10);
    expect((await entries()).slice(10, 12)).toEqual(['lone', 'name 11']);
    await open.rows('commit');
    expect([await takeIn(10), await takeIn(10), await takeIn(10)]).toEqual([7, 0, 0]);
    expect((await entries()).toSorted()).toEqual(
      ['lone', 'open', ...Array.from({ length: 25 }, (_, i) => `name ${i + 1}`)].toSorted(),
    );
    // nothing piles up
    expect(await t.owner.value('select count(*) from intakes')).toBeLessThan(5);
  });

  test('goes on within a transaction that ended late', async () => {
    const late = await t.connect();
    await late.rows('begin');
    await late.rows(`insert into taxon.products (name) select 'late ' || i from generate_series(1, 5) i`);
    await insert(1, 2);
    await takeIn();
    await late.rows('commit');
    await insert(3, 4);
    expect([await takeIn(3), await takeIn(3), await takeIn(3)]).toEqual([3, 3, 1]);
    expect(new Set(await entries()).size).toBe(9);
    expect(await entries()).toHaveLength(9);
  });

  test('takes all that wait where the database counts transactions from another start', async () => {
    await insert(1, 2);
    await takeIn();
    await t.owner.rows(`update intakes set until = '99999999999:99999999999:'`);
    await insert(3, 3);
    expect([await takeIn(), await takeIn()]).toEqual([3, 0]);
  });

  test('waits for nobody else who takes in at this moment', async () => {
    await insert(1, 1);
    const other = await t.connect();
    await other.rows('begin');
    await other.rows('select taxon_internal.take_in()');
    expect(await takeIn()).toBe(0);
    await other.rows('rollback');
    expect(await takeIn()).toBe(1);
  });

  test('is seen by health() beforehand', async () => {
    await insert(1, 3);
    await insert(1, 1);
    const local = () => t.owner.value(`select value from health() where item = 'queue local'`);
    expect(await local()).toBe('3');
    await takeIn();
    expect(await local()).toBe('3');
    expect(await t.owner.rows(`select from health() where item = 'rows not queued'`)).toEqual([]);
  });

  test('before it a label said by hand reaches a row all the same, with no sidecar', async () => {
    const pot = await t.label('pot', 'home > kitchen');
    await t.owner.rows(`delete from labels`);
    const { product_id } = await t.insert('pot');
    await t.owner.rows(`insert into labels (name_key, category_id, source) values ('pot', $1, 'human')`, pot);
    await t.owner.rows(`select queue_names('{pot,lid}'), settle_answered('local', '{pot}')`);
    expect(await t.product(product_id)).toMatchObject({ state: 'done', category_id: pot });
    expect(await entries()).toEqual([]);
  });
});
