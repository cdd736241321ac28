import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { messageOf, TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import { type Binaries, findBinaries, hasSoundPgvector, type Origin, oldestMajor } from './binaries.ts';
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
import { provideWheel } from './wheel.ts';

/** What Homebrew installs where no PostgreSQL is here: the newest that its pgvector is built for. */
const brewFormula = 'postgresql@17';
/** Newest first: what Debian 12, 13, Ubuntu 24.04 and PostgreSQL's own archive have. */
const aptMajors = [18, 17, 16, 15];

function sentence(major: number | undefined): string {
  if (existsSync('/usr/bin/apt-get'))
    return `Type: sudo apt-get install ${major === undefined ? 'postgresql (or python3-pip, which brings it as a file)' : `postgresql-${major}`}`;
  return `Install PostgreSQL ${major ?? `${oldestMajor} or newer`} and pgvector, or pip or uv, or Docker, or set DATABASE_URL.`;
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

/** The machine's own PostgreSQL with pgvector; installs or builds what is missing where it may. */
async function ofMachine(cacheDir: string, major?: number): Promise<Binaries> {
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

/** The machine's own where its pgvector is sound; else the wheel; else the machine's with pgvector built. */
async function best(cacheDir: string): Promise<Binaries> {
  const own = await findBinaries();
  if (own !== undefined && hasSoundPgvector(own)) return own;
  let why: string;
  try {
    return await provideWheel(cacheDir);
  } catch (error) {
    why = messageOf(error);
  }
  log.info(`${why}; taking this machine's own PostgreSQL`);
  return ofMachine(cacheDir);
}

/** What made a cluster, and has to run it. */
export interface Maker {
  origin: Origin;
  major: number;
}

/**
 * PostgreSQL's programs with pgvector, from where the setting `postgres` says.
 *
 * @param cacheDir what was downloaded or built is kept there
 * @param maker    of the cluster that they are for, if there is one; a choice of something else is refused
 * @throws TaxonError that says what to type
 */
export async function provideBinaries(
  cacheDir: string,
  choice: Config['postgres'],
  maker?: Maker,
): Promise<Binaries> {
  if (choice === 'docker') {
    throw new TaxonError('the database is to be in Docker, by the setting postgres', {
      hint: 'A private cluster is what postgres = auto, machine or wheel makes (TAXON_POSTGRES).',
    });
  }
  if (maker !== undefined && choice !== 'auto' && choice !== maker.origin) {
    throw new TaxonError(`this cluster was made by PostgreSQL of the ${maker.origin}, not of the ${choice}`, {
      hint: 'Give another data folder (TAXON_DATA_DIR), or remove the cluster: taxon db destroy.',
    });
  }
  const origin = maker?.origin ?? choice;
  if (origin === 'auto') return best(cacheDir);
  if (origin === 'machine') return ofMachine(cacheDir, maker?.major);
  const binaries = await provideWheel(cacheDir);
  if (maker === undefined || maker.major === binaries.major) return binaries;
  throw new TaxonError(`this cluster is of PostgreSQL ${maker.major}, the wheel has ${binaries.major}`, {
    hint: 'Give another data folder (TAXON_DATA_DIR), or remove the cluster: taxon db destroy.',
  });
}
