import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/database/connection/migrate.ts';
import { taxonHere } from '../support/command.ts';
import { type OwnCluster, ownCluster } from '../support/database.ts';
import { dump, restore, schemaText } from '../support/schema.ts';
import { startSidecarHere } from '../support/sidecar.ts';
import { openSession } from '../support/sql.ts';

/*
 * What hosted PostgreSQL gives: an owner who is no superuser, and the extensions there before, another's. One cluster is
 * dumped, another is fresh.
 */
const file = join(tmpdir(), `pgtaxon-${process.pid}.dump`);
const roles = ['taxon_reader', 'taxon_writer', 'taxon_admin', 'taxon_sidecar'];
let from: OwnCluster;
let to: OwnCluster;
let before: string;

async function run(url: string, ...statements: string[]): Promise<void> {
  const session = await openSession(url);
  try {
    for (const statement of statements) await session.rows(statement);
  } finally {
    await session.close();
  }
}

async function makeShop(cluster: OwnCluster, createrole = true): Promise<void> {
  await run(
    cluster.url('postgres'),
    `create role owner login ${createrole ? 'createrole' : 'nocreaterole'}`,
    'create database shop owner owner',
  );
  await run(
    cluster.url('shop'),
    'create schema extensions',
    'create extension vector schema extensions',
    'create extension pg_trgm schema extensions',
    'grant usage on schema extensions to public',
  );
}

beforeAll(async () => {
  from = await ownCluster();
  await makeShop(from);
  const url = from.url('shop', 'owner');
  await migrate({ url, schema: 'taxon' });
  await run(
    url,
    `insert into taxon.labels (name_key, category_id, source)
       select 'red kettle 1.7 l', taxon_internal.make_category('{Home,Kettles}'), 'human'`,
    `insert into taxon.products (name) values ('Red kettle 1.7 l')`,
  );
  before = await schemaText(url, 'taxon');
  await dump(url, file);
});
afterEach(() => to?.destroy());
afterAll(async () => {
  await from?.destroy();
  rmSync(file, { force: true });
});

/** All that a restore by the owner may complain of: what is the extensions'. */
const notOurs = [
  'schema "extensions" already exists',
  'must be owner of extension pg_trgm',
  'must be owner of extension vector',
];
const shop = () => to.url('shop', 'owner');
const check = () => migrate({ url: shop(), schema: 'taxon', check: true });

/** A sidecar, by its role alone, answers a new name by similarity; a writer inserts it. */
async function works(): Promise<void> {
  await run(
    to.url('postgres'),
    'create role sidecar login in role taxon_sidecar',
    'create role app login in role taxon_writer',
  );
  const sidecar = await startSidecarHere(to.url('shop', 'sidecar'));
  const app = await openSession(to.url('shop', 'app'));
  try {
    await app.rows(`insert into taxon.products (name) values ('Red kettle 1,7 l')`);
    await expect
      .poll(
        () => app.rows(`select source, path from taxon.products_readable where name = 'Red kettle 1,7 l'`),
        {
          timeout: 120_000,
        },
      )
      .toEqual([{ source: 'similar', path: 'Home > Kettles' }]);
  } finally {
    await app.close();
    await sidecar.stop();
  }
}

describe('pg_restore by an owner who is no superuser', () => {
  test('into a fresh cluster that has the roles gives all there was', async () => {
    to = await ownCluster();
    await makeShop(to);
    await run(to.url('postgres'), ...roles.map((role) => `create role ${role}`));
    expect(await restore(file, shop())).toEqual(notOurs);
    // an expression that was dumped and read again has other parentheses and names
    const plain = (text: string) => text.replace(/ AS "?\w+"?|[\s()]/g, '');
    expect(plain(await schemaText(shop(), 'taxon'))).toBe(plain(before));
    expect(await check()).toEqual({ migrations: [], repeatable: false });
    await works();
  });

  test('into one without the roles: is said by migrate --check, and mended by migrate', async () => {
    to = await ownCluster();
    await makeShop(to);
    const errors = await restore(file, shop());
    expect(errors.filter((error) => !/^role "taxon_\w+" does not exist$/.test(error))).toEqual(notOurs);
    const { code, stdout } = await taxonHere(['migrate', '--check'], { DATABASE_URL: shop() });
    expect(code).toBe(1);
    expect(stdout).toContain('would run: the repeatable SQL');
    expect(stdout).toMatch(
      /is not as it was made: privileges of function .*: PUBLIC: execute, not .*; and \d+ more/,
    );
    expect((await check()).repairs).toContain(
      'privileges of function claim(worker text, most integer, lease interval, claim_id uuid, held uuid[], owed uuid[]): PUBLIC: execute, not taxon_sidecar: execute',
    );
    await migrate({ url: shop(), schema: 'taxon' });
    expect(await schemaText(shop(), 'taxon')).toBe(before);
    expect(await check()).toEqual({ migrations: [], repeatable: false });
    await works();
  });

  test('as another owner and with no privileges at all: migrate gives what there was', async () => {
    to = await ownCluster();
    await makeShop(to);
    await run(
      to.url('postgres'),
      'create role landlord login createrole',
      'alter database shop owner to landlord',
    );
    const url = to.url('shop', 'landlord');
    await restore(file, url, '--no-owner', '--no-privileges');
    expect((await migrate({ url, schema: 'taxon', check: true })).repeatable).toBe(true);
    await migrate({ url, schema: 'taxon' });
    const theirs = (await schemaText(url, 'taxon')).replace(/\blandlord\b/g, 'owner');
    expect(theirs).toBe(before);
  });

  test('that lost functions, triggers, views, indexes, constraints and comments: migrate makes them again', async () => {
    to = await ownCluster();
    await makeShop(to);
    await run(to.url('postgres'), ...roles.map((role) => `create role ${role}`));
    await restore(file, shop());
    await run(
      shop(),
      'drop function taxon_internal.similar_labels(text[], bytea) cascade',
      'drop function taxon_internal.answer_on_insert() cascade',
      'drop view taxon.products_readable',
      'drop index taxon.labels_trigrams',
      'alter table taxon_internal.llm_calls drop constraint llm_calls_state_check',
      'alter table taxon.products alter column created_at drop default',
      'comment on table taxon.products is null',
      'alter table taxon.labels disable trigger labels_deleted',
      'alter function taxon_internal.claim(text, integer, interval, uuid, uuid[], uuid[]) security invoker',
    );
    const { code } = await taxonHere(['migrate', '--check'], { DATABASE_URL: shop() });
    expect(code).toBe(1);
    expect((await check()).repairs).toEqual([
      'comment on table products is missing',
      'constraint llm_calls_state_check on llm_calls is missing',
      'default of products.created_at is missing',
      'function answer_on_insert() is missing',
      'function claim(worker text, most integer, lease interval, claim_id uuid, held uuid[], owed uuid[]) was changed',
      'function similar_label(name_key text) is missing',
      'function similar_labels(names text[], train_from bytea) is missing',
      'index labels_trigrams is missing',
      'trigger answer_on_insert on products is missing',
      'trigger labels_deleted on labels was changed',
      'view products_readable is missing',
    ]);
    const sidecar = await taxonHere(['sidecar'], { DATABASE_URL: shop() });
    expect(sidecar.code).toBe(1);
    expect(sidecar.stderr).toContain(
      'the schema "taxon" has lost functions, as in a restore: answer_on_insert(); similar_label(); similar_labels()',
    );
    await migrate({ url: shop(), schema: 'taxon' });
    expect(await schemaText(shop(), 'taxon')).toBe(before);
    expect(await check()).toEqual({ migrations: [], repeatable: false });
  });

  test('that lost a table: migrate refuses, as its rows are lost too', async () => {
    to = await ownCluster();
    await makeShop(to);
    await restore(file, shop());
    await run(shop(), 'drop table taxon_internal.embeddings cascade');
    await expect(migrate({ url: shop(), schema: 'taxon' })).rejects.toThrow(
      /the schema "taxon" is not whole: .*table embeddings is missing/,
    );
  });
});
