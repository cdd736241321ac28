import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from, to } from 'pg-copy-streams';
import { misuse, TaxonError } from '../errors.ts';
import { newClient } from './connection/connect.ts';
import type { Database } from './connection/open.ts';
import { forPeople } from './connection/refusals.ts';

/** An answer that was not kept. */
interface Loser {
  name: string;
  kept: string;
  lost: string;
  reason: string;
  /** How many rows said it; 0: memory did. */
  times: number;
  /** The first 20 of them. */
  lines: number[];
}

/** A path that is spelt otherwise than the category that it was taken for. */
interface Spelling {
  given: string;
  kept: string;
  /** How many rows have it; `line` is the first of them. */
  times: number;
  line: number;
}

export interface ImportedLabels {
  rows: number;
  names: number;
  added: number;
  changed: number;
  unchanged: number;
  /** Of those the ones whose `labelled_at` is known now, or known to be earlier. */
  dated: number;
  /** Categories made. */
  categories: number;
  /** Answers that were not kept; `losers` lists the first of them. */
  lost: number;
  losers: Loser[];
  /** Rows whose path is another spelling of their category's: case, apostrophes, invisible characters. */
  respelt: number;
  /** The first of those spellings, the most frequent first. */
  spellings: Spelling[];
  /** Queue entries that memory could answer afterwards. */
  settled: number;
  /** Words that stop the similar layer; null when they were not learnt anew. */
  blocking_words: number | null;
}

export interface ImportedProducts {
  rows: number;
  done: number;
  pending: number;
  failed: number;
}

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

/**
 * COPY and `import_labels()` in one transaction, all or nothing; then `finish_import()` in another.
 *
 * @param text    COPY's text format: line, name, path (text[]), source, external_id, labelled_at
 * @param options losers: how many losing answers to list; treeLevels: e.g. `1,2,deepest`
 */
export async function copyLabels(
  db: Database,
  text: AsyncIterable<string>,
  options: { losers: number; treeLevels: string | undefined; signal: AbortSignal | undefined },
): Promise<ImportedLabels> {
  const { losers, treeLevels, signal } = options;
  try {
    const imported = await db.transaction(async (client) => {
      await client.query(noTimeout);
      // first, so that a choice which cannot be is refused before a long file is read
      if (treeLevels !== undefined) await client.query(`select ${db.at}set_tree_levels($1)`, [treeLevels]);
      // what somebody may have left there by hand
      await client.query(`delete from ${db.internal}import_rows`);
      await copyIn(
        client,
        `${db.internal}import_rows (line, name, path, source, external_id, labelled_at)`,
        text,
        signal,
      );
      const result = await value<Omit<ImportedLabels, 'settled' | 'blocking_words'>>(
        client,
        `select ${db.internal}import_labels($1) as r`,
        [losers],
      );
      signal?.throwIfAborted();
      return result;
    });
    const finished = await db.transaction(async (client) => {
      await client.query(noTimeout);
      return value<Pick<ImportedLabels, 'settled' | 'blocking_words'>>(
        client,
        `select ${db.internal}finish_import($1) as r`,
        [imported.added + imported.changed],
      );
    });
    return { ...imported, ...finished };
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

/** SQLSTATE classes of what is not the query's fault: a lost connection, no resources, the operator. */
const notTheQuery = /^(08|53|57|58)/;

/** The query's own error, with the place in the query that the server means. */
function queryError(error: unknown, sql: string, before: number): unknown {
  if (!(error instanceof pg.DatabaseError) || notTheQuery.test(error.code ?? '')) return error;
  const at = error.position === undefined ? -1 : Number(error.position) - before - 1;
  const hint = error.hint ?? 'It must be one SELECT.';
  if (at < 0 || at > sql.length) return misuse(`--query: ${error.message}`, hint);
  const above = sql.slice(0, at).split('\n');
  const column = above.at(-1)?.length ?? 0;
  const line = sql.split('\n')[above.length - 1] ?? '';
  return misuse(
    `--query, line ${above.length}, column ${column + 1}: ${error.message}\n  ${line}\n  ${' '.repeat(column)}^`,
    hint,
  );
}

/**
 * Lets the server read a text, without running it, in the way in which it takes one statement only: COPY goes another way,
 * on which a query that closes the bracket could end the transaction and go on.
 */
function readAsOne(client: pg.Client, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query({
      submit(connection: pg.Connection) {
        connection.parse({ text, name: '', types: [] }, true);
        connection.sync();
      },
      handleError: reject,
      handleReadyForQuery: () => resolve(),
    });
  });
}

/**
 * The answer of a SELECT as CSV with a header, streamed. It runs on a connection of its own, in a transaction that may
 * only read.
 *
 * @throws TaxonError with the place of the error in the query
 */
export async function* queryCsv(db: Pick<Database, 'url'>, query: string): AsyncGenerator<Buffer> {
  const sql = query.replace(/[;\s]+$/, '');
  const before = 'copy (\n';
  const client = newClient(db.url, { application_name: 'taxon import' });
  await client.connect();
  try {
    await client.query(`begin transaction read only; ${noTimeout}`);
    // the bracket stands on a line of its own: the query may end in a comment
    const copy = `${before}${sql}\n) to stdout (format csv, header)`;
    await readAsOne(client, copy);
    for await (const chunk of client.query(to(copy))) yield chunk as Buffer;
    await client.query('commit');
  } catch (error) {
    throw queryError(error, sql, before.length);
  } finally {
    await client.end();
  }
}
