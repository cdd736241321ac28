import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/database/connection/open.ts';
import { readAddress } from '../../../src/database/connection/tls.ts';
import { type OwnCluster, ownCluster } from '../../support/cluster.ts';
import { needs, needsMachine, onWheel } from '../../support/needs.ts';
import { runTaxon, startSidecarProcess, type TaxonProcess, until } from '../../support/processes.ts';
import { openSession } from '../../support/sql.ts';

const openssl = 'openssl';
const installed = spawnSync(openssl, ['version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'tls-'));
/** One of the many addresses of this machine alone: another server may have the usual one. */
const host = `127.77.${process.pid % 250}.${(Math.floor(process.pid / 250) % 250) + 1}`;
let cluster: OwnCluster;
let data: string;

/** The same with encryption refused, or required, of the user's connections. */
const address = (query = '', user = 'hosted') => `postgres://${user}:pa%20ss@${host}:5432/shop${query}`;

function certificate(name: string): void {
  const request = `req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ${name}.key -out ${name}.crt`.split(' ');
  const subject = ['-subj', '/CN=somewhere.else', '-addext', 'subjectAltName=DNS:somewhere.else'];
  execFileSync(openssl, [...request, ...subject], { cwd: folder, stdio: 'pipe' });
}

async function settings(values: Record<string, string>): Promise<void> {
  const admin = await openSession(cluster.url('postgres'));
  for (const [name, value] of Object.entries(values))
    await admin.rows(`alter system set ${name} = '${value}'`);
  await admin.close();
  await cluster.stop();
  await cluster.start();
}

beforeEach((context) => {
  needs(context, installed, 'openssl is not installed: apt-get install openssl');
  needsMachine(context, 'TLS');
});
beforeAll(async () => {
  if (!installed || onWheel) return;
  chmodSync(folder, 0o711);
  for (const name of ['server', 'other']) certificate(name);
  cluster = await ownCluster();
  const admin = await openSession(cluster.url('postgres'));
  data = await admin.value<string>(`select current_setting('data_directory')`);
  const { uid, gid } = statSync(data);
  for (const name of ['server.key', 'server.crt']) {
    copyFileSync(join(folder, name), join(data, name));
    chownSync(join(data, name), uid, gid);
    chmodSync(join(data, name), 0o600);
  }
  // as hosted servers have it: nobody comes in without encryption
  writeFileSync(
    join(data, 'pg_hba.conf'),
    'local all all trust\nhostssl all hosted all scram-sha-256\nhost all open all scram-sha-256\n',
  );
  await admin.rows(`create role hosted superuser login password 'pa ss'`);
  await admin.rows(`create role open superuser login password 'pa ss'`);
  await admin.rows('create database shop owner hosted');
  await admin.close();
  await settings({ ssl: 'on', listen_addresses: host });
});
afterAll(async () => {
  await cluster?.destroy();
  rmSync(folder, { recursive: true });
});

/** Whether a connection is encrypted, or why there is none. */
async function encrypted(url: string): Promise<boolean | string> {
  try {
    const db = openDatabase(url, { schema: 'taxon', poolSize: 1 });
    try {
      const sql = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
      return (await db.row<{ ssl: boolean }>(sql)).ssl;
    } finally {
      await db.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

const root = (name: string) => `&sslrootcert=${join(folder, `${name}.crt`)}`;

describe('a server with a certificate that it signed itself', () => {
  test.each<[string, boolean | RegExp]>([
    ['', true],
    ['?sslmode=disable', /no encryption/],
    ['?sslmode=allow', true],
    ['?sslmode=prefer', true],
    ['?sslmode=require', true],
    ['?sslmode=no-verify', true],
    ['?ssl=true', true],
    ['?sslmode=require&uselibpqcompat=true&application_name=x', true],
    [`?sslmode=require${root('server')}`, true],
    [`?sslmode=require${root('other')}`, /self.signed/],
    [`?sslmode=verify-ca${root('server')}`, true],
    [`?sslmode=verify-ca${root('other')}`, /self.signed/],
    [`?sslmode=verify-full${root('server')}`, /not in the cert's list|altnames/i],
    ['?sslmode=verify-full&sslrootcert=system', /self.signed/],
    ['?sslmode=verify-full', /needs a root certificate/],
    [`?sslmode=verify-ca${root('absent')}`, /sslrootcert cannot be read/],
    ['?sslmode=never', /disable, allow|none that PostgreSQL knows/],
  ])('as %s', async (query, wanted) => {
    const found = await encrypted(address(query));
    if (typeof wanted === 'boolean') expect(found).toBe(wanted);
    else expect(found).toMatch(wanted);
  });

  test('PGSSLMODE counts where the address says nothing', () => {
    const read = (query: string) => readAddress(address(query), { PGSSLMODE: 'disable' }).encryption.ssl;
    expect(read('')).toBe(false);
    expect(read('?sslmode=require')).toMatchObject({ rejectUnauthorized: false });
  });

  test('is migrated, listened to and worked on as hosted servers are, and Node warns of nothing', async () => {
    const environment = { DATABASE_URL: address('?sslmode=require') };
    const migrated = await runTaxon(['migrate'], environment);
    expect(migrated).toMatchObject({ code: 0 });
    let sidecar: TaxonProcess | undefined;
    const admin = await openSession(cluster.url('shop'));
    try {
      sidecar = await startSidecarProcess(environment.DATABASE_URL, { TAXON_LLM_PROVIDER: 'none' });
      await until(
        () => admin.rows<{ listening: boolean }>('select listening from taxon_internal.sidecars'),
        ([row]) => row?.listening === true,
      );
      const plain = await admin.value<number>(
        `select count(*) from pg_stat_ssl s join pg_stat_activity a using (pid)
           where a.application_name like 'taxon%' and not s.ssl`,
      );
      expect(plain).toBe(0);
    } finally {
      await sidecar?.kill('SIGTERM');
      await admin.close();
    }
    expect(migrated.stderr + sidecar?.stderr()).not.toMatch(/warning/i);
  });
});

describe('a server without encryption', () => {
  beforeAll(async () => {
    if (installed && !onWheel) await settings({ ssl: 'off' });
  });

  test.each<[string, boolean | RegExp]>([
    ['', false],
    ['?sslmode=allow', false],
    ['?sslmode=prefer', false],
    ['?sslmode=disable', false],
    ['?sslmode=require', /does not support SSL/],
  ])('as %s', async (query, wanted) => {
    const found = await encrypted(address(query, 'open'));
    if (typeof wanted === 'boolean') expect(found).toBe(wanted);
    else expect(found).toMatch(wanted);
  });

  test('is listened to', async () => {
    const url = address('', 'open');
    expect(await runTaxon(['migrate'], { DATABASE_URL: url })).toMatchObject({ code: 0 });
    const admin = await openSession(cluster.url('shop'));
    const sidecar = await startSidecarProcess(url, { TAXON_LLM_PROVIDER: 'none' });
    try {
      await until(
        () => admin.rows<{ listening: boolean }>('select listening from taxon_internal.sidecars'),
        (rows) => rows.some(({ listening }) => listening),
      );
    } finally {
      await sidecar.kill('SIGTERM');
      await admin.close();
    }
  });
});
