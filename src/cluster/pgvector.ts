import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { arch, cpus, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import { type Binaries, hasExtension } from './binaries.ts';
import { debianSource } from './debian-source.ts';
import {
  aptInstall,
  aptKnows,
  aptUpdate,
  brewInstall,
  mayUseApt,
  mayUseBrew,
  withInstallLock,
} from './install.ts';
import { must } from './run.ts';

/** What to type where nothing can be installed from here. */
function sentence(binaries: Binaries): string {
  return existsSync('/usr/bin/apt-get')
    ? `Type: sudo apt-get install postgresql-${binaries.major}-pgvector (where no such package exists, run this command once by sudo).`
    : `Install pgvector for PostgreSQL ${binaries.major} (https://github.com/pgvector/pgvector#installation), or set DATABASE_URL.`;
}

/**
 * Makes sure that these programs have the extension `vector`: from a package, else, on Debian, built from the source
 * package of Debian 13. Does nothing where it is there. Takes turns with other processes.
 *
 * @param cacheDir where what was built is kept, for a machine or container that loses its system folders
 * @throws TaxonError that says what to type
 */
export async function ensurePgvector(binaries: Binaries, cacheDir: string): Promise<void> {
  if (hasExtension(binaries, 'vector')) return;
  await withInstallLock(async () => {
    if (hasExtension(binaries, 'vector')) return;
    if (mayUseApt()) await byApt(binaries, cacheDir);
    else if (await mayUseBrew()) await brewInstall('pgvector');
    if (hasExtension(binaries, 'vector')) return;
    throw new TaxonError(`PostgreSQL ${binaries.major} in ${binaries.binDir} has no pgvector`, {
      hint: sentence(binaries),
    });
  });
}

async function byApt(binaries: Binaries, cacheDir: string): Promise<void> {
  const build = `${binaries.version} ${arch()} ${cpus()[0]?.model}`;
  const kept = join(cacheDir, `pgvector-${createHash('sha256').update(build).digest('hex').slice(0, 16)}`);
  if (!existsSync(kept)) {
    const name = `postgresql-${binaries.major}-pgvector`;
    await aptUpdate();
    if (await aptKnows(name)) return aptInstall([name]);
    if (!/^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))) return;
    await buildFromSource(binaries, kept);
  }
  log.info('installing pgvector', { from: kept });
  installTree(kept);
}

/** Builds Debian's source package and leaves what it would install as a tree in `kept`. */
async function buildFromSource(binaries: Binaries, kept: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'pgvector-'));
  try {
    await aptInstall([
      `postgresql-server-dev-${binaries.major}`,
      'build-essential',
      'dpkg-dev',
      'debian-archive-keyring',
    ]);
    log.info(
      `building pgvector for PostgreSQL ${binaries.major} from Debian's source package (once, about 30 s)`,
    );
    const cwd = await debianSource('pgvector', 'trixie', work);
    const make = ['with_llvm=no', `PG_CONFIG=${join(binaries.binDir, 'pg_config')}`];
    const tree = join(work, 'tree');
    await must('make', ['-j', String(cpus().length), ...make], { cwd });
    await must('make', [...make, 'install', `DESTDIR=${tree}`], { cwd });
    mkdirSync(dirname(kept), { recursive: true });
    await must('cp', ['-a', tree, `${kept}.part`]);
    renameSync(`${kept}.part`, kept);
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(`${kept}.part`, { recursive: true, force: true });
  }
}

/** Copies each file of a tree to the same place below /, the control file last: it is what says "installed". */
function installTree(tree: string): void {
  const files = readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => Number(a.endsWith('.control')) - Number(b.endsWith('.control')));
  for (const file of files) {
    const target = join('/', relative(tree, file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
    chmodSync(target, statSync(file).mode & 0o755);
  }
}
