import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { queueStrays } from '../../src/database/jobs.ts';
import { type Sidecar, startSidecar } from '../../src/sidecar/sidecar.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let replica: Session;
let admin: Session;
let db: Database;
let sidecar: Sidecar | undefined;

beforeAll(async () => {
  replica = await t.superuser();
  // as the apply worker of a subscription, for which none of our triggers fires and whose rows bring all their columns
  await replica.rows('set session_replication_role = replica');
  admin = await t.connect('taxon_admin');
  db = openDatabase(t.database.url, { schema: 'taxon', poolSize: 2 });
});
afterAll(async () => {
  await sidecar?.stop();
  await db.close();
});

const publishers = '3';
const arrive = (...names: (string | null)[]) =>
  replica.rows(
    'insert into taxon.products (name, arrived_xact, inserted_xact) select n, $2::text::xid8, $2::text::xid8 from unnest($1::text[]) n',
    names,
    publishers,
  );
const sweep = (after = 0, most = 5000) =>
  admin.row<{ last_id: number | null; strays: number }>(
    'select last_id, strays from taxon_internal.queue_strays($3::text::xid8, $1, $2)',
    after,
    most,
    publishers,
  );
/** Rows of the publisher come before those of here, whose transactions have higher numbers. */
const ours = () =>
  t.owner.value<number>(
    'select max(product_id) from products where arrived_xact > $1::text::xid8',
    publishers,
  );
const health = () =>
  t.owner.rows(`select status, value, detail from health() where item = 'rows not queued'`);

describe('rows that came while triggers were off', () => {
  test('are counted by health() and queued, once a name, with those that are empty failed', async () => {
    await t.insertAll('queued');
    await arrive('  NEW  Kettle', 'new kettle', 'pot', '', null);
    expect(await t.queued()).toEqual(['queued']);
    expect(await health()).toEqual([
      { status: 'warn', value: '5', detail: expect.stringContaining('select * from queue_strays()') },
    ]);
    expect(await sweep()).toEqual({ last_id: await ours(), strays: 5 });
    expect(await t.queued()).toEqual(['new kettle', 'pot', 'queued']);
    expect(await health()).toEqual([]);
    expect(await t.owner.rows(`select failure from products where state = 'failed'`)).toEqual([
      { failure: 'the name is empty' },
      { failure: 'the name is empty' },
    ]);
    expect(await sweep()).toMatchObject({ strays: 0 });
  });

  test('are found page by page', async () => {
    await arrive('d', 'e', 'f', 'g');
    expect(await sweep(0, 3)).toEqual({ last_id: 3, strays: 3 });
    expect(await sweep(3, 3)).toEqual({ last_id: 4, strays: 1 });
    expect(await sweep(4, 3)).toEqual({ last_id: null, strays: 0 });
    await t.insertAll('a', 'b', 'c');
    expect(await t.queued()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(await queueStrays(db, new AbortController().signal)).toBe(0);
  });

  test('wherever a name is queued, leased, held or with the LLM, it is not queued again', async () => {
    await t.insertAll('leased', 'asked', 'held');
    await t.claim('w');
    await t.owner.rows(`select settle_local('w', null, '[{"name_key": "asked"}, {"name_key": "held"}]')`);
    await t.owner.rows(`update queue set available_at = 'infinity' where name_key = 'held'`);
    await arrive('leased', 'asked', 'held');
    expect(await sweep()).toMatchObject({ last_id: expect.any(Number), strays: 0 });
  });

  test('a name that was given up is not tried again for a row that came beside it: it fails as well', async () => {
    await t.owner.rows(
      `insert into dead_letters (stage, name_key, attempts, error) values ('llm', 'hopeless', 5, 'no')`,
    );
    await arrive('hopeless');
    expect(await sweep()).toMatchObject({ strays: 0 });
    await t.owner.rows('select settle_held()');
    expect(await t.owner.row('select state, failure from products')).toEqual({
      state: 'failed',
      failure: 'no',
    });
  });

  test('one that only an audit asks about is', async () => {
    await t.owner.rows(`insert into queue (stage, name_key, purpose) values ('llm', 'audited', 'audit')`);
    await arrive('audited');
    expect(await sweep()).toMatchObject({ strays: 1 });
  });

  test('one that somebody holds is not waited for', async () => {
    await arrive('');
    await replica.rows('begin');
    await replica.rows('select from taxon.products for update');
    await admin.rows(`set statement_timeout = '5 s'`);
    expect(await sweep()).toMatchObject({ strays: 1 });
    await replica.rows('commit');
    expect(await t.owner.value('select state from products')).toBe('pending');
    await sweep();
    expect(await t.owner.value('select state from products')).toBe('failed');
  });

  test('are answered by a sidecar that starts', async () => {
    const kettle = await t.label('red kettle', 'home > kitchen');
    await arrive('Red Kettle');
    sidecar = await startSidecar(t.database.url, loadConfig({ pollMs: 100 }, {}, '/'), [], null);
    await expect
      .poll(() => t.owner.rows('select state, source, category_id from products'), { timeout: 60_000 })
      .toEqual([{ state: 'done', source: 'exact', category_id: kettle }]);
    await sidecar.stop();
  });
});

describe('a row that comes with its answer', () => {
  test('keeps it, whatever memory knows, and is not queued', async () => {
    const kettle = await t.label('red kettle', 'home > kitchen');
    const other = await t.category('home > garden');
    const insert = `insert into products (name, category_id, state, source, failure) values ($1, $2, $3, $4, $5) returning state, source, category_id, failure`;
    expect(await t.owner.row(insert, 'red kettle', other, 'done', 'local', null)).toEqual({
      ...{ state: 'done', source: 'local', category_id: other, failure: null },
    });
    expect(await t.owner.row(insert, 'red kettle', null, 'failed', null, 'too odd')).toEqual({
      ...{ state: 'failed', source: null, category_id: null, failure: 'too odd' },
    });
    expect(await t.queued()).toEqual([]);
    // without a category it is no answer
    expect(await t.owner.row(insert, 'red kettle', null, 'done', null, null)).toMatchObject({
      ...{ state: 'done', source: 'exact', category_id: kettle },
    });
    expect(await t.owner.row(insert, 'pot', null, 'done', 'llm', null)).toMatchObject({ state: 'pending' });
    expect(await t.queued()).toEqual(['pot']);
  });

  test('cannot be given by an application', async () => {
    const writer = await t.connect('taxon_writer');
    for (const column of ['state', 'category_id', 'source'])
      await expect(
        writer.rows(`insert into taxon.products (name, ${column}) values ('a', default)`),
      ).rejects.toMatchObject({ code: '42501' });
  });
});
