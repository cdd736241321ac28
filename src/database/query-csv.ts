import pg from 'pg';
import { to } from 'pg-copy-streams';
import { misuse } from '../errors.ts';
import { newClient } from './connection/connect.ts';
import type { Database } from './connection/open.ts';

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
    await client.query('begin transaction read only; set local statement_timeout = 0');
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
