import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { messageOf, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { newClient } from './connect.ts';
import { givingWay } from './give-way.ts';
import { lockKey } from './lock-key.ts';
import { migrate } from './migrate.ts';
import { type Database, openDatabase } from './open.ts';
import { requireDirect } from './requirements.ts';
import { internalSchema } from './schemas.ts';

/** Stands on every scratch schema, so that none of anybody's own is ever taken for one. */
const mark = 'Scratch of a running taxon replay; it is dropped when that ends.';

/** A schema of its own beside the real one: the same SQL, other data. */
export interface Scratch {
  db: Database;
  /** Cancels what runs in it this moment. */
  cancel(): Promise<void>;
  /** Drops it, with what still runs in it cancelled. */
  drop(): Promise<void>;
}

/** Held as long as its replay lives, however that ends. */
const lockOf = (schema: string) => lockKey(schema, 'scratch');

/** Others may read it: a dump of the whole database does. */
const dropSchema = (holder: pg.Client, url: string, schema: string) =>
  givingWay(holder, url, `dropping the scratch schema ${schema}`, () =>
    holder.query(`drop schema if exists "${schema}", "${internalSchema(schema)}" cascade`),
  );

/** Drops what replays left that were killed: scratch schemas whose lock nobody holds. */
async function sweep(holder: pg.Client, url: string): Promise<void> {
  const { rows } = await holder.query<{ name: string }>(
    `select n.nspname as name from pg_namespace n
     where n.nspname ~ '^taxon_replay_\\d+_[0-9a-f]+$' and obj_description(n.oid, 'pg_namespace') = $1
       and pg_has_role(n.nspowner, 'usage')`,
    [mark],
  );
  for (const { name } of rows) {
    const { rows: got } = await holder.query<{ free: boolean }>('select pg_try_advisory_lock($1) as free', [
      lockOf(name),
    ]);
    if (got[0]?.free !== true) continue;
    await dropSchema(holder, url, name);
    await holder.query('select pg_advisory_unlock($1)', [lockOf(name)]);
    log.info('dropped what a replay that was killed had left', { schema: name });
  }
}

async function makeSchema(holder: pg.Client, schema: string): Promise<void> {
  try {
    // one statement, one transaction: never a schema without its mark
    await holder.query(`create schema "${schema}"; comment on schema "${schema}" is '${mark}'`);
  } catch (error) {
    throw new TaxonError(`a scratch schema could not be made: ${messageOf(error)}`, {
      hint: 'Replay needs a role that may make schemas: grant create on database … to …;',
      cause: error,
    });
  }
}

/** The real schema's settings and categories, ids included; everything else of a new schema is empty. */
async function copyRules(real: Database, scratch: Database): Promise<void> {
  await scratch.rows(
    `update ${scratch.internal}all_settings s set value = r.value from ${real.internal}all_settings r where r.key = s.key and r.key <> 'sql_sha256'`,
  );
  // with their places
  await scratch.rows(
    `insert into ${scratch.at}categories (category_id, parent_id, name, external_id, path_ids, level, l1, l2, l3, retired_at)
     select category_id, parent_id, name, external_id, path_ids, level, l1, l2, l3, retired_at from ${real.at}categories order by level`,
  );
}

/**
 * Makes a scratch schema in the database of `real`, by the project's own migrate, with its settings and categories.
 *
 * @param url a direct connection to that database
 * @throws TaxonError where it may not be made; nothing is left then
 */
export async function makeScratch(real: Database, url: string): Promise<Scratch> {
  const schema = `taxon_replay_${process.pid}_${randomBytes(3).toString('hex')}`;
  const name = `taxon replay ${schema}`;
  const holder = newClient(url, { application_name: 'taxon replay' });
  await holder.connect();
  const db = openDatabase(url, { schema, poolSize: 2 }, name);
  async function cancel(): Promise<void> {
    await holder
      .query('select pg_cancel_backend(pid) from pg_stat_activity where application_name = $1', [name])
      .catch((error) => log.debug('nothing could be cancelled', { error: messageOf(error) }));
  }
  async function drop(): Promise<void> {
    try {
      await cancel();
      await db.close();
      await dropSchema(holder, url, schema);
    } finally {
      await holder.end();
    }
  }
  try {
    await requireDirect(holder);
    await sweep(holder, url);
    await holder.query('select pg_advisory_lock($1)', [lockOf(schema)]);
    await makeSchema(holder, schema);
    await migrate({ url, schema });
    await copyRules(real, db);
    return { db, cancel, drop };
  } catch (error) {
    await drop().catch(() => {});
    throw error;
  }
}

/**
 * Works in a scratch schema that is dropped in any case; what runs in it is cancelled where the signal says so.
 *
 * @throws the signal's reason when aborted, and what makeScratch() throws
 */
export async function inScratch<T>(
  real: Database,
  url: string,
  signal: AbortSignal,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const scratch = await makeScratch(real, url);
  const stop = () => void scratch.cancel();
  signal.addEventListener('abort', stop);
  try {
    return await work(scratch.db);
  } catch (error) {
    // what a cancelled statement says is not why it ended
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await scratch.drop();
  }
}
