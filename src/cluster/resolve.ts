import { join } from 'node:path';
import type { Config } from '../config.ts';
import { TaxonError } from '../errors.ts';
import { clusterStatus, startCluster, stopCluster } from './cluster.ts';
import { ensureDatabase, firstDatabase } from './databases.ts';
import { dockerWorks, startContainer } from './docker.ts';
import { provideBinaries } from './provide.ts';

export interface ResolvedDatabase {
  url: string;
  source: 'DATABASE_URL' | 'private' | 'docker';
  /** Stops the private cluster if this call started it. */
  release(): Promise<void>;
}

/** Whether this machine can run a private cluster; false where Docker has to stand in. */
async function nativeOrDocker(dataDir: string): Promise<'private' | 'docker'> {
  try {
    await provideBinaries(join(dataDir, 'cache'));
    return 'private';
  } catch (error) {
    if (await dockerWorks()) return 'docker';
    throw error;
  }
}

/** The server of a machine without DATABASE_URL, started: the private cluster, else docker compose. */
async function ownServer(dataDir: string) {
  const source = await nativeOrDocker(dataDir);
  if (source === 'docker') return { url: await startContainer(), source, release: async () => {} };
  const { url, started } = await startCluster(dataDir);
  const release = async () => void (started && (await stopCluster(dataDir)));
  return { url, source, release };
}

/**
 * Where the database comes from: DATABASE_URL; else the private cluster of the data folder, started; else, where
 * PostgreSQL or pgvector cannot be had, docker compose. The database is created where it is absent, except behind
 * DATABASE_URL.
 *
 * @param name the database's name in the private cluster or the container
 * @throws TaxonError that says what to type
 */
export async function resolveDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  name: string,
): Promise<ResolvedDatabase> {
  if (config.databaseUrl !== undefined)
    return { url: config.databaseUrl, source: 'DATABASE_URL', release: async () => {} };
  const { url, source, release } = await ownServer(config.dataDir);
  await ensureDatabase(url('postgres'), name);
  return { url: url(name), source, release };
}

/**
 * The URL of a database that is there: DATABASE_URL, else the first of the names that the server of resolveDatabase has.
 * Makes nothing.
 *
 * @throws TaxonError that says to run `taxon migrate` when there is none
 */
export async function findDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  names: readonly string[],
): Promise<string> {
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  if (clusterStatus(config.dataDir).state !== 'absent' || (await dockerWorks())) {
    const { url } = await ownServer(config.dataDir);
    const name = await firstDatabase(url('postgres'), names);
    if (name !== undefined) return url(name);
  }
  throw new TaxonError('there is no database yet', {
    hint: 'Run: taxon migrate (it makes one here), or give DATABASE_URL.',
  });
}
