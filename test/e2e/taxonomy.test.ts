import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { followTaxonomy } from '../../src/database/jobs.ts';
import { normalise } from '../../src/normalise.ts';
import type { Sidecar } from '../../src/sidecar/sidecar.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { TestDatabase } from '../support/database.ts';
import { simulated, until } from '../support/processes.ts';
import { insert, look, tally, waitingLocally } from '../support/rows.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

let database: TestDatabase;
let db: Database;
let simulator: Simulator;
const sidecars: Sidecar[] = [];
const fresh = newNames(4000, 50_000);

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  const truth = new Map(fresh.map(({ name, path }) => [normalise(name), path]));
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0] });
  for (let i = 0; i < 2; i++)
    sidecars.push(await startSidecarHere(await database.urlFor('taxon_sidecar'), simulated(simulator.url)));
});
afterAll(async () => {
  await Promise.all(sidecars.map((sidecar) => sidecar.stop()));
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

const id = async (...path: string[]) =>
  (await db.row<{ id: number }>('select taxon_internal.make_category($1) as id', [path])).id;
const labels = async (category: number) =>
  (await db.row<{ n: number }>('select count(*) as n from taxon.labels where category_id = $1', [category]))
    .n;

interface Change {
  taxonomy_change_id: number;
  labels: number;
  products: number;
}
const change = (call: string, ...given: unknown[]) => db.row<Change>(`select * from taxon.${call}`, given);

/** Rows and labels of a retired category, and rows whose levels are not those of their category. */
const strays = () =>
  db.rows(
    `select p.name from taxon.products p join taxon.categories c using (category_id)
       where c.retired_at is not null or (p.l1, p.l2, p.l3) is distinct from (c.l1, c.l2, c.l3)
     union all
     select l.name_key from taxon.labels l join taxon.categories c using (category_id) where c.retired_at is not null`,
  );

/** What history has of a change. */
const history = ({ taxonomy_change_id }: Change) =>
  db.row<{ labels: number; products: number }>(
    `select (select count(*) from taxon_internal.label_changes where taxonomy_change_id = $1) as labels,
            (select count(distinct product_id) from taxon_internal.product_changes where taxonomy_change_id = $1) as products`,
    [taxonomy_change_id],
  );

it('merge, move, split, rename and retire while names arrive: no row is left behind, history is complete, undo brings back', async () => {
  const [kettles, knives, tea, beauty, phones, chocolate, laptops] = await Promise.all([
    id('Home', 'Kitchen', 'Kettles'),
    id('Home', 'Kitchen', 'Knives'),
    id('Food', 'Drinks', 'Tea'),
    id('Beauty'),
    id('Electronics', 'Phones', 'Smartphones'),
    id('Food', 'Sweets', 'Chocolate'),
    id('Electronics', 'Computers', 'Laptops'),
  ]);
  let arriving = true;
  let arrived = 0;
  const traffic = (async () => {
    for (; arriving && arrived < fresh.length; arrived += 20) {
      await insert(
        db,
        fresh.slice(arrived, arrived + 20).map(({ name }) => name),
      );
      await sleep(100);
    }
  })();
  const answered = (names: number) =>
    until(
      () => tally(db),
      (counts) => (counts.local ?? 0) + (counts.llm ?? 0) >= names,
    );
  await answered(100);
  const before = await labels(kettles);
  const merged = await change('merge_categories($1, $2)', [kettles], knives);
  await answered(160);
  await change('move_category($1, $2)', tea, beauty);
  await answered(220);
  await change('split_category($1, $2, 20000)', phones, ['Android', 'Other phones']);
  await answered(280);
  await change('rename_category($1, $2)', laptops, 'Notebooks');
  const retired = await change('retire_category($1)', chocolate);
  await answered(340);
  arriving = false;
  await traffic;
  expect(arrived).toBeGreaterThan(300);
  // what answers of a name no category of today is right for, waits for people or fails
  await until(
    async () => ({
      local: await waitingLocally(db),
      due: await db.rows(
        `select from taxon_internal.queue where stage = 'llm' and purpose = 'answer' and available_at <= now()`,
      ),
    }),
    ({ local, due }) => local === 0 && due.length === 0,
  );
  await followTaxonomy(db);
  expect(await strays()).toEqual([]);

  expect(merged.labels).toBe(before);
  expect((await history(merged)).labels).toBe(before);
  for (const each of [merged, retired])
    expect((await history(each)).products).toBeGreaterThanOrEqual(each.products);
  expect(
    await db.rows(`select distinct path from taxon.products_readable where path ~ 'Tea|Laptop|Notebook'`),
  ).toEqual(
    expect.not.arrayContaining([
      { path: 'Food > Drinks > Tea' },
      { path: 'Electronics > Computers > Laptops' },
    ]),
  );

  await change('undo_taxonomy_change($1)', merged.taxonomy_change_id);
  expect(await labels(kettles)).toBe(before);
  await followTaxonomy(db);
  expect(await strays()).toEqual([]);
  await insert(db, ['electric kettle Zubra Q777 of the new kind']);
  const [row] = await until(
    () =>
      db.rows<{ path: string | null; state: string }>(
        'select path, state from taxon.products_readable order by product_id desc limit 1',
      ),
    ([newest]) => newest?.state !== 'pending',
  );
  expect(row?.path).toBe('Home > Kitchen > Kettles');
});
