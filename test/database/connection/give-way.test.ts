import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../../src/database/connection/migrate.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { startTaxon } from '../../support/processes.ts';
import { copySql, type SqlRoot } from '../../support/schema.ts';
import { openSession, type Session } from '../../support/sql.ts';

let database: TestDatabase;
let sql: Session;
let writer: Session;
let root: SqlRoot;

beforeEach(async () => {
  database = await testDatabase();
  sql = await openSession(database.url);
  writer = await openSession(database.url);
  root = copySql();
});
afterEach(async () => {
  root.remove();
  await sql.close();
  await writer.close();
  await database.drop();
});

/** An application that has written a row and does not commit. */
async function openWriter(): Promise<number> {
  await writer.rows(`set application_name = 'the shop'`);
  await writer.rows('begin');
  await writer.rows(`insert into taxon.products (name) values ('half written')`);
  return writer.value<number>('select pg_backend_pid()');
}
/** As an older version of pgtaxon left it: the whole SQL is due, and so is a trigger. */
const outdate = () =>
  sql.rows(
    `update taxon_internal.all_settings set value = '"old"' where key = 'sql_sha256';
     alter table taxon.products disable trigger answer_on_insert`,
  );

describe('migrate while an application has a transaction open', () => {
  test('lets others insert, names who is in the way, and succeeds when he ends', async () => {
    await outdate();
    const pid = await openWriter();
    const process = startTaxon(['migrate'], { DATABASE_URL: database.url });
    await process.says('tries again');
    expect(process.stderr()).toMatch(
      new RegExp(
        `migrate lets others through and tries again: in the way is pid ${pid} \\(application "the shop", .*s old\\)`,
      ),
    );
    // an innocent one, again and again: it waits a moment at most, and the open transaction is still open
    for (let i = 0; i < 5; i++) await sql.rows(`insert into taxon.products (name) values ('innocent ${i}')`);
    expect(await sql.value(`select state from pg_stat_activity where pid = ${pid}`)).toBe(
      'idle in transaction',
    );
    await writer.rows('commit');
    expect(await process.ended).toBe(0);
    expect(process.stdout()).toContain('ran: the repeatable SQL');
    expect(await sql.value(`select tgenabled from pg_trigger where tgname = 'answer_on_insert'`)).toBe('O');
  });

  test('also a once-only migration that alters the table', async () => {
    writeFileSync(
      join(root.folder, 'migrations/9999_later.sql'),
      '-- Up Migration\nalter table products add later text;\n',
    );
    await openWriter();
    let over = false;
    const running = migrate({ url: database.url, schema: 'taxon', root: root.folder }).finally(() => {
      over = true;
    });
    await expect
      .poll(
        () =>
          sql.value(
            `select count(*) from pg_stat_activity where application_name = 'taxon migrate' and wait_event_type = 'Lock'`,
          ),
        { timeout: 60_000 },
      )
      .toBe(1);
    await sql.rows(`insert into taxon.products (name) values ('innocent')`);
    expect(over).toBe(false);
    await writer.rows('commit');
    expect((await running).migrations).toEqual(['9999_later']);
  });

  test('gives up after the time that was set, with nothing changed and words on what to do', async () => {
    await outdate();
    const pid = await openWriter();
    const error = await migrate({ url: database.url, schema: 'taxon', lockWaitSeconds: 0 }).catch((e) => e);
    expect(error.message).toContain(
      `migrate found no moment in 0 s: in the way is pid ${pid} (application "the shop"`,
    );
    expect(error.hint).toContain('TAXON_LOCK_WAIT_SECONDS');
    expect(await sql.value(`select value from taxon_internal.all_settings where key = 'sql_sha256'`)).toBe(
      'old',
    );
  });

  test('needs no moment at all where no trigger has changed', async () => {
    await sql.rows(`update taxon_internal.all_settings set value = '"old"' where key = 'sql_sha256'`);
    await openWriter();
    await writer.rows('select from taxon.labels, taxon_internal.queue, taxon.categories');
    const result = await migrate({ url: database.url, schema: 'taxon', lockWaitSeconds: 0 });
    expect(result).toEqual({ migrations: [], repeatable: true });
  });

  test('keeps a trigger that was made to fire always, and makes one anew that somebody changed', async () => {
    await sql.rows(
      `alter table taxon.products enable always trigger answer_on_insert;
       drop trigger labels_deleted on taxon.labels;
       comment on trigger labels_inserted on taxon.labels is 'mine';
       update taxon_internal.all_settings set value = '"old"' where key = 'sql_sha256'`,
    );
    await migrate({ url: database.url, schema: 'taxon' });
    const found = await sql.rows(
      `select tgname as name, tgenabled as enabled, obj_description(oid, 'pg_trigger') as says from pg_trigger
       where tgname in ('answer_on_insert', 'labels_deleted', 'labels_inserted') order by 1`,
    );
    expect(found).toEqual([
      { name: 'answer_on_insert', enabled: 'A', says: expect.any(String) },
      { name: 'labels_deleted', enabled: 'O', says: expect.any(String) },
      { name: 'labels_inserted', enabled: 'O', says: expect.not.stringContaining('mine') },
    ]);
  });
});
