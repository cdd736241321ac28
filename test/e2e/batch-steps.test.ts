import { expect, test } from 'vitest';
import { backfill, backfillStage } from '../../src/classify/backfill.ts';
import { loadConfig } from '../../src/config.ts';
import { openProviders } from '../../src/llm/providers/open.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { testDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { insert, look, tally } from '../support/rows.ts';
import { startSidecarHere } from '../support/sidecar.ts';

/** Names of a category that there is none of: the simulated LLM says of most that nothing fits, where it may. */
const strangers = Array.from({ length: 10 }, (_, i) => `stranger ${i}`);

test('by a batch API, too, each step is taken once: what fits nowhere comes to an end', async () => {
  const database = await testDatabase();
  const db = look(database.url);
  const leaves = Array.from({ length: 1000 }, (_, i) => [
    `Top ${Math.floor(i / 100)}`,
    `Middle ${Math.floor(i / 10)}`,
    `Leaf ${i}`,
  ]);
  await db.rows(
    `select taxon_internal.make_category(array(select jsonb_array_elements_text(p))) from jsonb_array_elements($1::jsonb) p`,
    [JSON.stringify(leaves)],
  );
  const truth = new Map(strangers.map((name) => [name, ['Elsewhere', 'Nowhere', 'Nothing']]));
  const simulator = await startSimulator({ truth, errorRates: [0, 0, 0], batchMs: 50 });
  const sidecar = await startSidecarHere(database.url, { TAXON_LLM_PROVIDER: 'none' });
  const env = {
    DATABASE_URL: database.url,
    TAXON_LLM_PROVIDER: 'openai',
    TAXON_LLM_BASE_URL: simulator.url,
    TAXON_LLM_MODEL: 'simulated-llm',
  };
  const config = loadConfig({}, env, '/');
  try {
    await insert(db, strangers);
    await until(
      () => db.rows(`select from taxon_internal.queue where stage = 'llm'`),
      (waiting) => waiting.length === strangers.length,
    );
    const stage = backfillStage(db, config, await openProviders(config, env));
    const signal = AbortSignal.timeout(60_000);
    await backfill(stage, { calls: 100, pollMs: 50, signal });
    expect(await tally(db)).toEqual({ llm: strangers.length });
    const { names } = await db.row<{ names: number }>(
      `select sum(names)::int as names from taxon_internal.llm_calls where route = 'two-stage'`,
    );
    expect(names).toBeGreaterThan(strangers.length);
    expect(names).toBeLessThanOrEqual(2 * strangers.length);
  } finally {
    await sidecar.stop();
    await simulator.close();
    await db.close();
    await database.drop();
  }
});
