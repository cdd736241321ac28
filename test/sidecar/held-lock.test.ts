import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';
import { openSession, type Session } from '../support/sql.ts';

let database: TestDatabase;
let owner: Session;
let holder: Session;
let sidecar: SidecarHere;

beforeAll(async () => {
  database = await testDatabase();
  owner = await openSession(database.url, 'taxon, taxon_internal, extensions, public');
  holder = await openSession(database.url, 'taxon, taxon_internal, extensions, public');
  sidecar = await startSidecarHere(await database.urlFor('taxon_sidecar'), {});
});
afterAll(async () => {
  await sidecar?.stop();
  await holder?.close();
  await owner?.close();
  await database?.drop();
});

test('a sidecar that finds the taxonomy held says by whom, goes on trying, and settles when it is free', async () => {
  await holder.rows(`set application_name = 'a long change'`);
  await holder.rows('begin');
  await holder.rows(`select hold_lock('taxonomy')`);
  const pid = await holder.value('select pg_backend_pid()');
  await owner.rows(`insert into products (name) values ('kettle')`);
  await sidecar.says('a batch was interrupted');
  expect(sidecar.troubles()).toContain(
    `another transaction holds the lock "taxonomy" and did not end in 10 s: pid ${pid} (application "a long change"`,
  );
  await holder.rows('commit');
  await expect
    .poll(() => owner.rows(`select stage, attempts from queue where stage = 'llm'`), { timeout: 60_000 })
    .toEqual([{ stage: 'llm', attempts: 0 }]);
  expect(await owner.rows('select from dead_letters')).toEqual([]);
});
