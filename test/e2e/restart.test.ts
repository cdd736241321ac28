import { afterAll, beforeAll, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { migrate } from '../../src/database/connection/migrate.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { type OwnCluster, ownCluster } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

let cluster: OwnCluster;
let sidecar: SidecarHere;
let url: string;

beforeAll(async () => {
  cluster = await ownCluster();
  url = cluster.url('postgres');
  await migrate({ url, schema: 'taxon' });
});

afterAll(async () => {
  await sidecar?.stop();
  await cluster?.destroy();
});

async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(url, loadConfig({}, {}));
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

it('a database that is restarted is found again, and names inserted afterwards are taken up', async () => {
  sidecar = await startSidecarHere(url);
  await cluster.stop();
  await sidecar.says('the database did not answer');
  await cluster.start();
  await withDatabase(async (db) => {
    await db.rows(`insert into taxon.products (name) values ('inserted after the restart')`);
    // no model, no provider: taking it up means handing it to the LLM stage
    await until(
      () => db.rows(`select from taxon_internal.queue where stage = 'llm'`),
      (rows) => rows.length === 1,
    );
    await until(
      () => db.rows<{ listening: boolean }>('select listening from taxon_internal.sidecars'),
      (rows) => rows[0]?.listening === true,
    );
  });
});
