import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { simulated } from '../support/processes.ts';
import { insert, look, settled } from '../support/rows.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

/** Ten tops of ten l2 with ten leaves each; the names know nothing of it, and there is no model. */
const leaves = Array.from({ length: 1000 }, (_, i) => [
  `Top ${Math.floor(i / 100)}`,
  `Middle ${Math.floor(i / 10)}`,
  `Leaf ${i}`,
]);
const names = Array.from({ length: 30 }, (_, i) => ({
  name: `riddle ${i}`,
  path: leaves[i * 31] as string[],
}));
/** A whole top category that stands beside the others: its names stop at l2. */
const short = { name: 'riddle of two levels', path: ['Top 3', 'Middle 30'] };
/** Names of a category that there is none of: the simulated LLM says of most that nothing fits, where it may. */
const strangers = Array.from({ length: 10 }, (_, i) => ({
  name: `stranger ${i}`,
  path: ['Elsewhere', 'Nowhere', 'Nothing'],
}));

let database: TestDatabase;
let db: Database;
let simulator: Simulator;
let sidecar: SidecarHere;

beforeAll(async () => {
  database = await testDatabase();
  db = look(database.url);
  await db.rows(
    `select taxon_internal.make_category(array(select jsonb_array_elements_text(p))) from jsonb_array_elements($1::jsonb) p`,
    [JSON.stringify(leaves)],
  );
  const truth = new Map([...names, short, ...strangers].map(({ name, path }) => [name, path]));
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0] });
  sidecar = await startSidecarHere(database.url, simulated(simulator.url));
});
afterAll(async () => {
  await sidecar?.stop();
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

const answers = () =>
  db.rows<{ name: string; path: string }>('select name, path from taxon.products_readable order by name');

test('names that nothing is known of are asked in two stages', async () => {
  await insert(
    db,
    [...names, short].map(({ name }) => name),
  );
  expect(await settled(db)).toEqual({ llm: 31 });
  expect(new Map((await answers()).map(({ name, path }) => [name, path]))).toEqual(
    new Map([...names, short].map(({ name, path }) => [name, path.join(' > ')])),
  );
  const calls = await db.rows<{ route: string; names: number; answered: number }>(
    `select route, sum(names)::integer as names, sum(answered)::integer as answered from taxon_internal.llm_calls where state = 'ok' group by 1 order by 1`,
  );
  expect(calls).toEqual([
    { route: 'subtree', names: 31, answered: 31 },
    { route: 'two-stage', names: 31, answered: 0 },
  ]);
  expect(simulator.stats()).toMatchObject({ names: 62 });
  expect(await db.rows(`select from taxon_internal.llm_calls where reason is null`)).toEqual([]);
  expect(await db.rows('select from taxon_internal.queue')).toEqual([]);
});

test('what the candidates do not have is asked for elsewhere, once each step', async () => {
  await db.rows('delete from taxon.labels');
  await db.rows('truncate taxon_internal.llm_calls cascade');
  await db.transaction(async (client) => {
    await client.query(
      `with p as (insert into taxon.products (name) values ('riddle 5') returning name_key)
     insert into taxon_internal.queue (stage, name_key, branch, shortlist, probabilities)
       select 'llm', name_key, c.l1, array[c.category_id], '{.999}' from p, taxon.categories c where c.name = 'Leaf 999'`,
    );
    // as past the local layer: not taken in again
    await client.query(`update taxon.products set arrived_xact = '0' where state = 'pending'`);
  });
  await settled(db);
  const routes = await db.rows<{ route: string }>(
    'select route from taxon_internal.llm_calls order by llm_call_id',
  );
  const [answer] = await db.rows<{ path: string }>(
    `select path from taxon.products_readable where name = 'riddle 5' order by product_id desc limit 1`,
  );
  // the simulated LLM sees that nothing fits in 7 of 10 cases, by name; this name is one of those
  expect(routes.map(({ route }) => route)).toEqual(['shortlist', 'two-stage', 'subtree']);
  expect(answer?.path).toBe('Top 1 > Middle 15 > Leaf 155');
});

test('what fits nowhere below a branch is asked for in two stages again, and then something has to do; never the whole tree', async () => {
  await db.rows('truncate taxon_internal.llm_calls cascade');
  await insert(
    db,
    strangers.map(({ name }) => name),
  );
  await settled(db);
  expect(
    await db.rows(`select from taxon.products_readable where name like 'stranger%' and source = 'llm'`),
  ).toHaveLength(strangers.length);
  const calls = await db.rows<{ route: string; names: number; answered: number }>(
    `select route, sum(names)::integer as names, sum(answered)::integer as answered from taxon_internal.llm_calls group by 1 order by 1`,
  );
  const [subtree, stages] = calls;
  expect(calls.map(({ route }) => route)).toEqual(['subtree', 'two-stage']);
  // each in two stages once, and most again
  expect(stages).toEqual({ route: 'two-stage', names: subtree?.names, answered: 0 });
  expect(subtree?.names).toBeGreaterThan(strangers.length);
  expect(subtree?.names).toBeLessThanOrEqual(2 * strangers.length);
});
