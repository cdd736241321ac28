import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { simulated } from '../support/processes.ts';
import { insert, look, settled } from '../support/rows.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

const leaves = Array.from({ length: 20 }, (_, i) => [`Top ${i % 2}`, `Middle ${i % 4}`, `Leaf ${i}`]);
const names = Array.from({ length: 60 }, (_, i) => ({
  name: `riddle ${i}`,
  path: leaves[i % 20] as string[],
}));
const strong = 'simulated-llm-strong';

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
  simulator = await startSimulator({ truth: new Map(names.map(({ name, path }) => [name, path])) });
  sidecar = await startSidecarHere(database.url, {
    ...simulated(simulator.url),
    TAXON_LLM_FALLBACK: `openai:${strong}`,
    TAXON_LLM_FALLBACK_BASE_URL: simulator.url,
    TAXON_LLM_ESCALATE_BELOW: '.8',
  });
});
afterAll(async () => {
  await sidecar?.stop();
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

const calls = () =>
  db.rows<{ purpose: string; model: string; names: number; answered: number }>(
    `select purpose, model, sum(names)::integer as names, sum(answered)::integer as answered from taxon_internal.llm_calls
     where state = 'ok' group by 1, 2 order by 1`,
  );

test('what the first model is not sure of is asked of the second, and only that', async () => {
  await insert(
    db,
    names.map(({ name }) => name),
  );
  expect(await settled(db)).toEqual({ llm: 60 });
  const [cheap, dear, ...more] = await calls();
  expect(more).toEqual([]);
  expect(cheap).toMatchObject({ purpose: 'answer', model: 'simulated-llm', names: 60 });
  expect(dear).toMatchObject({ purpose: 'escalate', model: strong });
  expect(dear?.names).toBeGreaterThan(5);
  expect(dear?.names).toBe(60 - (cheap?.answered ?? 0));
  expect(dear?.answered).toBe(dear?.names);
  const unsure = await db.rows(
    `select from taxon.labels l join taxon_internal.llm_calls c using (llm_call_id) where c.purpose = 'answer' and l.confidence < .8`,
  );
  expect(unsure).toEqual([]);
  expect(await db.rows('select from taxon_internal.queue')).toEqual([]);
});

test('what the first model finds no category for is asked of the second', async () => {
  await db.rows('delete from taxon.labels');
  await db.rows('truncate taxon_internal.llm_calls cascade');
  // none of the candidates fits, which the simulated LLM sees in 7 of 10 cases, by name
  await db.transaction(async (client) => {
    await client.query(
      `with p as (insert into taxon.products (name) select 'riddle ' || i from generate_series(0, 9) i returning name_key)
     insert into taxon_internal.queue (stage, name_key, branch, shortlist, probabilities)
       select 'llm', name_key, c.l1, array[c.category_id], '{.999}' from p, taxon.categories c where c.name = 'Leaf 19'`,
    );
    // as past the local layer: not taken in again
    await client.query(`update taxon.products set arrived_xact = '0' where state = 'pending'`);
  });
  await settled(db);
  const found = await calls();
  expect(found.find(({ purpose }) => purpose === 'answer')?.names).toBe(10);
  expect(found.find(({ model }) => model === strong)?.purpose).toBe('escalate');
  expect(found.find(({ model }) => model === strong)?.answered).toBeGreaterThan(4);
});
