import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { messageOf, TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import type { Binaries } from './binaries.ts';
import type { Place } from './place.ts';
import type { Maker } from './provide.ts';
import { run, tail } from './run.ts';

/** The cluster's superuser, whatever the system's user is called. */
export const superuser = 'postgres';

/** With one of these pg_trgm sees letters in every script; macOS has no C.UTF-8 before version 15. */
const locales = ['C.UTF-8', 'en_US.UTF-8'];

/** The socket's folder, mode 0700, is the only door; who may enter it may be anybody in the database. */
const hba = 'local all all trust\n';

/**
 * A quarter of the memory that this process may use, as PostgreSQL's manual advises; 4 GB hold an index of a million vectors with its
 * table, and a name's neighbours take 3.7 ms of processor time there for 8.8 with 128 MB. A page that is not used takes no memory.
 */
function sharedBuffers(): number {
  const megabytes = Math.min(totalmem(), process.constrainedMemory() || Infinity) / 2 ** 20;
  return Math.round(Math.min(4096, Math.max(128, megabytes / 4)));
}

const settings = () => `
# pgtaxon: no TCP; who can enter the socket's folder may connect
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = ${sharedBuffers()}MB
lc_messages = 'C'
`;

/**
 * For clusters that nobody misses after a crash of the machine. What was committed survives a killed server all the
 * same (no synchronous_commit = off): tests kill some. They drop many tables, and each DROP looks through all buffers.
 */
const throwAwaySettings = `
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 128MB
`;

/** In the data folder, which is one of PostgreSQL's own: says whose programs made it. */
const originFile = 'pgtaxon.origin';

/** What an initdb left that was cut short; one that still runs ends when its files are gone. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder).filter((name) => name.startsWith('data.'))) {
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch (error) {
      log.debug('could not remove a leftover', { name, error: messageOf(error) });
    }
  }
}

/**
 * Runs initdb. The data folder appears under its name only when it is complete: one that was cut short is made anew.
 *
 * @throws TaxonError with what initdb said
 */
export async function initialise(place: Place, binaries: Binaries, throwAway: boolean): Promise<void> {
  log[throwAway ? 'debug' : 'info']('making a private PostgreSQL', {
    version: binaries.major,
    folder: place.folder,
  });
  removeLeftovers(place.folder);
  // A name of its own: an initdb whose parent was killed may still be writing.
  const data = `${place.data}.${randomBytes(4).toString('hex')}`;
  let said = '';
  for (const locale of locales) {
    const args = [
      '-D',
      data,
      '-U',
      superuser,
      '--encoding=UTF8',
      `--locale=${locale}`,
      '--auth=trust',
      '--no-instructions',
    ];
    if (throwAway) args.push('--no-sync');
    const result = await run(join(binaries.binDir, 'initdb'), args, { as: place.account });
    if (result.code === 0) {
      appendFileSync(join(data, 'postgresql.conf'), settings() + (throwAway ? throwAwaySettings : ''));
      writeFileSync(join(data, 'pg_hba.conf'), hba);
      writeFileSync(join(data, originFile), binaries.origin);
      renameSync(data, place.data);
      return;
    }
    said = tail(result.stdout + result.stderr);
    rmSync(data, { recursive: true, force: true });
  }
  throw new TaxonError(`initdb failed in ${place.folder}\n${said}`);
}

/** What made a data folder: one without ICU cannot run what one with ICU made, though the version is the same. */
export function makerOf(place: Place): Maker {
  const file = join(place.data, originFile);
  return {
    origin: existsSync(file) && readFileSync(file, 'utf8') === 'wheel' ? 'wheel' : 'machine',
    major: Number(readFileSync(join(place.data, 'PG_VERSION'), 'utf8')),
  };
}
