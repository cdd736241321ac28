import type { Database } from './connection/open.ts';

/** The demo's own queries: it resets its arrivals, inserts as an application would, and reads the outcome. */

const mark = 'demo_catalogue';

/** Which catalogue the database holds, or null. */
export async function catalogueMark(db: Database): Promise<string | null> {
  const [row] = await db.rows<{ v: string }>(
    `select value #>> '{}' as v from ${db.internal}all_settings where key = $1`,
    [mark],
  );
  return row?.v ?? null;
}

export async function setCatalogueMark(db: Database, digest: string): Promise<void> {
  await db.rows(
    `insert into ${db.internal}all_settings (key, value, description) values ($1, to_jsonb($2::text), 'Digest of the demo catalogue that was imported.')
     on conflict (key) do update set value = excluded.value`,
    [mark, digest],
  );
}

/** Forgets the last run's arrivals and what was learnt from them; labels that were imported, embeddings and models stay. */
export async function resetArrivals(db: Database): Promise<void> {
  await db.transaction(async (client) => {
    await client.query(`truncate ${db.at}products, ${db.internal}queue, ${db.internal}dead_letters`);
    await client.query(`delete from ${db.at}labels where llm_call_id is not null`);
    await client.query(`delete from ${db.internal}llm_calls`);
  });
}

/** Forgets everything but embeddings: the catalogue has changed. */
export async function resetAll(db: Database): Promise<void> {
  await resetArrivals(db);
  await db.rows(
    `truncate ${db.at}labels, ${db.internal}label_changes, ${db.internal}label_runs, ${db.internal}thresholds, ${db.internal}model_files, ${db.internal}models, ${db.internal}out_of_fold, ${db.at}categories cascade`,
  );
}

/** A plain INSERT, as a shop's application writes it. */
export async function insertProduct(db: Database, externalId: string, name: string): Promise<void> {
  await db.rows(`insert into ${db.at}products (external_id, name) values ($1, $2)`, [externalId, name]);
}

export interface Arrived {
  external_id: string;
  state: string;
  source: string | null;
  path: string[] | null;
  /** From the INSERT to the answer, milliseconds. */
  latency: number | null;
}

/** The products whose id of the shop begins so. */
export function arrivedProducts(db: Database, prefix: string): Promise<Arrived[]> {
  return db.rows(
    `select p.external_id, p.state, p.source, string_to_array(${db.at}category_path(p.category_id), ' > ') as path,
            extract(epoch from p.classified_at - p.created_at) * 1000 as latency
     from ${db.at}products p where starts_with(p.external_id, $1)`,
    [prefix],
  );
}

/** The newest retraining: running, or how it ended; `step` is its latest. */
export interface LatestTraining {
  run_id: number;
  state: string;
  step: string | null;
  error: string | null;
}

/** The newest retraining; null before the first. */
export async function latestTraining(db: Database): Promise<LatestTraining | null> {
  const [row] = await db.rows<LatestTraining>(
    `select r.run_id, r.state, r.error,
            (select s.step from ${db.internal}run_steps s where s.run_id = r.run_id order by s.started_at desc limit 1) as step
     from ${db.internal}training_runs r where r.kind = 'retrain' order by r.run_id desc limit 1`,
  );
  return row ?? null;
}

/** Whether a sidecar has loaded the champion and answers with it. */
export async function championAnswers(db: Database): Promise<boolean> {
  const row = await db.row<{ answers: boolean }>(
    `select exists (select from ${db.internal}sidecars s join ${db.at}champion() c using (model_id)) as answers`,
  );
  return row.answers;
}

/** Whether the champion's diagnosis was made, or has failed. */
export async function championIsMeasured(db: Database): Promise<boolean> {
  const row = await db.row<{ measured: boolean }>(
    `select exists (select from ${db.at}champion() c where c.metrics ? 'learning') as measured`,
  );
  return row.measured;
}
