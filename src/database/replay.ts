import type { Database } from './connection/open.ts';

/** What replay asks of the real schema and of its scratch. Nothing here writes to the real one. */

export type Unit = 'month' | 'week' | 'day';

/** Ids of l1, l2, l3; null where the path stops. */
type Path = readonly [number, number | null, number | null];

export interface HistoryRow {
  name_key: string;
  /** When its label was first given, milliseconds since 1970. */
  at: number;
  path: Path;
}

/** Every label of a category in use, with its path, in the order in which they were given. */
export async function labelHistory(db: Database): Promise<HistoryRow[]> {
  const rows = await db.rows<{
    name_key: string;
    at: number;
    l1: number;
    l2: number | null;
    l3: number | null;
  }>(
    `select l.name_key, (extract(epoch from least(l.created_at, l.labelled_at)) * 1000)::float8 as at, c.l1, c.l2, c.l3
     from ${db.at}labels l join ${db.at}categories c on c.category_id = l.category_id and c.retired_at is null
     order by least(l.created_at, l.labelled_at), l.name_hash`,
  );
  return rows.map(({ name_key, at, l1, l2, l3 }) => ({ name_key, at, path: [l1, l2, l3] }));
}

/** Rows of names that memory knew when they were inserted, by the first moment of their period. */
export async function repeatsBy(
  db: Database,
  unit: Unit,
): Promise<Map<number, { repeats: number; changed: number }>> {
  const rows = await db.rows<{ period: Date; repeats: number; changed: number }>(
    `select * from ${db.internal}repeats_by($1)`,
    [unit],
  );
  return new Map(rows.map(({ period, repeats, changed }) => [period.getTime(), { repeats, changed }]));
}

/** Which labels the scratch memory gets: those of a moment, or those of some names. */
export type Fill = { before: Date } | { names: readonly string[] };

/**
 * Gives the scratch memory the real labels of a moment or of some names, and lets it learn its guard as an import would.
 *
 * @returns the paths of names whose label was another then than it is now
 */
export async function fillScratch(real: Database, scratch: Database, fill: Fill): Promise<Map<string, Path>> {
  await scratch.transaction(async (client) => {
    await client.query('set local statement_timeout = 0');
    await client.query(`truncate ${scratch.at}labels, ${scratch.internal}label_changes`);
    const [from, value] =
      'before' in fill
        ? [`${real.internal}memory_at($1)`, fill.before]
        : [
            `(select l.* from ${real.at}labels l where l.name_hash in (select ${real.internal}name_hash(n) from unnest($1::text[]) n))`,
            fill.names,
          ];
    await client.query(
      `insert into ${scratch.at}labels (name_key, category_id, source) select m.name_key, m.category_id, m.source from ${from} m`,
      [value],
    );
    // GIN keeps new entries in a list that every look-up reads: 200 names took 20 s at 4,000 labels, and .4 s without it
    await client.query(`select gin_clean_pending_list('${scratch.at}labels_trigrams')`);
    await client.query(`analyze ${scratch.at}labels`);
    await client.query(`select ${scratch.internal}learn_guard()`);
  });
  const rows = await scratch.rows<{ name_key: string; l1: number; l2: number | null; l3: number | null }>(
    `select s.name_key, c.l1, c.l2, c.l3 from ${scratch.at}labels s
     join ${real.at}labels l on l.name_hash = s.name_hash and l.category_id <> s.category_id
     join ${scratch.at}categories c on c.category_id = s.category_id`,
  );
  return new Map(rows.map(({ name_key, l1, l2, l3 }) => [name_key, [l1, l2, l3]]));
}

/** What the similar layer of the scratch answers to each name, as a path; null where it does not answer. */
export async function similarPaths(scratch: Database, names: readonly string[]): Promise<(Path | null)[]> {
  const rows = await scratch.rows<{ l1: number | null; l2: number | null; l3: number | null }>(
    `select c.l1, c.l2, c.l3 from unnest($1::text[]) with ordinality n(name_key, i)
     left join ${scratch.internal}similar_labels($1) s on s.name_key = n.name_key
     left join ${scratch.at}categories c on c.category_id = s.category_id order by n.i`,
    [names],
  );
  return rows.map(({ l1, l2, l3 }) => (l1 === null ? null : [l1, l2, l3]));
}
