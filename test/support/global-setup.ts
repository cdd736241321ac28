import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { provideBinaries } from '../../src/cluster/provide.ts';
import { loadConfig } from '../../src/config.ts';
import { temporaryDataDir } from './cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The data folder of the run's throw-away cluster, which the first test that asks for a database starts. */
    clusterDataDir: string;
  }
}

/** One throw-away cluster a run, gone with it. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  // pgvector, where it has to be built, is kept with the project and not in the folder that goes.
  await provideBinaries(join(loadConfig().dataDir, 'cache'));
  const { dataDir, remove } = temporaryDataDir();
  project.provide('clusterDataDir', dataDir);
  return remove;
}
