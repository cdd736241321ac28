import type { Database } from '../../src/database/connection/open.ts';
import type { Shop } from './shop.ts';
import type { Arrival } from './world.ts';

/** What a week was like. */
export interface Week {
  week: number;
  names: number;
  /** Answers by layer. */
  layers: Record<string, number>;
  /** Wrong paths by layer. */
  wrong: Record<string, number>;
  /** Tokens of the LLM for answers, and for audits. */
  tokens: number;
  auditTokens: number;
  /** Labels in memory at its end, checks that people have judged by then. */
  labels: number;
  checks: number;
  champion: number | null;
  mode: string;
  /** What the autopilot did, in words. */
  did: string[];
}

const idOf = (shop: Shop, names: readonly string[]) => shop.ids.get(names.join('\n')) as number;

/** People judge so many names of the week's cache misses, drawn alike; they know the truth. */
export async function people(
  shop: Shop,
  truth: ReadonlyMap<string, Arrival>,
  checks: number,
): Promise<number> {
  const { db } = shop;
  await db.rows('select from taxon.draw_checks($1)', [checks]);
  const drawn = await db.rows<{ check_id: number; category_id: number; name_key: string }>(
    `select check_id, category_id, name_key from taxon_internal.checks where strategy = 'uniform' and verdict is null`,
  );
  for (const { check_id, category_id, name_key } of drawn) {
    const right = idOf(shop, (truth.get(name_key) as Arrival).truth);
    await db.rows('select taxon_internal.judge($1, $2, $3)', [
      check_id,
      right === category_id,
      right === category_id ? null : right,
    ]);
  }
  return drawn.length;
}

async function tokensSince(db: Database, since: Date): Promise<{ tokens: number; auditTokens: number }> {
  const row = await db.row<{ tokens: number; audits: number }>(
    `select coalesce(sum(tokens_in + tokens_out) filter (where purpose <> 'audit'), 0) as tokens,
            coalesce(sum(tokens_in + tokens_out) filter (where purpose = 'audit'), 0) as audits
     from taxon_internal.llm_calls where started_at >= $1`,
    [since],
  );
  return { tokens: row.tokens, auditTokens: row.audits };
}

/** How many rows each layer answered, and how many of these wrongly, counted when the week is over. */
export async function countWeek(
  shop: Shop,
  truth: ReadonlyMap<string, Arrival>,
  { from, to }: { from: number; to: number },
  since: Date,
): Promise<Omit<Week, 'week' | 'did'>> {
  const { db } = shop;
  const rows = await db.rows<{ name: string; source: string | null; category_id: number | null }>(
    'select name, coalesce(source, state) as source, category_id from taxon.products where product_id > $1 and product_id <= $2',
    [from, to],
  );
  const layers: Record<string, number> = {};
  const wrong: Record<string, number> = {};
  for (const { name, source, category_id } of rows) {
    const layer = source ?? 'none';
    layers[layer] = (layers[layer] ?? 0) + 1;
    if (category_id !== idOf(shop, (truth.get(name) as Arrival).truth))
      wrong[layer] = (wrong[layer] ?? 0) + 1;
  }
  const state = await db.row<{ labels: number; checks: number; champion: number | null; mode: string }>(
    `select (select count(*) from taxon.labels) as labels, taxon_internal.judged_checks() as checks,
            (select model_id from taxon.champion()) as champion, taxon_internal.local_mode() as mode`,
  );
  return { names: rows.length, layers, wrong, ...(await tokensSince(db, since)), ...state };
}
