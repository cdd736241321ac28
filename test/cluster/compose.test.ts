import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { dockerWorks, startContainer } from '../../src/cluster/docker.ts';
import { packageRoot } from '../../src/config.ts';

const file = join(packageRoot, 'docker-compose.yml');
const database = parse(readFileSync(file, 'utf8')).services.database;
afterEach(() => vi.unstubAllEnvs());

test('the compose file: pgvector of a version without known faults, kept, watched, open to this machine alone', () => {
  expect(database.image).toBe('pgvector/pgvector:0.8.7-pg17');
  expect(database.healthcheck.test.slice(0, 2)).toEqual(['CMD', 'pg_isready']);
  const [volume, path] = database.volumes[0].split(':');
  expect(parse(readFileSync(file, 'utf8')).volumes).toHaveProperty([volume]);
  expect(path).toBe('/var/lib/postgresql/data');
  expect(database.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+:5432$/)]);
});

test('the URL that commands use is the one that the compose file opens', async () => {
  // No engine runs here: a program that notes what it is asked stands in for docker.
  const folder = mkdtempSync(join(tmpdir(), 'taxon-docker-'));
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\necho "$@" >> ${folder}/asked\n`);
  chmodSync(join(folder, 'docker'), 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  expect(await dockerWorks()).toBe(true);
  const url = new URL((await startContainer())('shop'));
  const port = database.ports[0].split(':')[1];
  expect(`${url.username}:${url.password} ${url.host}${url.pathname}`).toBe(
    `postgres:${database.environment.POSTGRES_PASSWORD} 127.0.0.1:${port}/shop`,
  );
  expect(readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')).toEqual([
    'compose version',
    'info',
    `compose -f ${file} up --detach --wait`,
  ]);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
