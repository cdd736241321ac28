import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSession, type Session, taxonDatabase } from '../support/sql.ts';

/*
 * The triggers on products run with the owner's rights inside every application's INSERT and pin no search_path (its cost
 * is measured in sql/40_insert.sql). Here a writer does all that a writer can to make them call something of his.
 */
const t = taxonDatabase();
const role = `mallory_${randomBytes(4).toString('hex')}`;
let mallory: Session;

beforeAll(async () => {
  const admin = await t.superuser();
  await admin.rows(`create role ${role} login in role taxon_writer`);
  await admin.rows(`create schema evil authorization ${role}`);
  await admin.rows(`grant temporary on database ${t.database.name} to ${role}`);
  mallory = await openSession(await t.database.urlFor(role));
  await mallory.rows('create table evil.stolen (what text)');
  await mallory.rows('grant all on schema evil to public');
  await mallory.rows('grant all on evil.stolen to public');
  const steal = `begin insert into evil.stolen values (current_user); return`;
  await mallory.rows(`
    create table evil.labels (name_hash bytea, name_key text, category_id bigint, source text);
    insert into evil.labels values (sha256('new'), 'new', 666, 'human');
    create table evil.categories (category_id bigint, l1 bigint, l2 bigint, l3 bigint);
    insert into evil.categories values (666, 666, 666, 666);
    create table evil.queue (name_key text);
    create table evil.sidecars (idle boolean, seen_at timestamptz);
    create table evil.notify_until (last_value bigint);
    create function evil.date_part(text, timestamptz) returns double precision language plpgsql as $$ ${steal} null; end $$;
    create function evil.clock_timestamp() returns timestamptz language plpgsql as $$ ${steal} null; end $$;
    create table evil.arrived (name_key text, state text);
    create function evil.steal(text) returns boolean language plpgsql as $$ ${steal} true; end $$;
    create function evil.normalise(text) returns text language plpgsql as $$ ${steal} 'new'; end $$;
    create function evil.name_hash(text) returns bytea language plpgsql as $$ ${steal} '\\x00'; end $$;
    create function evil.wake() returns void language plpgsql as $$ ${steal}; end $$;
    create function evil.now() returns timestamptz language plpgsql as $$ ${steal} null; end $$;
    create function evil.pg_notify(text, text) returns void language plpgsql as $$ ${steal}; end $$;
    create function evil.pg_current_xact_id() returns xid8 language plpgsql as $$ ${steal} null; end $$;
    create function evil.equal(text, text) returns boolean language plpgsql as $$ ${steal} true; end $$;
    create function evil.equal(bytea, bytea) returns boolean language plpgsql as $$ ${steal} true; end $$;
    create function evil.equal(bigint, bigint) returns boolean language plpgsql as $$ ${steal} true; end $$;
    create function evil.later(timestamptz, timestamptz) returns boolean language plpgsql as $$ ${steal} true; end $$;
    create function evil.minus(timestamptz, interval) returns timestamptz language plpgsql as $$ ${steal} null; end $$;
    create function evil.more(bigint, double precision) returns boolean language plpgsql as $$ ${steal} true; end $$;
    create operator evil.> (function = evil.more, leftarg = bigint, rightarg = double precision);
    create function evil.equal(xid8, xid8) returns boolean language plpgsql as $$ ${steal} true; end $$;
    create function evil.more(integer, integer) returns boolean language plpgsql as $$ ${steal} true; end $$;
    create function evil.somebody_sleeps() returns boolean language plpgsql as $$ ${steal} true; end $$;
    create function evil.num_nonnulls(variadic bigint[]) returns integer language plpgsql as $$ ${steal} 0; end $$;
    create operator evil.<> (function = evil.equal, leftarg = text, rightarg = text);
    create operator evil.<> (function = evil.equal, leftarg = xid8, rightarg = xid8);
    create operator evil.> (function = evil.more, leftarg = integer, rightarg = integer);
    create operator evil.= (function = evil.equal, leftarg = text, rightarg = text);
    create operator evil.= (function = evil.equal, leftarg = bytea, rightarg = bytea);
    create operator evil.= (function = evil.equal, leftarg = bigint, rightarg = bigint);
    create operator evil.> (function = evil.later, leftarg = timestamptz, rightarg = timestamptz);
    create operator evil.- (function = evil.minus, leftarg = timestamptz, rightarg = interval);`);
  for (const type of ['text', 'bytea', 'int8', 'bool', 'timestamptz', 'interval', 'xid8', 'record'])
    await mallory.rows(
      `create domain evil.${type} as pg_catalog.text check (evil.steal(value::pg_catalog.text))`,
    );
});

afterAll(async () => {
  await mallory.close();
  const admin = await openSession(t.database.superUrl);
  await admin.rows(`drop owned by ${role} cascade`);
  await admin.rows(`drop role ${role}`);
  await admin.close();
});

/** All that goes through the hot functions: exact, new, empty, upsert-like rename, a sidecar that sleeps. */
async function useAll(session: Session): Promise<void> {
  const known = await t.label('known', 'Food');
  await t.owner.rows(`select heartbeat('w', 'h', 1, '1', null, null, true, true, null)`);
  const insert = `insert into taxon.products (external_id, name) values ($1, $2) returning product_id, state, category_id`;
  expect(await session.row(insert, 'a', 'KNOWN')).toMatchObject({ state: 'done', category_id: known });
  expect(await session.row(insert, 'b', 'New')).toMatchObject({ state: 'pending', category_id: null });
  expect(await session.row(insert, 'c', '')).toMatchObject({ state: 'failed' });
  const rename = `update taxon.products set name = $2 where external_id = $1::pg_catalog.text returning state`;
  expect(await session.rows(rename, 'b', 'Newer')).toEqual([{ state: 'pending' }]);
  expect(await session.rows(rename, 'b', 'NEWER')).toEqual([{ state: 'pending' }]);
  expect(await t.queued()).toEqual(['newer']);
  expect(await t.owner.value('select idle from sidecars')).toBe(true);
}

async function nothingStolen(): Promise<void> {
  const admin = await t.superuser();
  expect(await admin.rows('select distinct what from evil.stolen')).toEqual([]);
  expect(await admin.value('select count(*) from evil.queue')).toBe(0);
}

describe('a writer with a search_path of his own', () => {
  test.each([
    ['his schema first, pg_catalog last', 'evil, taxon, taxon_internal, extensions, pg_catalog'],
    ['his schema alone', 'evil, pg_catalog'],
    ['his schema after pg_catalog', 'pg_catalog, evil'],
    ['nothing', "''"],
  ])('%s: gets right answers and nothing of his is called', async (_what, path) => {
    const session = await openSession(await t.database.urlFor(role), path);
    try {
      // his own statements call his own operators, as himself: only what the triggers call counts
      await useAll({
        ...session,
        rows: (sql, ...values) => session.rows(sql.replace(' = $1', ' operator(pg_catalog.=) $1'), ...values),
      });
    } finally {
      await session.close();
    }
    await nothingStolen();
  });

  test('temporary tables and types named as ours: nothing of his is used', async () => {
    const session = await openSession(await t.database.urlFor(role));
    try {
      for (const name of [
        'labels',
        'queue',
        'sidecars',
        'notify_until',
        'categories',
        'arrived',
        'products',
        'record',
      ])
        await session.rows(
          `create temporary table ${name} (name_key pg_catalog.text, state pg_catalog.text)`,
        );
      for (const type of ['text', 'bytea', 'bool', 'int8', 'timestamptz', 'interval'])
        await session.rows(
          `create domain pg_temp.${type} as pg_catalog.text check (evil.steal(value::pg_catalog.text))`,
        );
      await useAll(session);
      for (const name of ['queue', 'arrived'])
        expect(await session.rows(`select from pg_temp.${name}`)).toEqual([]);
    } finally {
      await session.close();
    }
    await nothingStolen();
  });

  test('the trap works: a function without pinned path does call his', async () => {
    const session = await openSession(await t.database.urlFor(role), 'evil, pg_catalog');
    await t.owner.rows(`
      create function public.careless(t pg_catalog.text) returns pg_catalog.text language plpgsql security definer as $$
      declare key text := t; begin return key; end $$`);
    try {
      await session.rows(`select public.careless('x')`);
      expect(await session.rows('select what from evil.stolen limit 1')).toEqual([{ what: 'owner' }]);
    } finally {
      await session.rows('delete from evil.stolen');
      await session.close();
      await t.owner.rows('drop function public.careless');
    }
  });
});
