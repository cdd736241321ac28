import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { train } from '../../src/train/run.ts';
import type { TestDatabase } from '../support/database.ts';
import { startSidecarProcess, type TaxonProcess, until } from '../support/processes.ts';
import { insert, look } from '../support/rows.ts';
import { newNames, shopDatabase } from '../support/shop.ts';

let database: TestDatabase;
let db: Database;
const sidecars: TaxonProcess[] = [];

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
  sidecars.push(await startSidecarProcess(database.url), await startSidecarProcess(database.url));
});

afterAll(async () => {
  await Promise.all(sidecars.map((sidecar) => sidecar.kill('SIGTERM')));
  await db?.close();
  await database?.drop();
});

const models = () =>
  db
    .rows<{ model_id: number }>('select model_id from taxon_internal.sidecars')
    .then((rows) => rows.map((row) => row.model_id));

/** Which models decided the newest names. */
async function deciders(from: number): Promise<number[]> {
  await insert(
    db,
    newNames(100, from).map(({ name }) => name),
  );
  const rows = await until(
    () =>
      db.rows<{ model_id: number | null }>(
        'select distinct model_id from taxon.products where product_id > (select max(product_id) - 100 from taxon.products)',
      ),
    (found) => found.every((row) => row.model_id !== null),
  );
  return rows.map((row) => row.model_id as number);
}

it('a promoted model is loaded by every sidecar without a restart, and so is the one that is promoted again', async () => {
  await until(models, (loaded) => loaded.every((id) => id !== null));
  const [old] = await models();
  expect(await deciders(40_000)).toEqual([old]);

  const {
    made: { model_id },
  } = await train(db, loadConfig({ encoderThreads: 1 }, {}), { seed: 2 });
  expect(model_id).not.toBe(old);
  await db.rows('select taxon.promote_model($1)', [model_id]);
  await until(models, (loaded) => loaded.every((id) => id === model_id));
  expect(await deciders(50_000)).toEqual([model_id]);

  await db.rows('select taxon.promote_model($1)', [old]);
  await until(models, (loaded) => loaded.every((id) => id === old));
  expect(await deciders(60_000)).toEqual([old]);
});
