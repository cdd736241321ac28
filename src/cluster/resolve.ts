import { join } from 'node:path';
import type { Config } from '../config.ts';
import { ensureDatabase, firstDatabase } from '../database/connection/databases.ts';
import { TaxonError } from '../errors.ts';
import { clusterStatus, startCluster, stopCluster } from './cluster.ts';
import { dockerWorks, startContainer } from './docker.ts';
import { provideBinaries } from './provide.ts';

/** The database of the private cluster where no address is given. */
export const defaultDatabase = 'taxon';

export interface ResolvedDatabase {
  url: string;
  source: 'DATABASE_URL' | 'private' | 'docker';
  /** Stops the private cluster if this call started it. */
  release(): Promise<void>;
}

type Settings = Pick<Config, 'databaseUrl' | 'dataDir' | 'postgres'>;

/** Whether the server is a private cluster, or Docker stands in, where it is chosen or nothing else can be had. */
async function nativeOrDocker({ dataDir, postgres }: Settings): Promise<'private' | 'docker'> {
  if (postgres === 'docker') return 'docker';
  if (clusterStatus(dataDir).state !== 'absent') return 'private';
  try {
    await provideBinaries(join(dataDir, 'cache'), postgres);
    return 'private';
  } catch (error) {
    if (postgres === 'auto' && (await dockerWorks())) return 'docker';
    throw error;
  }
}

/** The server of a machine without DATABASE_URL, started: the private cluster, else docker compose. */
async function ownServer(config: Settings) {
  const source = await nativeOrDocker(config);
  if (source === 'docker') return { url: await startContainer(), source, release: async () => {} };
  const { url, started } = await startCluster(config.dataDir, { postgres: config.postgres });
  const release = async () => void (started && (await stopCluster(config.dataDir)));
  return { url, source, release };
}

/**
 * Where the database comes from: DATABASE_URL; else the private cluster of the data folder, started, by the programs that the
 * setting `postgres` chooses; else, where PostgreSQL or pgvector cannot be had, docker compose. The database is created where
 * it is absent, except behind DATABASE_URL.
 *
 * @param name the database's name in the private cluster or the container
 * @throws TaxonError that says what to type
 */
export async function resolveDatabase(config: Settings, name: string): Promise<ResolvedDatabase> {
  if (config.databaseUrl !== undefined)
    return { url: config.databaseUrl, source: 'DATABASE_URL', release: async () => {} };
  const { url, source, release } = await ownServer(config);
  await ensureDatabase(url('postgres'), name);
  return { url: url(name), source, release };
}

/**
 * The URL of a database that is there: DATABASE_URL, else the first of the names that the server of resolveDatabase has.
 * Makes nothing.
 *
 * @throws TaxonError that says to run `taxon migrate` when there is none
 */
export async function findDatabase(config: Settings, names: readonly string[]): Promise<string> {
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  if (clusterStatus(config.dataDir).state !== 'absent' || (await dockerWorks())) {
    const { url } = await ownServer(config);
    const name = await firstDatabase(url('postgres'), names);
    if (name !== undefined) return url(name);
  }
  throw new TaxonError('there is no database yet', {
    hint: 'Run: taxon migrate (it makes one here), or give DATABASE_URL.',
  });
}
