import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../../src/database/connection/migrate.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { openSession, type Session } from '../../support/sql.ts';

let database: TestDatabase;
let owner: Session;

beforeEach(async () => {
  database = await testDatabase();
  owner = await openSession(database.url, 'taxon, taxon_internal, extensions');
});
afterEach(async () => {
  await owner.close();
  await database.drop();
});

const run = (check = false) => migrate({ url: database.url, schema: 'taxon', check });
const nothing = { migrations: [], repeatable: false };

describe('migrate compares what is there with what it made', () => {
  test('and leaves what is the owner’s own: indexes, views, columns, functions, grants to other roles', async () => {
    await owner.rows('create index mine on products (external_id)');
    await owner.rows('create view mine_too as select 1 as x');
    await owner.rows('alter table products add column price numeric default 1');
    await owner.rows('create function my_function() returns integer language sql return 1');
    await owner.rows('grant select on products to pg_monitor');
    await owner.rows('alter table products enable row level security');
    expect(await run(true)).toEqual(nothing);
    // also after they were there while it recorded
    await owner.rows(`delete from all_settings where key = 'sql_sha256'`);
    expect(await run()).toEqual({ migrations: [], repeatable: true });
    await owner.rows('drop index mine');
    await owner.rows('drop view mine_too');
    await owner.rows('drop function my_function()');
    expect(await run(true)).toEqual(nothing);
  });

  test('an extension that moved: the functions look where it is now', async () => {
    const admin = await openSession(database.superUrl);
    await admin.rows('create schema elsewhere');
    await admin.rows('grant usage on schema elsewhere to public');
    await admin.rows('alter extension pg_trgm set schema elsewhere');
    await admin.close();
    const label = `insert into labels (name_key, category_id, source) select 'red kettle 1.7 l', make_category('{Home}'), 'human'`;
    await owner.rows(label);
    const similar = `select layer from look_up('red kettle 1,7 l')`;
    await expect(owner.rows(similar)).rejects.toThrow();
    expect((await run(true)).repairs).toEqual([
      'search path: taxon_internal, taxon, elsewhere, extensions, pg_temp, not taxon_internal, taxon, extensions, pg_temp',
    ]);
    await run();
    expect(await owner.rows(similar)).toEqual([{ layer: 'similar' }]);
    expect(await run(true)).toEqual(nothing);
  });

  test('a newer server, which says the same in other words: loads the SQL again and believes it', async () => {
    await owner.rows(
      `update schema_objects set definition = case object when 'server' then 'PostgreSQL 14' else definition || ' in other words' end
         where object = 'server' or object like 'function %' or object like 'index %'`,
    );
    expect((await run(true)).repairs).toEqual([
      expect.stringMatching(/^server: PostgreSQL \d+, not PostgreSQL 14$/),
    ]);
    await run();
    expect(await run(true)).toEqual(nothing);
  });

  test('a column that was changed by hand: is said, and left as it is', async () => {
    await owner.rows('alter table dead_letters alter column error type varchar');
    expect((await run(true)).repairs).toContain('column dead_letters.error was changed');
    await run();
    expect(await run(true)).toEqual(nothing);
  });

  test('an index that cannot be made again: says why, and makes nothing', async () => {
    await owner.rows('drop index categories_external_id');
    await owner.rows('drop index queue_llm_once');
    await owner.rows(`select make_category('{A}'), make_category('{B}')`);
    await owner.rows(`update categories set external_id = '1'`);
    await expect(run()).rejects.toMatchObject({
      message: expect.stringMatching(
        /^the schema "taxon" is not whole: index categories_external_id is missing \(could not create unique index/,
      ),
      hint: expect.stringContaining('Mend what stands in the way'),
    });
    expect((await run(true)).repairs).toEqual([
      'index categories_external_id is missing',
      'index queue_llm_once is missing',
    ]);
    await owner.rows(`update categories set external_id = null`);
    await run();
    expect(await run(true)).toEqual(nothing);
  });
});
