import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/database/connection/migrate.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import { TaxonError } from '../../src/errors.ts';
import { taxonHere } from '../support/command.ts';
import { type OwnCluster, ownCluster } from '../support/database.ts';
import { runTaxon } from '../support/processes.ts';
import { openSession, type Session } from '../support/sql.ts';

/* A server where nobody has prepared anything, and an owner who may make no roles. */
let cluster: OwnCluster;
let admin: Session;
const url = (login: string) => cluster.url('shop', login);

beforeAll(async () => {
  cluster = await ownCluster();
  const server = await openSession(cluster.url('postgres'));
  await server.rows('create role owner login');
  await server.rows('create role app login');
  await server.rows('create role shop_owner login');
  await server.rows('create database shop owner owner');
  await server.close();
  admin = await openSession(cluster.url('shop'));
});
afterAll(async () => {
  await admin?.close();
  await cluster?.destroy();
});

async function refusal(login: string): Promise<TaxonError> {
  const error = await migrate({ url: url(login), schema: 'taxon' }).catch((error) => error);
  expect(error).toBeInstanceOf(TaxonError);
  return error;
}
async function as<T>(login: string, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(url(login));
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

describe('an owner who may make no roles', () => {
  test('is told which are missing and what makes them, and nothing is made', async () => {
    const { message, hint } = await refusal('owner');
    expect(message).toBe(
      'owner may not make roles, and these are missing: taxon_reader, taxon_writer, taxon_admin, taxon_sidecar',
    );
    expect(hint).toBe(
      'As somebody who may, type: create role taxon_reader nologin; create role taxon_writer nologin; create role taxon_admin nologin; create role taxon_sidecar nologin;',
    );
    expect(await admin.value(`select to_regnamespace('taxon')`)).toBeNull();
    expect(await admin.rows(`select from pg_extension where extname in ('vector', 'pg_trgm')`)).toEqual([]);
    await admin.rows((hint ?? '').replace('As somebody who may, type: ', ''));
  });

  test('and then what else is missing, and is not left with one extension of two', async () => {
    expect((await refusal('app')).message).toBe(
      'app may not make the schema "taxon" and "taxon_internal", or anything in it',
    );
    await admin.rows('create extension vector');
    await admin.rows('create schema taxon authorization owner');
    await admin.rows('create schema taxon_internal authorization owner');
    await admin.rows('alter database shop owner to postgres');
    expect((await refusal('owner')).message).toContain('the extension pg_trgm is not installed');
    await admin.rows('create extension pg_trgm');
  });

  test('migrates once they are there', async () => {
    expect((await migrate({ url: url('owner'), schema: 'taxon' })).repeatable).toBe(true);
  });
});

describe('whoever migrates later', () => {
  const owners = () =>
    admin.rows(
      `select distinct proowner::regrole::text as owner from pg_proc where pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)`,
    );

  test('as a superuser makes what is new the owner’s, whose rights it has', async () => {
    await admin.rows('drop function taxon_internal.forgotten_health() cascade');
    await migrate({ url: cluster.url('shop'), schema: 'taxon' });
    expect(await owners()).toEqual([{ owner: 'owner' }]);
  });

  test('as somebody else is told whose it is', async () => {
    const { message, hint } = await refusal('app');
    expect(message).toBe('the schema "taxon" belongs to owner, and app may not act as that role');
    expect(hint).toContain('Connect as owner');
  });
});

describe('what lacks rights names the role to grant', () => {
  const taxon = (command: string, login = 'app') =>
    taxonHere(command.split(' '), { DATABASE_URL: url(login) });

  test('step by step, for a login that has none', async () => {
    const first = await taxon('status');
    expect(first.stderr).toContain('permission denied for schema taxon');
    expect(first.stderr).toContain('grant taxon_reader to app;');
    await admin.rows('grant taxon_writer to app');
    expect((await taxon('status')).stderr).toContain('grant taxon_reader to app;');
    await admin.rows('grant taxon_reader to app');
    expect(await taxon('status')).toMatchObject({ code: 0 });
    expect((await runTaxon(['clean'], { DATABASE_URL: url('app') })).stderr).toContain(
      'grant taxon_admin to app;',
    );
    await admin.rows('revoke taxon_reader, taxon_writer from app');
  });

  test('in a transaction too, on the one connection that there is', async () => {
    await admin.rows('grant taxon_writer to app');
    const db = openDatabase(url('app'), { schema: 'taxon', poolSize: 1 });
    try {
      for (const statement of [`select taxon.set_setting('guard', 'false')`, 'delete from taxon.products'])
        await expect(db.transaction((client) => client.query(statement))).rejects.toMatchObject({
          code: '42501',
          hint: 'As the owner of the schema type: grant taxon_admin to app;',
        });
      await expect(db.rows('select taxon_internal.wake()')).rejects.not.toHaveProperty(
        'hint',
        expect.any(String),
      );
    } finally {
      await db.close();
      await admin.rows('revoke taxon_writer from app');
    }
  });

  test('for a sidecar: taxon_sidecar', async () => {
    const { code, stderr } = await taxon('sidecar');
    expect(code).toBe(1);
    expect(stderr).toContain('permission denied');
    expect(stderr).toContain('As the owner of the schema type: grant taxon_sidecar to app;');
  });
});

describe('an application’s own view upon products_readable', () => {
  test('needs one grant, a role of ours to its owner and to whoever looks', async () => {
    await admin.rows('create schema shop authorization shop_owner');
    await admin.rows('grant taxon_writer to shop_owner, app');
    await as('owner', async (session) => {
      await session.rows(
        `insert into taxon.labels (name_key, category_id, source) select 'kettle', taxon_internal.make_category('{Home,Kettles}'), 'human'`,
      );
      await session.rows(`insert into taxon.products (name, external_id) values ('Kettle', '4711')`);
    });
    await as('shop_owner', async (session) => {
      await session.rows(
        'create view shop.answers as select external_id, l1, path, source from taxon.products_readable',
      );
      await session.rows('grant usage on schema shop to app');
      await session.rows('grant select on shop.answers to app');
    });
    const found = [{ external_id: '4711', l1: 'Home', path: 'Home > Kettles', source: 'exact' }];
    expect(await as('shop_owner', (session) => session.rows('select * from shop.answers'))).toEqual(found);
    expect(await as('app', (session) => session.rows('select * from shop.answers'))).toEqual(found);
  });
});
