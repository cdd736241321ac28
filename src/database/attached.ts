import type { Database } from './connection/open.ts';

/** What one look at attached tables did, in rows. */
export interface Taken {
  /** Changes that triggers had noted. */
  readonly changes: number;
  /** Answers that were written into columns of attached tables. */
  readonly answers: number;
  /** Changes that triggers have noted since there are attached tables. */
  readonly noted: number;
}

/** Whether any table is attached; attach() notifies sidecars. */
export async function anyAttached(db: Database): Promise<boolean> {
  return (await db.rows(`select from ${db.internal}attachments limit 1`)).length > 0;
}

/** Takes in what triggers noted, and writes answers that changed; each a small transaction. */
export async function takeInAttached(db: Database): Promise<Taken> {
  const { changes, noted } = await db.row<{ changes: number; noted: number }>(
    `select ${db.internal}take_in_attached() as changes, ${db.internal}changes_noted() as noted`,
  );
  const { answers } = await db.row<{ answers: number }>(`select ${db.internal}write_answers() as answers`);
  return { changes, answers, noted };
}

/** One page of a backfill or a sweep; returns how many rows it saw, 0: none is due. */
export async function walkAttached(db: Database): Promise<number> {
  return (await db.row<{ rows: number }>(`select ${db.internal}walk_attached() as rows`)).rows;
}

/** The share of its time, above 0 to 1, that a sidecar gives to backfills and sweeps. */
export async function backfillShare(db: Database): Promise<number> {
  return (await db.row<{ share: number }>(`select (${db.at}setting('backfill_share'))::float8 as share`))
    .share;
}

/** Asks for a sweep of all tables that were not swept in so many minutes; returns how many. */
export async function sweepAttached(db: Database, unlessSinceMinutes: number): Promise<number> {
  const { asked } = await db.row<{ asked: number }>(
    `select ${db.internal}sweep_attached(unless_since => make_interval(mins => $1)) as asked`,
    [unlessSinceMinutes],
  );
  return asked;
}

/** Asks for a sweep where a trigger could not note a change since the last time; returns of how many tables. */
export async function sweepAfterFaults(db: Database): Promise<number> {
  return (await db.row<{ asked: number }>(`select ${db.internal}sweep_after_faults() as asked`)).asked;
}

/** Follows the shops' own tables of categories; returns how many categories were made, renamed or moved. */
export async function followTrees(db: Database): Promise<number> {
  return (await db.row<{ changed: number }>(`select ${db.internal}follow_trees() as changed`)).changed;
}

/** What attach() is told; everything but the table may be left to it. */
export interface AttachSaid {
  table: string;
  key: string | null;
  name: string;
  labels: string | null;
  labelledAt: string | null;
  categories: string | null;
  reason: string;
}

/** Attaches a table of the shop in place; returns the view of its answers, and about how many rows it has. */
export async function attachTable(
  db: Database,
  { table, key, name, labels, labelledAt, categories, reason }: AttachSaid,
): Promise<{ view: string; rows: number }> {
  return db.row(
    `select view_name as view, rows_about as rows from ${db.at}attach($1, key => $2, name => $3, labels => $4, labelled_at => $5,
       categories => $6, reason => $7)`,
    [table, key, name, labels, labelledAt, categories, reason],
  );
}

/** How many names memory holds, and how many products wait for an answer. */
export function taken(db: Database): Promise<{ labels: number; pending: number; done: number }> {
  return db.row(
    `select (select count(*) from ${db.at}labels) as labels, count(*) filter (where state = 'pending') as pending,
            count(*) filter (where state = 'done') as done from ${db.at}products`,
  );
}
