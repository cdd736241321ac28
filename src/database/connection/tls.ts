import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { messageOf, misuse } from '../../errors.ts';

/** How a connection is encrypted. */
export interface Encryption {
  /** What Node's TLS is told; false: nothing is encrypted. */
  ssl: ConnectionOptions | false;
  /** A server that cannot encrypt is talked to in plain text. */
  orPlain: boolean;
}

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof modes)[number];

/** Parameters of an address that say how it is encrypted; pg's own reading of them is another. */
const parameters = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword', 'uselibpqcompat'];

/** `ssl=true` as JDBC and libpq have it, `no-verify` as other clients of Node have it. */
const otherwise: Record<string, Mode> = {
  true: 'require',
  '1': 'require',
  false: 'disable',
  '0': 'disable',
  'no-verify': 'require',
};

function modeOf(given: string): Mode {
  const mode = modes.find((each) => each === given) ?? otherwise[given];
  if (mode === undefined)
    throw misuse(`sslmode=${given} is none that PostgreSQL knows`, `It knows ${modes.join(', ')}.`);
  return mode;
}

function read(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw misuse(`${what} cannot be read: ${messageOf(error)}`);
  }
}

/** The address without its parameters of encryption, and what they mean. */
export interface Address {
  url: string;
  encryption: Encryption;
}

/**
 * Reads how an address is to be encrypted, as libpq does: `sslmode` (also PGSSLMODE; `prefer` where neither is given), and
 * the files of `sslrootcert`, `sslcert` and `sslkey` (also PGSSLROOTCERT, PGSSLCERT, PGSSLKEY; those of ~/.postgresql where
 * they are there). `require` encrypts and asks for no proof, unless there is a root certificate. `allow` is read as
 * `prefer`. Nothing is encrypted on a Unix socket.
 *
 * @throws TaxonError (misuse) for another mode, or a file that cannot be read
 */
export function readAddress(given: string, environment: NodeJS.ProcessEnv = process.env): Address {
  const [address = '', query] = given.split(/\?(.*)/s, 2);
  const asked = new URLSearchParams(query);
  const value = (name: string) => asked.get(name) || environment[`PG${name.toUpperCase()}`] || undefined;
  const mode = modeOf(asked.get('sslmode') || asked.get('ssl') || environment.PGSSLMODE || 'prefer');
  const ofHome = (name: string) => {
    const path = join(homedir(), '.postgresql', name);
    return existsSync(path) ? path : undefined;
  };
  const root = value('sslrootcert') ?? ofHome('root.crt');
  const cert = value('sslcert') ?? ofHome('postgresql.crt');
  const key = value('sslkey') ?? ofHome('postgresql.key');
  const passphrase = value('sslpassword');
  const noVerify = asked.get('sslmode') === 'no-verify';
  for (const name of parameters) asked.delete(name);
  const url = asked.size === 0 ? address : `${address}?${asked}`;

  if (mode === 'disable') return { url, encryption: { ssl: false, orPlain: false } };
  const ssl: ConnectionOptions = {
    rejectUnauthorized: false,
    ...(cert !== undefined && { cert: read('sslcert', cert) }),
    ...(cert !== undefined && key !== undefined && { key: read('sslkey', key) }),
    ...(passphrase !== undefined && { passphrase }),
  };
  const proof = mode.startsWith('verify') || (mode === 'require' && root !== undefined && !noVerify);
  if (proof) {
    // `system`: what Node itself trusts
    if (root === undefined)
      throw misuse(
        `sslmode=${mode} needs a root certificate, and there is none in ~/.postgresql/root.crt`,
        'Name one with sslrootcert=FILE, or trust the well-known ones with sslrootcert=system.',
      );
    if (root !== 'system') ssl.ca = read('sslrootcert', root);
    ssl.rejectUnauthorized = true;
    if (mode !== 'verify-full' && root !== 'system') ssl.checkServerIdentity = () => undefined;
  }
  return { url, encryption: { ssl, orPlain: mode === 'allow' || mode === 'prefer' } };
}
