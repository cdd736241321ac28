import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import type { Sidecar } from '../../src/sidecar/sidecar.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { insert, look } from '../support/rows.ts';
import { lettersShop, makeLetters } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

let database: TestDatabase;
let db: Database;
const sidecars: Sidecar[] = [];

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  sidecars.push(await startSidecarHere(database.url), await startSidecarHere(database.url));
});

afterAll(async () => {
  await Promise.all(sidecars.map((sidecar) => sidecar.stop()));
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

  const { model_id } = await makeLetters(db);
  expect(model_id).not.toBe(old);
  await db.rows('select taxon.promote_model($1)', [model_id]);
  await until(models, (loaded) => loaded.every((id) => id === model_id));
  expect(await deciders(50_000)).toEqual([model_id]);

  await db.rows('select taxon.promote_model($1)', [old]);
  await until(models, (loaded) => loaded.every((id) => id === old));
  expect(await deciders(60_000)).toEqual([old]);
});
