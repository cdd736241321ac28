import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

/** The oldest major version of PostgreSQL that pgtaxon works on. */
export const oldestMajor = 15;

/** Whose programs they are: the machine's own, or PyPI's wheel. */
export type Origin = 'machine' | 'wheel';

/** One installation of PostgreSQL's programs. */
export interface Binaries {
  origin: Origin;
  /** The folder with initdb, postgres, psql and pg_config. */
  binDir: string;
  major: number;
  /** What `postgres --version` says: two builds of one version differ here. */
  version: string;
  /** The folder with the control files of extensions. */
  extensionDir: string;
}

/** Folders like /usr/lib/postgresql/17/bin below a parent, newest first. */
function numbered(parent: string, pattern: RegExp): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((name) => ({ name, major: Number(pattern.exec(name)?.[1] ?? 0) }))
    .filter((entry) => entry.major >= oldestMajor)
    .sort((a, b) => b.major - a.major)
    .map((entry) => join(parent, entry.name, 'bin'));
}

/** What programs said of themselves. */
const said = new Map<string, string>();

/**
 * What a program says of itself, asked once for as long as the file is the same: a process of 400 MB takes 20 ms to
 * start another one, and a start of the cluster asked five times.
 *
 * @returns '' where it fails; that is not kept, as it may lack what is being installed
 */
async function ask(program: string, flag: string): Promise<string> {
  const { ino, size, mtimeMs } = statSync(program);
  const key = [program, flag, ino, size, mtimeMs].join(' ');
  const before = said.get(key);
  if (before !== undefined) return before;
  const { code, stdout } = await run(program, [flag]);
  if (code !== 0) return '';
  said.set(key, stdout.trim());
  return stdout.trim();
}

async function candidates(): Promise<string[]> {
  const path = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  const config = path.map((folder) => join(folder, 'pg_config')).find((file) => existsSync(file));
  const configured = config === undefined ? '' : await ask(config, '--bindir');
  return [
    ...(configured === '' ? [] : [configured]),
    ...path,
    ...numbered('/usr/lib/postgresql', /^(\d+)$/),
    ...numbered('/usr', /^pgsql-(\d+)$/),
    ...numbered('/opt/homebrew/opt', /^postgresql@(\d+)$/),
    ...numbered('/usr/local/opt', /^postgresql@(\d+)$/),
    '/usr/local/pgsql/bin',
  ];
}

/** What the programs in a folder are; undefined where they are not all there, do not run or are too old. */
export async function inspect(binDir: string, origin: Origin): Promise<Binaries | undefined> {
  const needed = ['initdb', 'postgres', 'psql', 'pg_config'];
  if (!needed.every((name) => existsSync(join(binDir, name)))) return undefined;
  const version = await ask(join(binDir, 'postgres'), '--version');
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1] ?? 0);
  const share = await ask(join(binDir, 'pg_config'), '--sharedir');
  if (major < oldestMajor || share === '') return undefined;
  return { origin, binDir, major, version, extensionDir: join(share, 'extension') };
}

/** Whether these programs come with an extension, e.g. `vector`. */
export function hasExtension(binaries: Binaries, name: string): boolean {
  return existsSync(join(binaries.extensionDir, `${name}.control`));
}

/** Below it, vacuuming an HNSW index has faults. */
const soundPgvector = [0, 8, 4];

/** Whether these programs come with a pgvector whose HNSW index may be used. */
export function hasSoundPgvector(binaries: Binaries): boolean {
  if (!hasExtension(binaries, 'vector')) return false;
  const control = readFileSync(join(binaries.extensionDir, 'vector.control'), 'utf8');
  const version = /^default_version *= *'(\d+)\.(\d+)\.(\d+)/m.exec(control)?.slice(1).map(Number) ?? [];
  const differs = soundPgvector.findIndex((part, i) => part !== version[i]);
  return differs === -1 || (version[differs] ?? 0) > (soundPgvector[differs] ?? 0);
}

/**
 * PostgreSQL's programs on this machine: those with a sound pgvector first, then with any, then as pg_config and PATH
 * name them, then newest first.
 *
 * @param major only this major version: what a cluster was made with
 */
export async function findBinaries(major?: number): Promise<Binaries | undefined> {
  const found: Binaries[] = [];
  for (const binDir of new Set(await candidates())) {
    const binaries = await inspect(binDir, 'machine');
    if (binaries !== undefined && (major === undefined || binaries.major === major)) found.push(binaries);
  }
  return (
    found.find(hasSoundPgvector) ?? found.find((binaries) => hasExtension(binaries, 'vector')) ?? found[0]
  );
}
