import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from, to } from 'pg-copy-streams';
import { TaxonError } from '../errors.ts';
import type { Database } from './connection/open.ts';
import { forPeople } from './connection/refusals.ts';
import type { FinishedImport, ImportedLabels, ImportedProducts, ImportedTree } from './imported.ts';

/** Servers often limit how long a statement may run; SET LOCAL ends with the transaction, behind poolers too. */
const noTimeout = 'set local statement_timeout = 0';

/** Sends COPY text; an interruption says what the signal says. */
async function copyIn(
  client: pg.PoolClient,
  copy: string,
  text: AsyncIterable<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await pipeline(text, client.query(from(`copy ${copy} from stdin`)), { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The value `r` of a statement that returns one row. */
async function value<T>(client: pg.PoolClient, sql: string, values: unknown[]): Promise<T> {
  const result = await client.query<{ r: T }>(sql, values);
  const [row] = result.rows;
  if (row === undefined) throw new TaxonError(`no row came back from: ${sql}`);
  return row.r;
}

/** What becomes of an import, apart from its rows. */
export interface ImportOptions {
  /** Which depths of the tree become l1, l2 and l3, e.g. `1,2,deepest`; undefined: as it is. */
  treeLevels?: string | undefined;
  /** Why, and what is imported: they stand in `taxon.runs`. */
  reason?: string | undefined;
  file?: string | undefined;
  /** Whether categories that the database knows by the shop's ids get the names of the import. */
  rename?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** One transaction that may take as long as it takes; what somebody left in the tables on the way by hand is gone. */
function importing<T>(
  db: Database,
  { treeLevels, signal }: ImportOptions,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return db.transaction(async (client) => {
    await client.query(noTimeout);
    // first, so that a choice which cannot be is refused before a long file is read
    if (treeLevels !== undefined) await client.query(`select ${db.at}set_tree_levels($1)`, [treeLevels]);
    await client.query(`delete from ${db.internal}import_rows`);
    await client.query(`delete from ${db.internal}import_nodes`);
    const result = await work(client);
    signal?.throwIfAborted();
    return result;
  });
}

/** All answers that were not kept, as CSV. */
async function writeLosers(db: Database, client: pg.PoolClient, into: Writable): Promise<void> {
  const rows = `select name_key as name, kept, lost, reason, times, array_to_string(lines, ' ') as lines
    from ${db.internal}import_losers order by import_losers.lines[1] nulls last, name_key, lost`;
  await pipeline(client.query(to(`copy (${rows}) to stdout (format csv, header)`)), into);
  await client.query(`delete from ${db.internal}import_losers`);
}

/**
 * COPY and `import_labels()` in one transaction, all or nothing; then `finish_import()` in another.
 *
 * @param text    COPY's text format: line, name, path (text[]), source, external_id, labelled_at
 * @param options losers: how many losing answers to list; conflicts: where all of them go, as CSV
 */
export async function copyLabels(
  db: Database,
  text: AsyncIterable<string>,
  options: ImportOptions & { losers: number; conflicts: Writable | undefined },
): Promise<ImportedLabels> {
  const { losers, conflicts, reason, file, rename, signal } = options;
  try {
    const imported = await importing(db, options, async (client) => {
      await copyIn(
        client,
        `${db.internal}import_rows (line, name, path, source, external_id, labelled_at)`,
        text,
        signal,
      );
      const result = await value<Omit<ImportedLabels, keyof FinishedImport>>(
        client,
        `select ${db.internal}import_labels($1, $2, $3, $4, $5) as r`,
        [losers, reason ?? null, file ?? null, rename === true, conflicts !== undefined],
      );
      if (conflicts !== undefined) await writeLosers(db, client, conflicts);
      return result;
    });
    const finished = await db.transaction(async (client) => {
      await client.query(noTimeout);
      return value<FinishedImport>(client, `select ${db.internal}finish_import($1) as r`, [imported.run_id]);
    });
    return { ...imported, ...finished };
  } catch (error) {
    throw forPeople(error);
  }
}

/**
 * COPY and `import_tree()` in one transaction, all or nothing.
 *
 * @param text COPY's text format; of nodes: line, external_id, parent_external_id, name; of paths as `copyLabels()`
 * @param of   which of them, known when the first row was read
 */
export async function copyTree(
  db: Database,
  text: AsyncIterable<string>,
  of: 'nodes' | 'paths',
  options: ImportOptions,
): Promise<ImportedTree> {
  const { reason, file, rename, signal } = options;
  try {
    return await importing(db, options, async (client) => {
      const copy =
        of === 'nodes'
          ? `${db.internal}import_nodes (line, external_id, parent_external_id, name)`
          : `${db.internal}import_rows (line, name, path, source, external_id, labelled_at)`;
      await copyIn(client, copy, text, signal);
      return value<ImportedTree>(client, `select ${db.internal}import_tree($1, $2, $3) as r`, [
        reason ?? null,
        file ?? null,
        rename === true,
      ]);
    });
  } catch (error) {
    throw forPeople(error);
  }
}

/**
 * Products in one COPY, as an application would insert them: triggers answer or queue each.
 *
 * @param text COPY's text format: name, external_id
 */
export function copyProducts(
  db: Database,
  text: AsyncIterable<string>,
  signal: AbortSignal | undefined,
): Promise<ImportedProducts> {
  return db.transaction(async (client) => {
    await client.query(noTimeout);
    await copyIn(client, `${db.at}products (name, external_id)`, text, signal);
    // created_at is the transaction's start, and its BRIN index finds them
    return value<ImportedProducts>(
      client,
      `select jsonb_build_object('rows', count(*), 'done', count(*) filter (where state = 'done'),
                'pending', count(*) filter (where state = 'pending'),
                'failed', count(*) filter (where state = 'failed')) as r
       from ${db.at}products where created_at = now() and inserted_xact = pg_current_xact_id()`,
      [],
    );
  });
}
