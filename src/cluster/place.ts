import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lchownSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TaxonError } from '../errors.ts';
import { type Account, isRoot, serverAccount } from './account.ts';
import { run } from './run.ts';

/** Where root keeps what an unprivileged server cannot reach in a data folder. */
export const systemFolder = '/var/lib/pgtaxon';

/** The longest path of a Unix socket, in bytes: sockaddr_un less its closing zero. */
const longestSocketPath = process.platform === 'darwin' ? 103 : 107;

/** The file names and folders of one private cluster. */
export interface Place {
  /** All of the cluster; mode 0700, owned by the server's account. */
  folder: string;
  /** PostgreSQL's data folder in it. */
  data: string;
  logFile: string;
  /** The folder of the Unix socket: `folder`, or a short one where its path will not do. */
  socketDir: string;
  /** Whom the server runs as; undefined: whoever runs this process. */
  account: Account | undefined;
}

const digest = (dataDir: string) => createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12);

/** The lock that everything which starts, stops or destroys the cluster of a data folder takes. */
export function lockFile(dataDir: string): string {
  return join(dataDir, 'cluster.lock');
}

function placeIn(folder: string, dataDir: string): Place {
  const account = serverAccount(folder);
  const length = Buffer.byteLength(join(folder, '.s.PGSQL.5432'));
  // libpq reads a comma in a host, folders included, as a list of hosts.
  const unfit = length > longestSocketPath || folder.includes(',');
  const socketDir = unfit ? `/tmp/pgtaxon-${account?.uid ?? process.getuid?.()}-${digest(dataDir)}` : folder;
  return { folder, data: join(folder, 'data'), logFile: join(folder, 'server.log'), socketDir, account };
}

/**
 * Where the cluster of a data folder lies, if it was made: in the data folder, or in the system folder, by a digest of
 * the data folder's path, where root's server could not reach it.
 *
 * @throws TaxonError when it belongs to another user
 */
export function findPlace(dataDir: string): Place | undefined {
  const own = join(resolve(dataDir), 'cluster');
  const owner = lstatSync(own, { throwIfNoEntry: false })?.uid;
  if (owner !== undefined && !isRoot() && owner !== process.getuid?.()) {
    throw new TaxonError(`the database in ${own} belongs to another user (id ${owner})`, {
      hint: 'It was made as root: run this as root too, or as root type "taxon db destroy", or set TAXON_DATA_DIR to another folder.',
    });
  }
  const away = join(systemFolder, digest(dataDir));
  const folders = isRoot() ? [own, away] : [own];
  const made = folders.find((folder) => existsSync(join(folder, 'data', 'PG_VERSION')));
  return made === undefined ? undefined : placeIn(made, dataDir);
}

/** Makes a folder of mode 0700 for the server alone, or checks that the one that is there is such a folder. */
export function privateFolder(folder: string, account: Account | undefined): void {
  const uid = account?.uid ?? process.getuid?.();
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  // Also where an earlier attempt ended between the two.
  if (account !== undefined && lstatSync(folder).uid === 0) lchownSync(folder, account.uid, account.gid);
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new TaxonError(`${folder} is not a private folder of the user with id ${uid}`, {
      hint: `If it is yours, type: chown ${uid} ${folder} && chmod 700 ${folder}`,
    });
  }
}

/** Chooses and makes the folder of a new cluster. */
export async function makePlace(dataDir: string): Promise<Place> {
  const own = join(resolve(dataDir), 'cluster');
  mkdirSync(dataDir, { recursive: true });
  const place = placeIn(own, dataDir);
  privateFolder(own, place.account);
  if (place.account === undefined) return place;
  // A checkout below /root, mode 700, is closed to the unprivileged server.
  const reachable = await run('/bin/sh', ['-c', 'test -w "$1" && test -x "$1"', 'sh', own], {
    as: place.account,
  });
  if (reachable.code === 0) return place;
  rmSync(own, { recursive: true });
  mkdirSync(systemFolder, { recursive: true });
  // Whatever root's umask is, the server has to get through.
  chmodSync(systemFolder, 0o755);
  const away = placeIn(join(systemFolder, digest(dataDir)), dataDir);
  privateFolder(away.folder, away.account);
  return away;
}
