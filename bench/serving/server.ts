import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, stopCluster } from '../../src/cluster/cluster.ts';
import { provideBinaries } from '../../src/cluster/provide.ts';
import type { Config } from '../../src/config.ts';
import { migrate } from '../../src/database/migrate.ts';

/** A private cluster of its own that does sync its commits, with a migrated database; closing removes all of it. */
export async function ownServer(config: Config): Promise<{ url: string; close(): Promise<void> }> {
  await provideBinaries(join(config.dataDir, 'cache'));
  const folder = mkdtempSync(join(tmpdir(), 'pgtaxon-bench-'));
  const cluster = await startCluster(folder);
  const url = cluster.url('postgres');
  const close = async () => {
    await stopCluster(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  await migrate({ url, schema: 'taxon' }).catch(async (error) => {
    await close();
    throw error;
  });
  return { url, close };
}
