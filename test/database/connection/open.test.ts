import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../../src/database/connection/migrate.ts';
import { type Database, openDatabase, requireMigrated } from '../../../src/database/connection/open.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await testDatabase();
  db = openDatabase(database.url, { schema: 'taxon', poolSize: 4 });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

describe('values', () => {
  test('ids, arrays of ids and money are numbers', async () => {
    const row = await db.row(
      `select 5::bigint as id, array[1, 22]::bigint[] as ids, '{}'::bigint[] as none, null::bigint[] as nothing, 0.00012::numeric as cost`,
    );
    expect(row).toEqual({ id: 5, ids: [1, 22], none: [], nothing: null, cost: 0.00012 });
  });

  test('row() of a statement without rows says which', async () => {
    await expect(db.row('select 1 where false')).rejects.toThrow(
      'no row came back from: select 1 where false',
    );
  });
});

describe('transaction', () => {
  test('commits what worked and rolls back what threw', async () => {
    await db.transaction((client) => client.query('create table kept (x integer)'));
    const work = db.transaction(async (client) => {
      await client.query('create table lost (x integer)');
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(await db.row(`select to_regclass('kept') as kept, to_regclass('lost') as lost`)).toEqual({
      kept: 'kept',
      lost: null,
    });
  });

  test('a connection that is lost between two statements fails the transaction, not the process', async () => {
    const work = db.transaction(async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await db.rows('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await client.query('select 1');
    });
    await expect(work).rejects.toThrow();
  });

  test('a connection that broke inside is not given to the next', async () => {
    const work = db.transaction((client) => client.query('select pg_terminate_backend(pg_backend_pid())'));
    await expect(work).rejects.toThrow();
    for (let i = 0; i < 8; i++) expect(await db.row('select 1 as one')).toEqual({ one: 1 });
  });
});

describe('statements that deadlock or cannot be serialised', () => {
  test('are sent again by SQLSTATE', async () => {
    await db.rows('create sequence tries');
    await db.rows(`create function fail_twice() returns bigint language plpgsql as $$
      begin
        if nextval('tries') < 3 then raise exception using errcode = '40P01', message = 'nobody reads this'; end if;
        return currval('tries');
      end $$`);
    expect(await db.row('select fail_twice() as n')).toEqual({ n: 3 });
  });

  test('not for ever, and other errors not at all', async () => {
    await db.rows(`create function fail(code text) returns void language plpgsql as $$
      begin perform nextval('tries'); raise exception using errcode = code, message = 'always'; end $$`);
    const last = () => db.row<{ n: number }>('select last_value as n from tries');
    for (const [code, tries] of [
      ['40001', 4],
      ['23505', 1],
    ] as const) {
      const before = (await last()).n;
      await expect(db.rows('select fail($1)', [code])).rejects.toThrow('always');
      expect((await last()).n - before).toBe(tries);
    }
  });
});

describe('requireMigrated', () => {
  test('accepts the schema that migrate made', async () => {
    await expect(requireMigrated(db)).resolves.toBeUndefined();
  });

  test('names a schema that is not there and says what to run', async () => {
    const other = openDatabase(database.url, { schema: 'shop', poolSize: 1 });
    await expect(requireMigrated(other)).rejects.toMatchObject({
      message: 'the database has no schema "shop" made by pgtaxon',
      hint: 'Run: taxon migrate',
    });
    await other.close();
  });

  test('refuses SQL of another version, until migrate has run', async () => {
    await db.rows(`update taxon_internal.all_settings set value = '"older"' where key = 'sql_sha256'`);
    await expect(requireMigrated(db)).rejects.toThrow('of another version than this program');
    expect(await migrate({ url: database.url, schema: 'taxon' })).toEqual({
      migrations: [],
      repeatable: true,
    });
    await expect(requireMigrated(db)).resolves.toBeUndefined();
  });
});
