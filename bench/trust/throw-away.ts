import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { destroyCluster, startCluster } from '../../src/cluster/cluster.ts';
import type { Config } from '../../src/config.ts';
import { migrate } from '../../src/database/connection/migrate.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';

/**
 * A private cluster of its own with a migrated database; closing removes all of it.
 *
 * @param syncs commits reach the disk, as where a commit's time counts
 */
export async function throwAwayServer(
  config: Config,
  syncs = false,
): Promise<{ url: string; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'pgtaxon-bench-'));
  const cluster = await startCluster(folder, {
    postgres: config.postgres,
    cacheDir: join(config.dataDir, 'cache'),
    throwAway: !syncs,
  });
  const url = cluster.url('postgres');
  const close = async () => {
    await destroyCluster(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  await migrate({ url, schema: 'taxon' }).catch(async (error) => {
    await close();
    throw error;
  });
  return { url, close };
}

/** A private cluster of its own with a migrated database and a champion, model 1; closing removes all of it. */
export async function openThrowAway(config: Config): Promise<Database> {
  const server = await throwAwayServer(config);
  const db = openDatabase(server.url, { schema: 'taxon', poolSize: 1 }, 'bench');
  const close = async () => {
    await db.close();
    await server.close();
  };
  try {
    await db.rows(`insert into taxon_internal.encoders (identity, dimension) values ('bench', 1)`);
    await db.rows(
      `insert into taxon_internal.models (encoder_id, manifest, state) values (1, '{}', 'champion')`,
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { ...db, close };
}
