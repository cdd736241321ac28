import { join } from 'node:path';
import type { Config } from '../config.ts';
import { startCluster, stopCluster } from './cluster.ts';
import { ensureDatabase } from './databases.ts';
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
  let release = async () => {};
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl, source: 'DATABASE_URL', release };
  const source = await nativeOrDocker(config.dataDir);
  let url: (database: string) => string;
  if (source === 'private') {
    const cluster = await startCluster(config.dataDir);
    url = cluster.url;
    if (cluster.started) release = async () => void (await stopCluster(config.dataDir));
  } else url = await startContainer();
  await ensureDatabase(url('postgres'), name);
  return { url: url(name), source, release };
}
