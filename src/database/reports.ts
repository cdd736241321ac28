import type { Database } from './connection/open.ts';

/** Reports for people and scripts. */

export interface LayerShare {
  layer: string;
  products: number;
  share: number | null;
  tokens: number;
  /** Null where the price of a call is not known. */
  cost: number | null;
}

/** Products by the layer that answered them; `since` such as '1 day'. */
export function routing(db: Database, since: string | null = null): Promise<LayerShare[]> {
  return db.rows(`select * from ${db.at}routing($1::interval)`, [since]);
}

export interface HealthItem {
  item: string;
  status: 'ok' | 'warn';
  value: string;
  detail: string;
}

export function health(db: Database): Promise<HealthItem[]> {
  return db.rows(`select * from ${db.at}health()`);
}

export interface Thresholds {
  model_id: number;
  l1: number;
  l2: number;
  l3: number;
  certified: boolean;
  reason: string;
  /** The same three in terms of what the model says, before calibration. */
  said: readonly [number, number, number];
}

/** Where no model was promoted yet; `thresholds_in_force()` says the same of a model without any set. */
export const defaultThresholds = [0.75, 0.55, 0.4] as const;

/** A model's thresholds, the champion's by default; null when there is no such model. */
export async function thresholdsInForce(
  db: Database,
  modelId: number | null = null,
): Promise<Thresholds | null> {
  const [row] = await db.rows<Thresholds>(
    `select f.model_id, f.l1, f.l2, f.l3, array[s.l1_said, s.l2_said, s.l3_said] as said, f.certified, f.reason
       from ${db.internal}thresholds_in_force($1) f cross join lateral ${db.internal}thresholds_said(f.model_id) s`,
    [modelId],
  );
  return row ?? null;
}

export interface LookUp {
  layer: 'exact' | 'similar';
  category_id: number;
  path: string;
  similarity: number;
  matched_key: string;
  blocked_by: string | null;
}

/** What the exact and similar layers say of each name, in order; writes nothing. */
export async function lookUp(db: Database, names: readonly string[]): Promise<LookUp[][]> {
  const found = names.map((): LookUp[] => []);
  const rows = await db.rows<LookUp & { i: number }>(
    `select n.i, l.* from unnest($1::text[]) with ordinality n(name, i), ${db.at}look_up(n.name) l`,
    [names],
  );
  for (const { i, ...row } of rows) found[i - 1]?.push(row);
  return found;
}

/** The local layer's verdict on the confidences of many names, by `clears()`, as the sidecar's rows get it. */
export async function clearAll(
  db: Database,
  confidences: readonly (readonly [number, number, number])[],
  t: Pick<Thresholds, 'l1' | 'l2' | 'l3'>,
): Promise<boolean[]> {
  const level = (i: 0 | 1 | 2) => confidences.map((confidence) => confidence[i]);
  const rows = await db.rows<{ ok: boolean }>(
    `select ${db.internal}clears(true, c.l1, c.l2, c.l3, $4, $5, $6) as ok
     from unnest($1::real[], $2::real[], $3::real[]) with ordinality c(l1, l2, l3, i) order by c.i`,
    [level(0), level(1), level(2), t.l1, t.l2, t.l3],
  );
  return rows.map((row) => row.ok);
}

/** A stored model and what its training found out about it. */
export interface StoredReport {
  model_id: number;
  state: string;
  created_at: Date;
  /** As `diagnostics` of the training run's report; null when it has none, or the model came from elsewhere. */
  diagnostics: unknown;
}

/** A model with its diagnostics, the champion by default; null when there is none. */
export async function storedReport(db: Database, modelId: number | null): Promise<StoredReport | null> {
  const [row] = await db.rows<StoredReport>(
    `select m.model_id, m.state, m.created_at, r.report -> 'diagnostics' as diagnostics
     from ${db.internal}models m left join ${db.internal}training_runs r using (run_id)
     where case when $1::bigint is null then m.state = 'champion' else m.model_id = $1 end`,
    [modelId],
  );
  return row ?? null;
}
