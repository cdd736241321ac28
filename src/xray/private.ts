import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destroyCluster, startCluster, stopCluster } from '../cluster/cluster.ts';
import type { Config } from '../config.ts';
import { ensureDatabase } from '../database/connection/databases.ts';
import { migrate } from '../database/connection/migrate.ts';
import { type Database, openDatabase } from '../database/connection/open.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';

const database = 'taxon';
const prefix = 'pgtaxon-xray-';
/** No x-ray takes as long. */
const longestMs = 3_600_000;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Removes what x-rays left that were killed: their folders name a process that is no more. */
async function sweep(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1] ?? 0);
    if (pid === 0 || isAlive(pid)) continue;
    const folder = join(parent, name);
    try {
      // where containers share a folder, a process of another one looks dead
      if (Date.now() - statSync(folder).mtimeMs < longestMs) continue;
      await destroyCluster(folder);
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      log.debug('could not remove a leftover', { folder, error: messageOf(error) });
    }
  }
}

/**
 * A migrated database in a PostgreSQL of its own, in a temporary folder, for one piece of work. Nothing of it is left
 * afterwards, however the work ends, unless it is to be kept.
 *
 * @param options keep: leaves the stopped cluster, and says how to open it
 */
export async function withPrivateDatabase<T>(
  config: Config,
  options: { keep?: boolean | undefined },
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const parent = tmpdir();
  await sweep(parent);
  const folder = mkdtempSync(join(parent, `${prefix}${process.pid}-`));
  // root's server is another user, who has to get through; the cluster in it is closed to all but that one
  chmodSync(folder, 0o711);
  const keep = options.keep === true;
  try {
    const cluster = await startCluster(folder, {
      postgres: config.postgres,
      cacheDir: join(config.dataDir, 'cache'),
      throwAway: !keep,
    });
    await ensureDatabase(cluster.url('postgres'), database);
    const url = cluster.url(database);
    await migrate({ url, schema: config.schema });
    const db = openDatabase(url, config, 'taxon x-ray');
    return await work(db).finally(() => db.close());
  } finally {
    if (keep) {
      await stopCluster(folder);
      log.info(`kept; open it: taxon --data-dir ${folder} db psql`);
    } else {
      await destroyCluster(folder);
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
