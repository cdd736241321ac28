import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaxonError } from '../errors.ts';
import { type Binaries, findBinaries, oldestMajor } from './binaries.ts';
import {
  aptInstall,
  aptKnows,
  aptUpdate,
  brewInstall,
  mayUseApt,
  mayUseBrew,
  withInstallLock,
} from './install.ts';
import { ensurePgvector } from './pgvector.ts';

/** What Homebrew installs where no PostgreSQL is here: the newest that its pgvector is built for. */
const brewFormula = 'postgresql@17';
/** Newest first: what Debian 12, 13, Ubuntu 24.04 and PostgreSQL's own archive have. */
const aptMajors = [18, 17, 16, 15];

function sentence(major: number | undefined): string {
  if (existsSync('/usr/bin/apt-get'))
    return `Type: sudo apt-get install postgresql${major === undefined ? '' : `-${major}`}`;
  return `Install PostgreSQL ${major ?? `${oldestMajor} or newer`} and pgvector, or Docker, or set DATABASE_URL.`;
}

/** Installs PostgreSQL by apt, without the cluster on port 5432 that Debian's package makes by itself. */
async function byApt(major: number | undefined): Promise<void> {
  await aptUpdate();
  const settings = '/etc/postgresql-common/createcluster.d';
  const ours = join(settings, 'pgtaxon.conf');
  const fresh = !existsSync('/etc/postgresql-common/createcluster.conf');
  if (fresh) {
    mkdirSync(settings, { recursive: true });
    writeFileSync(ours, 'create_main_cluster = false\n');
  }
  try {
    for (const candidate of major === undefined ? aptMajors : [major]) {
      if (await aptKnows(`postgresql-${candidate}`)) return await aptInstall([`postgresql-${candidate}`]);
    }
  } finally {
    rmSync(ours, { force: true });
    if (fresh && existsSync(settings) && readdirSync(settings).length === 0) rmdirSync(settings);
  }
}

/**
 * PostgreSQL's programs with pgvector; installs what is missing where it may.
 *
 * @param cacheDir what had to be built is kept there
 * @param major    only this major version: what a cluster was made with
 * @throws TaxonError that says what to type
 */
export async function provideBinaries(cacheDir: string, major?: number): Promise<Binaries> {
  let binaries = await findBinaries(major);
  if (binaries === undefined) {
    await withInstallLock(async () => {
      if (mayUseApt()) await byApt(major);
      else if (await mayUseBrew())
        await brewInstall(major === undefined ? brewFormula : `postgresql@${major}`);
    });
    binaries = await findBinaries(major);
  }
  if (binaries === undefined) {
    throw new TaxonError(`no PostgreSQL ${major ?? `${oldestMajor} or newer`} was found on this machine`, {
      hint: sentence(major),
    });
  }
  await ensurePgvector(binaries, cacheDir);
  return binaries;
}
