import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/database/connection/migrate.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { copySql } from '../support/schema.ts';
import { startSidecarHere } from '../support/sidecar.ts';
import { openSession, type Session } from '../support/sql.ts';

/** The second one's name is a reserved word: whatever does not quote it breaks. */
const schemas = ['taxon', '"order"'] as const;
/** The internal schema beside it. */
const inside = (schema: string) => schema.replace(/(\w)("?)$/, '$1_internal$2');
type Schema = (typeof schemas)[number];
let database: TestDatabase;
let owner: Session;
let other: Session;

beforeAll(async () => {
  database = await testDatabase();
  await migrate({ url: database.url, schema: 'order' });
  owner = await openSession(database.url, 'extensions');
  other = await openSession(database.url, 'extensions');
  // the same name is something else in each: a shop's kettle, and one of a museum
  for (const [schema, path] of [
    ['taxon', '{Home,Kitchen,Kettles}'],
    ['"order"', '{Exhibits,19th century}'],
  ] as const)
    await owner.rows(
      `insert into ${schema}.labels (name_key, category_id, source)
         select 'copper kettle with a lid', ${inside(schema)}.make_category($1::text[]), 'human'`,
      path,
    );
});
beforeEach(async () => {
  for (const schema of schemas)
    await owner.rows(
      `truncate ${schema}.products, ${inside(schema)}.queue, ${inside(schema)}.sidecars, ${inside(schema)}.guard_tokens restart identity`,
    );
});
afterAll(async () => {
  await other?.close();
  await owner?.close();
  await database?.drop();
});

const insert = (schema: Schema, name: string, session = owner) =>
  session.row<{ state: string; path: string | null }>(
    `insert into ${schema}.products (name) values ($1)
       returning state, source, ${schema}.category_path(category_id) as path`,
    name,
  );
/** How many rows stand in products and in the queue. */
const contents = (schema: Schema) =>
  owner.row(
    `select (select count(*) from ${schema}.products) as products, (select count(*) from ${inside(schema)}.queue) as queued`,
  );

describe('two schemas in one database', () => {
  test('answer the same name each from its own taxonomy', async () => {
    expect(await insert('taxon', 'COPPER kettle with a lid')).toEqual({
      state: 'done',
      source: 'exact',
      path: 'Home > Kitchen > Kettles',
    });
    expect(await insert('"order"', 'COPPER kettle with a lid')).toEqual({
      state: 'done',
      source: 'exact',
      path: 'Exhibits > 19th century',
    });
    const looked = (schema: Schema) =>
      owner.value(`select path from ${schema}.look_up('copper kettle with the lid')`);
    expect(await looked('taxon')).toBe('Home > Kitchen > Kettles');
    expect(await looked('"order"')).toBe('Exhibits > 19th century');
  });

  test.each([
    ['taxon', '"order"'],
    ['"order"', 'taxon'],
  ] as const)(
    'inserts and renames in %s touch nothing of %s, whatever the search_path',
    async (here, there) => {
      const session = await openSession(database.url, `${there}, public`);
      await insert(here, 'new name', session);
      await session.rows(`update ${here}.products set name = 'newer name'`);
      await session.rows(
        `insert into ${here}.products (product_id, name) overriding system value select product_id, 'upserted' from ${here}.products
         on conflict (product_id) do update set name = excluded.name`,
      );
      await session.close();
      await owner.rows(`select ${inside(here)}.take_in()`);
      expect(await contents(here)).toEqual({ products: 1, queued: 1 });
      expect(await contents(there)).toEqual({ products: 0, queued: 0 });
      await insert(there, 'new name');
      await owner.rows(`select ${inside(there)}.take_in()`);
      const settle = `select from ${inside(here)}.claim('w', 10) c, ${inside(here)}.settle_from_memory('w', array[c.name_key])`;
      expect(await owner.rows(settle)).toHaveLength(1);
      expect(await owner.value(`select worker from ${inside(there)}.queue`)).toBeNull();
    },
  );

  test('have settings of their own', async () => {
    await owner.rows(`select taxon.set_setting('guard', 'false')`);
    expect(await owner.value(`select "order".setting('guard')`)).toBe(true);
    await owner.rows(`select taxon.set_setting('guard', 'true')`);
  });

  test('notify channels of their own', async () => {
    const heard: string[] = [];
    other.client.on('notification', ({ channel }) => heard.push(channel));
    await other.rows('listen taxon');
    await other.rows('listen "order"');
    for (const schema of schemas)
      await owner.rows(`select ${inside(schema)}.heartbeat('w', 'h', 1, '1', null, null, true, true, null)`);
    await insert('"order"', 'a');
    await expect.poll(() => heard).toEqual(['order']);
    await insert('taxon', 'a');
    await expect.poll(() => heard).toEqual(['order', 'taxon']);
    // an idle sidecar of the other schema wants nothing from here
    await owner.rows(`select taxon_internal.end_sidecar('w')`);
    await insert('taxon', 'b');
    await insert('"order"', 'b');
    await expect.poll(() => heard).toEqual(['order', 'taxon', 'order']);
  });

  test('do not wait for each other’s locks', async () => {
    await owner.rows('begin');
    await owner.rows('select taxon_internal.learn_guard()');
    await other.rows(`set lock_timeout = '200 ms'`);
    expect(await other.value('select "order_internal".learn_guard()')).toBeTypeOf('number');
    await expect(other.rows('select taxon_internal.learn_guard()')).rejects.toMatchObject({ code: '55P03' });
    await owner.rows('rollback');
    await other.rows('reset lock_timeout');
  });

  test('are migrated side by side', async () => {
    const root = copySql();
    appendFileSync(`${root.folder}/sql/screens/health.sql`, 'select pg_advisory_xact_lock(4711);\n');
    await owner.rows('select pg_advisory_lock(4711)');
    let done = false;
    const first = migrate({ url: database.url, schema: 'taxon', root: root.folder }).then(() => {
      done = true;
    });
    await expect
      .poll(() => owner.rows(`select from pg_locks where locktype = 'advisory' and not granted`))
      .toHaveLength(1);
    expect(await migrate({ url: database.url, schema: 'order' })).toEqual({
      migrations: [],
      repeatable: false,
    });
    expect(done).toBe(false);
    await owner.rows('select pg_advisory_unlock(4711)');
    await first;
    root.remove();
  });

  test('share the roles, which may do the same in both', async () => {
    const writer = await openSession(await database.urlFor('taxon_writer'));
    const reader = await openSession(await database.urlFor('taxon_reader'));
    for (const schema of schemas) {
      expect(await insert(schema, 'copper kettle with a lid', writer)).toMatchObject({ source: 'exact' });
      await expect(writer.rows(`delete from ${schema}.products`)).rejects.toThrow('permission denied');
      expect(await reader.rows(`select from ${schema}.products_readable`)).toHaveLength(1);
      await expect(insert(schema, 'x', reader)).rejects.toThrow('permission denied');
    }
    await writer.close();
    await reader.close();
  });

  test('have sidecars of their own', async () => {
    for (const schema of schemas) await insert(schema, 'never seen');
    await owner.rows('select taxon_internal.take_in()');
    const sidecar = await startSidecarHere(await database.urlFor('taxon_sidecar'), {
      TAXON_SCHEMA: 'order',
    });
    // without a model or a provider taking a name up means handing it to the LLM stage
    await expect
      .poll(() => owner.rows('select stage from "order_internal".queue'))
      .toEqual([{ stage: 'llm' }]);
    expect(await owner.rows('select stage, attempts from taxon_internal.queue')).toEqual([
      { stage: 'local', attempts: 0 },
    ]);
    expect(await owner.value('select count(*) from taxon_internal.sidecars')).toBe(0);
    await sidecar.stop();
  });

  test('and one can be dropped', async () => {
    await owner.rows('drop schema "order", "order_internal" cascade');
    expect(await insert('taxon', 'copper kettle with a lid')).toMatchObject({ state: 'done' });
    expect(await insert('taxon', 'b')).toMatchObject({ state: 'pending' });
  });
});
