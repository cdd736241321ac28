import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { routing } from '../../src/database/reports.ts';
import { loadCategories } from '../../src/database/taxonomy.ts';
import { importLabels } from '../../src/import/labels.ts';
import type { Row } from '../../src/import/row.ts';
import { simulatedModel } from '../../src/llm/pricing.ts';
import { openProviders } from '../../src/llm/providers/open.ts';
import { tokensWithoutLayers } from '../../src/llm/without-layers.ts';
import { normalise } from '../../src/normalise.ts';
import { startSidecar } from '../../src/sidecar/sidecar.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { trainFirst } from '../../src/train/run.ts';
import { withPrivateDatabase } from '../../src/xray/private.ts';
import type { Shop } from './shops.ts';

/** Rows that arrive before the next ones wait for their answers. */
export const atOnce = 500;

/** What the layers really did with the rest of a history. */
export interface Truth {
  rows: number;
  shares: { exact: number; similar: number; local: number; llm: number };
  /** Answers of the first three layers that are not the row's own label. */
  wrong: number;
  tokensARow: number;
  /** With the whole tree for every row. */
  naiveTokensARow: number;
  saved: number;
}

async function* labels(shop: Shop): AsyncGenerator<Row> {
  let line = 0;
  for (const { name, path } of shop.before) yield { line: ++line, name, path, source: null };
}

async function arrive(db: Database, shop: Shop): Promise<void> {
  for (let from = 0; from < shop.after.length; from += atOnce) {
    const part = shop.after.slice(from, from + atOnce);
    await db.rows(
      `insert into ${db.at}products (external_id, name) select x.id, x.name
         from unnest($1::text[], $2::text[]) with ordinality x(id, name, place) order by x.place`,
      [part.map((_, i) => String(from + i)), part.map(({ name }) => name)],
    );
    while ((await routing(db)).some(({ layer, products }) => layer === 'pending' && products > 0))
      await sleep(100);
  }
}

/** Lets the rest of a history arrive at a real sidecar whose memory and first model are of what came before; the LLM is simulated, and says what the shop's LLM said. */
export function truthOf(shop: Shop, config: Config): Promise<Truth> {
  return withPrivateDatabase(config, {}, async (db) => {
    await importLabels(db, labels(shop), { source: 'llm' });
    // the categories that the shop's LLM chose later were there to be chosen
    await db.rows(
      `select ${db.internal}make_category(array(select jsonb_array_elements_text(p))) from jsonb_array_elements($1) p`,
      [JSON.stringify(shop.after.map(({ path }) => path))],
    );
    await trainFirst(db, config, {});
    const simulator = await startSimulator({
      truth: new Map(shop.after.map(({ name, path }) => [normalise(name), path])),
      errorRates: [0, 0, 0],
    });
    const simulated = { llmBaseUrl: simulator.url, llmModel: simulatedModel, llmFallback: undefined };
    const settings = { ...config, retrain: false, ...simulated };
    const providers = await openProviders({ ...settings, llmProvider: 'openai' }, {});
    const sidecar = await startSidecar(db.url, settings, providers, null);
    try {
      await arrive(db, shop);
    } finally {
      await sidecar.stop();
      await simulator.close();
    }
    const rows = await db.rows<{ external_id: string; source: string; path: string }>(
      `select external_id, source, ${db.at}category_path(category_id) as path from ${db.at}products where state = 'done'`,
    );
    const share = (source: string) => rows.filter((row) => row.source === source).length / rows.length;
    const answered = rows.filter(({ source }) => source !== 'llm');
    const key = (path: readonly string[]) => path.map(normalise).join('\n');
    const wrong = answered.filter(
      ({ external_id, path }) => key(path.split(' > ')) !== key(shop.after[Number(external_id)]?.path ?? []),
    );
    const used = await db.row<{ tokens: number }>(
      `select coalesce(sum(tokens_in + tokens_out), 0) as tokens from ${db.internal}llm_calls`,
    );
    const taxonomy = { nodes: new Map((await loadCategories(db)).map((node) => [node.id, node])) };
    const naive = tokensWithoutLayers(
      shop.after.map(({ name }) => name),
      taxonomy,
    );
    const tokensARow = used.tokens / rows.length;
    const naiveTokensARow = (naive.tokensIn + naive.tokensOut) / shop.after.length;
    return {
      rows: rows.length,
      shares: { exact: share('exact'), similar: share('similar'), local: share('local'), llm: share('llm') },
      wrong: wrong.length / Math.max(1, answered.length),
      tokensARow,
      naiveTokensARow,
      saved: 1 - tokensARow / naiveTokensARow,
    };
  });
}
