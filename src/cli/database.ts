import { defaultDatabase } from '../cluster/resolve.ts';
import type { Config } from '../config.ts';
import { type Database, openDatabase, requireMigrated } from '../database/connection/open.ts';
import { cliConfig } from './flags.ts';

/** The demo's, in the same cluster. Commands that only look open it until there is another. */
export const demoDatabase = 'taxon_demo';

/** The URL of the database that is there; starts the private cluster where no other is given. */
export async function databaseUrl(config: Config, names: readonly string[] = [defaultDatabase]) {
  const { findDatabase } = await import('../cluster/resolve.ts');
  return findDatabase(config, names);
}

/**
 * Opens the migrated database for one command and closes it afterwards.
 *
 * @param names databases of the private cluster, the first that is there counts
 * @throws TaxonError that says to run `taxon migrate` when it is not migrated
 */
export async function withDatabase<T>(
  work: (db: Database, config: Config) => Promise<T>,
  names?: readonly string[],
): Promise<T> {
  const config = cliConfig();
  // what one process does at a time holds a connection, and works on another
  const poolSize = Math.max(2, config.poolSize);
  const db = openDatabase(await databaseUrl(config, names), { ...config, poolSize });
  try {
    await requireMigrated(db);
    return await work(db, config);
  } finally {
    await db.close();
  }
}

/** As withDatabase, for commands that only look: the demo's database will do. */
export function withAnyDatabase<T>(work: (db: Database, config: Config) => Promise<T>): Promise<T> {
  return withDatabase(work, [defaultDatabase, demoDatabase]);
}
