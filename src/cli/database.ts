import { type Config, type ConfigKey, loadConfig } from '../config.ts';
import { type Database, openDatabase, requireMigrated } from '../database/open.ts';

/** The database that commands use in the private cluster when no DATABASE_URL is given. */
export const defaultDatabase = 'taxon';

let flags: Partial<Record<ConfigKey, unknown>> = {};

/** Remembers the global flags (--database-url, --schema, --data-dir); main calls it before a command runs. */
export function setFlags(given: Partial<Record<ConfigKey, unknown>>): void {
  flags = given;
}

/** The configuration of this command line. */
export function cliConfig(): Config {
  return loadConfig(flags);
}

/** The URL of the database to use; starts the private cluster where no other database is given. */
export async function databaseUrl(config: Config, name: string = defaultDatabase): Promise<string> {
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  const { resolveDatabase } = await import('../cluster/resolve.ts');
  return (await resolveDatabase(config, name)).url;
}

/**
 * Opens the migrated database for one command and closes it afterwards.
 *
 * @throws TaxonError that says to run `taxon migrate` when it is not migrated
 */
export async function withDatabase<T>(work: (db: Database, config: Config) => Promise<T>): Promise<T> {
  const config = cliConfig();
  const db = openDatabase(await databaseUrl(config), config);
  try {
    await requireMigrated(db);
    return await work(db, config);
  } finally {
    await db.close();
  }
}
