import type { Database } from './connection/open.ts';

/** What an x-ray asks of its private database. */

/** Names sent in one statement. */
const page = 5000;
/** As the similar layer has it by default: nearer names are doubles in all but a few letters. */
const nearFrom = 0.6;
/** Similar looks at no longer names. */
const longestName = 500;

/** A name and the nearest other one. */
export interface NearName {
  name: string;
  near: string;
  similarity: number;
}

/** Puts name keys into a table of its own with an index of trigrams, for nearNames(). */
export async function keepNames(db: Database, keys: readonly string[]): Promise<void> {
  await db.rows('create unlogged table if not exists xray_names (name_key text not null)');
  await db.rows('truncate xray_names');
  for (let from = 0; from < keys.length; from += page)
    await db.rows('insert into xray_names select n from unnest($1::text[]) n where length(n) <= $2', [
      keys.slice(from, from + page),
      longestName,
    ]);
  await db.rows(
    'create index if not exists xray_names_trigrams on xray_names using gin (name_key gin_trgm_ops)',
  );
  await db.rows('analyze xray_names');
}

/** For those of the names that have another one near to them in keepNames(), the nearest. */
export function nearNames(db: Database, keys: readonly string[]): Promise<NearName[]> {
  return db.transaction(async (client) => {
    // the table is small and % is priced like a cheap operator: of 700 names all were compared, 320 ms for a hundred names and not 9
    await client.query(
      `set local pg_trgm.similarity_threshold = ${nearFrom}; set local enable_seqscan = off`,
    );
    const { rows } = await client.query<NearName>(
      `select n.name_key as name, o.name_key as near, similarity(n.name_key, o.name_key)::float8 as similarity
       from unnest($1::text[]) n(name_key)
       cross join lateral (select x.name_key from xray_names x where x.name_key % n.name_key and x.name_key <> n.name_key
                             order by similarity(x.name_key, n.name_key) desc limit 1) o`,
      [keys],
    );
    return rows;
  });
}

/** Clopper and Pearson's interval of 95 % for shares of which so many events were seen in so many trials. */
export async function shareInterval(
  db: Database,
  events: number,
  trials: number,
): Promise<{ low: number; high: number }> {
  return db.row(
    `select ${db.internal}share_bound($1, $2, .975, false) as low, ${db.internal}share_bound($1, $2, .975, true) as high`,
    [events, trials],
  );
}

/**
 * How many checks by people would prove that at most so large a share of answers is wrong, drawn alike among the names that
 * exact and similar leave, were half as many wrong as are allowed; null where no number would.
 *
 * @param coverage share of those names that is answered
 */
export async function checksToProve(
  db: Database,
  maxError: number,
  coverage: number,
): Promise<number | null> {
  const { checks } = await db.row<{ checks: number | null }>(
    `select ${db.internal}checks_short(0, 0, $2, $1, ${db.internal}each_look(.95)) as checks`,
    [maxError, coverage],
  );
  return checks;
}
