import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../src/cluster/lock.ts';
import { cacheDir } from './cluster.ts';

/**
 * A folder that is made once and kept from one run of the tests to the next, until `key` changes, which says all that
 * its content depends on. One test process makes it while others wait.
 */
export async function kept(
  name: string,
  key: string,
  make: (folder: string) => Promise<unknown>,
): Promise<string> {
  const folder = join(cacheDir, name);
  const done = join(folder, '.kept');
  await withLock(`${folder}.lock`, 540, async () => {
    if (existsSync(done) && readFileSync(done, 'utf8') === key) return;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await make(folder);
    writeFileSync(done, key);
  });
  return folder;
}
