import { loadConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { until } from './processes.ts';

/** A connection as the owner for looking at what happened. */
export function look(url: string): Database {
  return openDatabase(url, loadConfig({}, {}), 'test');
}

export interface ProductRow {
  product_id: number;
  name: string;
  state: string;
  source: string | null;
  path: string | null;
}

/** Inserts names in one statement, as an application would; returns the rows as they came back. */
export function insert(db: Database, names: readonly (string | null)[]): Promise<ProductRow[]> {
  return db.rows(
    `insert into taxon.products (name) select n from unnest($1::text[]) with ordinality u(n, i) order by i
     returning product_id, name, state, source, taxon.category_path(category_id) as path`,
    [names],
  );
}

/** How many products are in each state and source. */
export async function tally(db: Database): Promise<Record<string, number>> {
  const rows = await db.rows<{ what: string; n: number }>(
    'select coalesce(source, state) as what, count(*) as n from taxon.products group by 1',
  );
  return Object.fromEntries(rows.map((row) => [row.what, row.n]));
}

/** How many names the local stage has before it: what the queue holds, and rows that no claim has taken in yet. */
export async function waitingLocally(db: Database): Promise<number> {
  const { n } = await db.row<{ n: number }>(
    `select (select count(*) from taxon_internal.queue where stage = 'local') + (
              select count(*) from taxon.products p where p.state = 'pending'
                and not exists (select from taxon_internal.queue q where q.name_hash = taxon_internal.name_hash(p.name_key))) as n`,
  );
  return n;
}

/** Waits until no product is pending; returns the tally. */
export function settled(db: Database, seconds = 540): Promise<Record<string, number>> {
  return until(
    () => tally(db),
    (counts) => (counts.pending ?? 0) === 0,
    seconds,
  );
}

/** Ledger rows by state, with their tokens. */
export function ledger(
  db: Database,
): Promise<{ state: string; calls: number; tokens_in: number; tokens_out: number; names: number }[]> {
  return db.rows(
    `select state, count(*) as calls, sum(tokens_in) as tokens_in, sum(tokens_out) as tokens_out, sum(names) as names
     from taxon_internal.llm_calls group by 1 order by 1`,
  );
}
