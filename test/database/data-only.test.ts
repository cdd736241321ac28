import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { holdEverywhere } from '../support/everything.ts';
import { dumpData, psqlFile } from '../support/schema.ts';
import { openSession, type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const folder = mkdtempSync(join(tmpdir(), 'dump-'));
let restored: TestDatabase;
let copy: Session;

/** What is there already, and what is made anew: the queue from the rows that wait, the rest by migrate and the sidecars. */
const without = ['migrations', 'schema_objects', 'purposes', 'queue', 'intakes', 'sidecars'];
/** What migrate fills. */
const filled = ['all_settings', 'llm_prices', 'audit_watermark', 'key_counts'];

beforeAll(async () => {
  restored = await testDatabase();
  copy = await openSession(restored.url, 'taxon, taxon_internal, extensions, public');
});
afterAll(async () => {
  await copy.close();
  await restored.drop();
  rmSync(folder, { recursive: true });
});

/** A dump of data alone, into the empty schema that migrate has made, as one transaction of the owner with all triggers on. */
async function restore(): Promise<void> {
  const file = join(folder, 'data.sql');
  const clear = `truncate ${filled.map((table) => `taxon_internal.${table}`).join(', ')};\n`;
  writeFileSync(file, clear + (await dumpData(t.database.url, 'taxon', without)));
  await psqlFile(restored.url, file);
}
const rowsOf = (session: Session, table: string) =>
  session.rows<{ r: object }>(
    `select to_jsonb(x) - 'inserted_xact' - 'arrived_xact' as r from ${table} x order by to_jsonb(x)::text collate "C"`,
  );

test('a dump of data alone comes back as it was: what was answered stays answered', async () => {
  const { owner } = t;
  await holdEverywhere(t, 'Blue Mug');
  // rows of categories that stand in the heap before their parents, below retired ones, merged ones
  const kitchen = await t.category('Home > Kitchen > Kettles');
  const garden = await t.category('Garden > Tools');
  const sheds = await t.category('Garden > Sheds');
  const [tools] = await owner.rows<{ parent_id: number }>(
    'select parent_id from categories where category_id = $1',
    garden,
  );
  await owner.rows('select move_category($1, $2)', garden, kitchen);
  await owner.rows('select merge_categories(array[$1::bigint], $2)', sheds, kitchen);
  await owner.rows('select retire_category($1)', tools?.parent_id);
  // its own label says something else, or nothing
  const answered = `insert into products (name, category_id, l1, l2, state, source, similarity, matched_key, classified_at)
    select $1, c.category_id, c.l1, c.l2, 'done', $2, .9, 'blue mug', now() from categories c where c.category_id = $3`;
  for (const source of ['similar', 'local', 'llm', 'human'])
    await owner.rows(answered, `new ${source}`, source, kitchen);
  await owner.rows(answered, 'Blue Mug', 'human', kitchen);
  await t.insertAll('waits', '');
  await owner.rows(`update products set state = 'failed', failure = 'too often' where name = 'waits'`);
  await t.insertAll('waits too', 'waits too');
  // as an UPDATE leaves it: the parent behind its children
  await owner.rows(`update categories set external_id = 'moved ' || category_id where parent_id is null`);

  await restore();

  const tables = await owner.rows<{ name: string }>(
    `select relname as name from pg_class where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and relkind = 'r' order by 1`,
  );
  for (const { name } of tables) {
    if (without.includes(name)) continue;
    expect([name, await rowsOf(copy, name)]).toEqual([name, await rowsOf(owner, name)]);
  }
  await copy.rows('select take_in()');
  expect(await copy.rows('select distinct name_key from queue order by 1')).toEqual([
    { name_key: 'waits too' },
  ]);
  expect(
    await copy.rows(`select status, value, detail from health() where item = 'rows not queued'`),
  ).toEqual([]);
  // and ids go on where they were
  expect(await copy.value(`insert into products (name) values ('next') returning product_id`)).toBe(
    (await owner.value<number>('select max(product_id) from products')) + 1,
  );
});
