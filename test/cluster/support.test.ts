import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase, testDatabase } from '../support/database.ts';
import { needsMachine } from '../support/needs.ts';

const made: TestDatabase[] = [];
async function keep(database: Promise<TestDatabase>): Promise<TestDatabase> {
  made.push(await database);
  return database;
}
afterAll(() => Promise.all(made.map((database) => database.drop())));

async function row(url: string, text: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows[0];
  } finally {
    await client.end();
  }
}

test('a test database is migrated, owned by a role that is no superuser, and alone', async () => {
  const [a, b] = await Promise.all([keep(testDatabase()), keep(testDatabase())]);
  expect(a.name).not.toBe(b.name);
  const who = `select current_user, rolsuper, rolcreaterole, current_database(),
                      (select count(*) from taxon.products)::int as products
               from pg_roles where rolname = current_user`;
  expect(await row(a.url, who)).toEqual({
    current_user: 'owner',
    rolsuper: false,
    rolcreaterole: true,
    current_database: a.name,
    products: 0,
  });
  expect(await row(b.superUrl, who)).toMatchObject({ current_user: 'postgres', rolsuper: true });
});

test('without the template there are only the extensions, in their own schema', async () => {
  const bare = await keep(testDatabase({ template: false }));
  expect(
    await row(
      bare.url,
      `select string_agg(extname || ' in ' || extnamespace::regnamespace, ', ' order by extname) as extensions,
              to_regnamespace('taxon') as taxon
       from pg_extension where extname <> 'plpgsql'`,
    ),
  ).toEqual({ extensions: 'pg_trgm in extensions, vector in extensions', taxon: null });
});

test('urlFor logs in as a member of a role that cannot log in', async () => {
  const database = await keep(testDatabase());
  const url = await database.urlFor('taxon_reader');
  expect(await database.urlFor('taxon_reader')).toBe(url);
  expect(
    await row(
      url,
      `select current_user, pg_has_role('taxon_reader', 'usage') as reader, pg_has_role('owner', 'usage') as owner`,
    ),
  ).toEqual({ current_user: 'login_taxon_reader', reader: true, owner: false });
  await expect(database.urlFor('nobody_of_that_name')).rejects.toThrow('there is no role');
});

const lower = `select lower('ЧАЙНИК') as cyrillic, lower('I') as i`;

test('a database of another locale: C', async () => {
  const c = await keep(createDatabase({ locale: 'C' }));
  expect(await row(c.url, lower)).toEqual({ cyrillic: 'ЧАЙНИК', i: 'i' });
});

test('and Turkish by ICU', async (context) => {
  needsMachine(context, 'ICU');
  const turkish = await keep(createDatabase({ locale: 'C', icuLocale: 'tr-TR' }));
  expect(await row(turkish.url, lower)).toEqual({ cyrillic: 'чайник', i: 'ı' });
});

test('drop removes a database with somebody in it', async () => {
  const database = await testDatabase({ template: false });
  const visitor = new pg.Client({ connectionString: database.url });
  visitor.on('error', () => {});
  await visitor.connect();
  await database.drop();
  await expect(row(database.url, 'select 1')).rejects.toThrow('does not exist');
  await visitor.end();
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a run that is killed leaves no cluster behind', async () => {
  const script = new URL('../support/cluster-child.ts', import.meta.url).pathname;
  const run = spawn(process.execPath, [script, 'temporary'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(run.stdout.setEncoding('utf8'), 'data');
  const { dataDir, pid } = JSON.parse(line);
  expect(existsSync(dataDir)).toBe(true);
  run.kill('SIGKILL');
  while (existsSync(dataDir)) await sleep(20);
  // The process itself is gone when its new parent, process 1, has looked: seconds, in some containers.
  await expect.poll(() => alive(pid), { timeout: 120_000 }).toBe(false);
});
