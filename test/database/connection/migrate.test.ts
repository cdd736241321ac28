import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../../src/database/connection/migrate.ts';
import { TaxonError } from '../../../src/errors.ts';
import { ownCluster, type TestDatabase, testDatabase } from '../../support/database.ts';
import { startTaxon } from '../../support/processes.ts';
import { copySql, migrationNames, type SqlRoot, schemaText } from '../../support/schema.ts';
import { openSession, type Session } from '../../support/sql.ts';

const everything = {
  migrations: migrationNames().map((file) => file.replace('.sql', '')),
  repeatable: true,
};
const nothing = { migrations: [], repeatable: false };
let database: TestDatabase;
let sql: Session;
let root: SqlRoot;

beforeEach(async () => {
  await take(false);
  root = copySql();
});
afterEach(async () => {
  root.remove();
  await leave();
});

async function take(template: boolean): Promise<void> {
  database = await testDatabase({ template });
  sql = await openSession(database.url);
}
async function leave(): Promise<void> {
  await sql.close();
  await database.drop();
}
/** Another database in its place, which has been migrated: .1 s instead of 1. */
async function migrated(): Promise<void> {
  await leave();
  await take(true);
}

/** With the planted files. */
const run = (check = false) => migrate({ url: database.url, schema: 'taxon', root: root.folder, check });
const failure = async (): Promise<TaxonError> => {
  const error = await run().catch((error) => error);
  expect(error).toBeInstanceOf(TaxonError);
  return error;
};

describe('migrate', () => {
  test('works as an owner who is no superuser and owns no extension', async () => {
    expect(
      await sql.row(`select rolsuper, rolcreaterole from pg_roles where rolname = current_user`),
    ).toEqual({ rolsuper: false, rolcreaterole: true });
    expect(
      await sql.rows(
        `select extnamespace::regnamespace::text as schema, pg_has_role(extowner, 'usage') as mine from pg_extension
           where extname in ('vector', 'pg_trgm')`,
      ),
    ).toEqual([
      { schema: 'extensions', mine: false },
      { schema: 'extensions', mine: false },
    ]);
    expect(await run()).toEqual(everything);
  });

  test('again does nothing', async () => {
    await migrated();
    const before = await schemaText(database.url, 'taxon');
    await sql.rows(`update taxon_internal.all_settings set changed_at = '2020-01-01'`);
    expect(await run()).toEqual(nothing);
    expect(await schemaText(database.url, 'taxon')).toBe(before);
    expect(await sql.value('select max(changed_at)::date::text from taxon_internal.all_settings')).toBe(
      '2020-01-01',
    );
  });

  test('two processes at once both succeed, and one does the work', async () => {
    const processes = [0, 1].map(() => startTaxon(['migrate', '--json'], { DATABASE_URL: database.url }));
    const said = await Promise.all(
      processes.map(async ({ child, ended, stderr }) => {
        let text = '';
        child.stdout?.on('data', (part) => {
          text += part;
        });
        expect(await ended).toBe(0);
        expect(stderr()).toMatch(/^(?:.* warn: migrate, of which one runs at a time, .*\n)*$/);
        return JSON.parse(text);
      }),
    );
    expect(said.sort((a, b) => a.migrations.length - b.migrations.length)).toEqual([
      { ...nothing, upToDate: true },
      { ...everything, upToDate: false },
    ]);
  });

  test('loads repeatable SQL that changed, in whichever file, and runs no migration twice', async () => {
    await migrated();
    appendFileSync(
      join(root.folder, 'sql/memory/exact.sql'),
      `\ncomment on function exact(text) is 'Other.';\n`,
    );
    expect(await run()).toEqual({ migrations: [], repeatable: true });
    expect(await sql.value(`select obj_description('taxon_internal.exact'::regproc)`)).toBe('Other.');
    expect(await run()).toEqual(nothing);
  });

  test('takes back what an earlier version, or anybody, granted to the roles and to PUBLIC', async () => {
    await migrated();
    const before = await schemaText(database.url, 'taxon');
    await sql.rows('grant execute on function taxon_internal.wake to taxon_writer, public');
    await sql.rows('grant update on taxon.products to taxon_writer');
    await sql.rows('grant update (value) on taxon_internal.all_settings to taxon_reader');
    const repairs = [
      'privileges of function wake(): PUBLIC: execute; taxon_writer: execute, not none',
      expect.stringContaining('privileges of table all_settings: '),
      expect.stringContaining('privileges of table products: '),
    ];
    expect(await run(true)).toEqual({ migrations: [], repeatable: true, repairs });
    expect(await run()).toEqual({ migrations: [], repeatable: true, repairs });
    expect(await schemaText(database.url, 'taxon')).toBe(before);
    expect(await run(true)).toEqual(nothing);
  });

  test('with check says what it would do and changes nothing', async () => {
    expect(await run(true)).toEqual(everything);
    expect(await sql.value(`select to_regnamespace('taxon')`)).toBeNull();
    await migrated();
    expect(await run(true)).toEqual(nothing);
    appendFileSync(join(root.folder, 'sql/memory/exact.sql'), '\nselect broken;\n');
    expect(await run(true)).toEqual({ migrations: [], repeatable: true });
  });

  test('refuses a schema that a newer pgtaxon made, instead of loading older functions over it', async () => {
    writeFileSync(join(root.folder, 'migrations/9999_later.sql'), 'alter table labels add later text;\n');
    await migrated();
    await run();
    root.remove();
    root = copySql();
    const { message } = await failure();
    expect(message).toBe('the schema "taxon" was migrated by a newer pgtaxon: 9999_later');
  });

  test('refuses a schema from before the baseline and says how its labels and products come along', async () => {
    // everything stood in one schema then
    await sql.client.query('create schema taxon; create table taxon.migrations (name text)');
    const { message, hint } = await failure();
    expect(message).toBe('the schema "taxon" is from before the first release\'s baseline');
    expect(hint).toBe(
      'With the pgtaxon that made it, export what is to be kept (taxon export labels.csv, and ' +
        'taxon export products.csv --what products); then in psql: ' +
        'drop schema "taxon" cascade; then taxon migrate, taxon import labels.csv and taxon import products.csv --as products.',
    );
    await expect(run(true)).rejects.toThrow(message);
    await sql.rows('drop schema "taxon" cascade');
    expect(await run()).toEqual(everything);
  });

  test('refuses an internal schema that is somebody else’s, and takes one that is empty', async () => {
    await sql.client.query('create schema taxon_internal; create table taxon_internal.stock (n integer)');
    const { message, hint } = await failure();
    expect(message).toBe('the schema "taxon_internal" is not pgtaxon\'s: it holds stock');
    expect(hint).toBe('Rename it, or choose another name for pgtaxon: TAXON_SCHEMA=…');
    expect(await sql.value(`select to_regnamespace('taxon')`)).toBeNull();
    await sql.rows('drop table taxon_internal.stock');
    expect(await run()).toEqual(everything);
  });

  test('uses the schemas that a DBA made for a role that may make none, and says which is missing', async () => {
    const admin = await openSession(database.superUrl);
    await admin.rows('create schema taxon authorization owner');
    await admin.rows(`alter database ${database.name} owner to postgres`);
    const { message, hint } = await failure();
    expect(message).toBe('owner may not make the schema "taxon_internal", or anything in it');
    expect(hint).toBe('As somebody who may, type: create schema "taxon_internal" authorization "owner";');
    await admin.rows('create schema taxon_internal authorization owner');
    await admin.close();
    expect(await sql.value(`select has_database_privilege(current_database(), 'create')`)).toBe(false);
    expect(await run()).toEqual(everything);
  });
});

describe('a file that fails', () => {
  test('among the repeatable ones: is named with its line, and nothing of them is loaded', async () => {
    await migrated();
    const before = await schemaText(database.url, 'taxon');
    const file = join(root.folder, 'sql/memory/exact.sql');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').length;
    appendFileSync(
      file,
      `comment on function exact(text) is 'Half 🫖 loaded.';\n\nselect *\n  from nowhere;\nselect 1;\n`,
    );
    const { message } = await failure();
    expect(message).toBe(`sql/memory/exact.sql:${lines + 4}: relation "nowhere" does not exist`);
    expect(await schemaText(database.url, 'taxon')).toBe(before);
  });

  test('among the migrations: is named with its line, and none of those that were due is kept', async () => {
    const file = join(root.folder, 'migrations/9999_broken.sql');
    writeFileSync(
      join(root.folder, 'migrations/9998_good.sql'),
      '-- Up Migration\ncreate table good (x integer);\n',
    );
    writeFileSync(
      file,
      '-- Up Migration\ncreate table half (x integer);\nalter table nowhere add x integer;\n',
    );
    const { message } = await failure();
    expect(message).toBe('migrations/9999_broken.sql: relation "nowhere" does not exist');
    expect(
      await sql.rows(
        `select relname from pg_class where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and relkind = 'r'`,
      ),
    ).toEqual([{ relname: 'migrations' }]);
    writeFileSync(file, '-- Up Migration\ncreate table half (\n  x integer,\n  y nosuchtype);\n');
    expect((await failure()).message).toBe('migrations/9999_broken.sql:4: type "nosuchtype" does not exist');
    writeFileSync(file, '-- Up Migration\ncreate table whole (x integer);\n');
    expect((await run()).migrations).toEqual([...everything.migrations, '9998_good', '9999_broken']);
  });
});

describe('roles', () => {
  const roles = `select string_agg(rolname || case when rolcanlogin then ' may log in' else '' end, ', ' order by rolname)
    from pg_roles where rolname like 'taxon%'`;

  test('are made where they are missing, and may be there before, made by others', async () => {
    const cluster = await ownCluster();
    try {
      const admin = await openSession(cluster.url('postgres'));
      await admin.rows('create role maker login createrole');
      await admin.rows('create role plain login');
      for (const name of ['maker', 'plain']) {
        await admin.rows(`create database ${name}_shop owner ${name}`);
        const inside = await openSession(cluster.url(`${name}_shop`));
        await inside.rows('create extension vector');
        await inside.rows('create extension pg_trgm');
        await inside.close();
      }
      // this one a person made, who lets it log in
      await admin.rows('create role taxon_reader login');
      expect(await migrate({ url: cluster.url('maker_shop', 'maker'), schema: 'taxon' })).toEqual(everything);
      expect(await admin.value(roles)).toBe(
        'taxon_admin, taxon_reader may log in, taxon_sidecar, taxon_writer',
      );
      // and with all of them there, an owner who may make no roles
      expect(await migrate({ url: cluster.url('plain_shop', 'plain'), schema: 'taxon' })).toEqual(everything);
      await admin.close();
    } finally {
      await cluster.destroy();
    }
  });
});
