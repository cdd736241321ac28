import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let stranger: Session;
let holder: Session;
let sidecar: Session;

beforeAll(async () => {
  stranger = await t.connect('taxon_reader');
  holder = await t.connect();
  sidecar = await t.connect('taxon_sidecar');
});
afterEach(async () => {
  await holder.rows('rollback');
  await stranger.rows('select pg_advisory_unlock_all()');
});

const purposes = [
  'checks',
  'drift',
  'guard',
  'import',
  'kinds',
  'models',
  'rollouts',
  'runs',
  'settling',
  'taxonomy',
  'thresholds',
];
const hold = async (purpose: string) => {
  await holder.rows(`set application_name = 'somebody'; set search_path = taxon, taxon_internal`);
  await holder.rows('begin');
  await holder.rows('select hold_lock($1)', purpose);
  return holder.value<number>('select pg_backend_pid()');
};

describe('a login of the database that is not ours', () => {
  test('stops nothing by holding every advisory lock whose number is an oid', async () => {
    await stranger.rows(
      `select pg_advisory_lock(c.oid::bigint) from pg_class c where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and c.relkind = 'r'`,
    );
    await t.label('kettle', 'home > kitchen');
    await t.insertAll('pot');
    await t.claim('w');
    await sidecar.rows(`set statement_timeout = '5 s'`);
    expect(
      await sidecar.rows(`select name_key from taxon_internal.settle_from_memory('w', array['pot'])`),
    ).toEqual([{ name_key: 'pot' }]);
    expect(
      await sidecar.row(`select * from taxon_internal.settle_local('w', null, '[{"name_key": "pot"}]')`),
    ).toEqual({ answered: 0, passed_on: 1 });
  });

  test.each(['taxon_reader', 'taxon_writer', 'taxon_admin', 'taxon_sidecar'])(
    '%s cannot hold ours',
    async (role) => {
      const session = await t.connect(role);
      await session.rows('begin');
      for (const purpose of purposes) {
        await session.rows('savepoint a');
        await expect(
          session.rows(`lock table taxon_internal.${purpose}_lock in row share mode`),
        ).rejects.toMatchObject({
          code: '42501',
        });
        await session.rows('rollback to a');
      }
      await session.rows('rollback');
    },
  );
});

test('no SQL of the project takes an advisory lock', () => {
  const folder = join(packageRoot, 'sql');
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.sql') && /pg_(try_)?advisory/.test(readFileSync(join(folder, file), 'utf8')),
  );
  expect(found).toEqual([]);
});

describe('a lock that is held', () => {
  test('lets the same transaction pass, and others that share it', async () => {
    await holder.rows('begin');
    await holder.rows('select taxon_internal.hold_taxonomy(), taxon_internal.hold_taxonomy()');
    await t.owner.rows('select hold_taxonomy()');
    expect(await t.owner.value(`select try_lock('taxonomy')`)).toBe(false);
    await holder.rows('commit');
    expect(await t.owner.value(`select try_lock('taxonomy')`)).toBe(true);
  });

  test.each(purposes)(
    '%s: is an error in the end, with who holds it, that sidecars try again after',
    async (purpose) => {
      const pid = await hold(purpose);
      await expect(t.owner.rows(`select hold_lock($1, patience => '50 ms')`, purpose)).rejects.toMatchObject({
        code: '55P03',
        message: expect.stringMatching(
          new RegExp(
            `holds the lock "${purpose}" and did not end in 0.05 s: pid ${pid} \\(application "somebody", its transaction is 0 s old\\)`,
          ),
        ),
      });
    },
  );

  test('is waited for no longer than lock_timeout, where that is shorter', async () => {
    await hold('guard');
    const other = await t.connect();
    await other.rows(`set lock_timeout = '50 ms'`);
    await expect(other.rows('select taxon_internal.learn_guard()')).rejects.toMatchObject({
      code: '55P03',
      message: expect.stringContaining('did not end in 0.05 s'),
    });
  });

  test('the timeout of one lock is not that of what comes after it', async () => {
    await holder.rows('begin');
    await holder.rows(`set local lock_timeout = '7s'`);
    await holder.rows('select taxon_internal.hold_taxonomy()');
    expect(await holder.value('show lock_timeout')).toBe('7s');
  });

  test('health() names the pid while something waits for it', async () => {
    const items = () =>
      t.owner.rows(`select status, value, detail from health() where item = 'lock taxonomy'`);
    expect(await items()).toEqual([]);
    const pid = await hold('taxonomy');
    const settling = sidecar.rows(`select * from taxon_internal.settle_from_memory('w', array['pot'])`);
    await expect.poll(items, { timeout: 20_000 }).toEqual([
      {
        status: 'warn',
        value: String(pid),
        detail: expect.stringMatching(
          new RegExp(
            `^held by pid ${pid} \\(application "somebody", .*; 1 of ours wait for it, the first for \\d+ s; to end it: `,
          ),
        ),
      },
    ]);
    await holder.rows('commit');
    await settling;
    expect(await items()).toEqual([]);
  });
});
