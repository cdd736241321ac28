import type { Database } from './connection/open.ts';

/** One number of the database, as metrics() names it. */
export interface DatabaseMetric {
  metric: string;
  labels: Record<string, string>;
  value: number;
}

/** A call that has ended, as the ledger has it. */
export interface BookedCall {
  llm_call_id: number;
  provider: string;
  model: string;
  purpose: string;
  simulated: boolean;
  state: 'ok' | 'failed' | 'unknown';
  /** Those that got a valid answer. */
  names: number;
  tokens_in: number;
  tokens_cached: number;
  tokens_out: number;
  /** US dollars; null where the price is not known. */
  cost: number | null;
  seconds: number | null;
}

/** What one scrape asks of the database. */
export interface Scraped {
  now: DatabaseMetric[];
  booked: BookedCall[];
}

/**
 * The database's numbers, and those of the calls that have ended, in one query that the server itself ends after `limitMs`.
 *
 * @throws the database's error, 57014 where the time was over
 */
export async function scrape(db: Database, calls: readonly number[], limitMs: number): Promise<Scraped> {
  const { scraped } = await db.within(2 * limitMs).transaction(async (client) => {
    // within the transaction: a pooler keeps no SET of a session
    await client.query(`set local statement_timeout = ${Math.round(limitMs)}`);
    const { rows } = await client.query<{ scraped: Scraped }>(
      `select json_build_object(
         'now', (select coalesce(json_agg(m), '[]') from ${db.internal}metrics() m),
         'booked', (select coalesce(json_agg(b), '[]') from ${db.internal}booked_calls($1) b)) as scraped`,
      [calls],
    );
    return rows[0] as { scraped: Scraped };
  });
  return scraped;
}
