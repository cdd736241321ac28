import { rmSync } from 'node:fs';
import { afterAll, vi } from 'vitest';
import { temporaryIn } from './cluster.ts';

/** A folder, in memory where there is room, that is the temporary folder until the file's tests have ended; gone with them. */
export function ownTmpdir(prefix: string): string {
  const folder = temporaryIn(prefix);
  vi.stubEnv('TMPDIR', folder);
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  return folder;
}
