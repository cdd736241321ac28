import { existsSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { temporaryDataDir } from '../support/cluster.ts';
import { taxonHere } from '../support/command.ts';
import { runTaxon } from '../support/processes.ts';

const { dataDir, remove } = temporaryDataDir();
afterAll(remove);

const environment = { TAXON_DATA_DIR: dataDir, PGHOST: 'nowhere.invalid', PGSERVICE: 'none' };
const taxon = (...args: string[]) => taxonHere(args, environment);
const db = (...args: string[]) =>
  // psql writes for itself, not through Node's streams
  args[0] === 'psql' ? runTaxon(['db', ...args], environment) : taxon('db', ...args);

test('from nothing to a stopped cluster: path, psql, start, stop', async () => {
  expect(await db('path')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('taxon db start'),
  });
  expect(JSON.parse((await db('path', '--json')).stdout)).toEqual({ state: 'absent' });

  // psql starts it, and gets all that follows.
  expect(await db('psql', '-At', '-c', 'select current_database()')).toMatchObject({
    code: 0,
    stdout: 'postgres\n',
  });
  expect(await db('psql', '-c', 'selec')).toMatchObject({ code: 1, stdout: '' });
  expect(await db('psql', '-v', 'ON_ERROR_STOP=1', '-c', 'create database taxon_demo')).toMatchObject({
    code: 0,
  });
  expect((await db('psql', '-Atc', 'select current_database()')).stdout).toBe('taxon_demo\n');
  expect((await db('psql', '--database', 'template1', '-Atc', 'select current_database()')).stdout).toBe(
    'template1\n',
  );

  const start = await db('start', '--json');
  const answer = JSON.parse(start.stdout);
  expect(answer).toMatchObject({ started: false, url: expect.stringContaining('postgres:///taxon_demo?') });
  expect(JSON.parse((await db('path', '--json')).stdout)).toMatchObject({
    state: 'running',
    pid: answer.pid,
  });

  expect(JSON.parse((await db('stop', '--json')).stdout)).toEqual({ stopped: true });
  expect(await db('stop')).toMatchObject({ code: 0, stdout: 'PostgreSQL was not running\n' });
});

test('only migrate makes a database; what only looks takes the demo’s until there is one', async () => {
  const none = {
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('there is no database yet\n  Run: taxon migrate'),
  };
  await db('psql', '--database', 'postgres', '-c', 'drop database if exists taxon_demo');
  for (const command of ['status', 'train']) expect(await taxon(command)).toMatchObject(none);

  await db('psql', '-c', 'create database taxon_demo');
  const { url } = JSON.parse((await db('start', '--json')).stdout);
  const known = async () =>
    (await db('psql', '-Atc', "select datname from pg_database where datname ~ 'taxon'")).stdout;
  expect(await taxonHere(['migrate'], { DATABASE_URL: url })).toMatchObject({ code: 0 });
  expect(await taxon('status')).toMatchObject({ code: 0 });
  for (const command of ['train', 'sidecar']) expect(await taxon(command)).toMatchObject(none);
  expect(await taxon('migrate', '--check')).toMatchObject(none);
  expect(await known()).toBe('taxon_demo\n');

  expect(await taxon('migrate')).toMatchObject({ code: 0 });
  expect((await known()).split('\n').sort()).toEqual(['', 'taxon', 'taxon_demo']);
  await db('psql', '-c', "insert into taxon.products (name) values ('not the demo’s')");
  const { routing } = JSON.parse((await taxon('status', '--json')).stdout);
  expect(routing).toContainEqual(expect.objectContaining({ layer: 'pending', products: 1 }));
});

test('destroy asks first, and without a terminal it needs --yes', async () => {
  const { folder } = JSON.parse((await db('start', '--json')).stdout);
  expect(await db('destroy')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect(existsSync(folder)).toBe(true);
  expect(await db('destroy', '--yes')).toMatchObject({ code: 0, stdout: `removed ${folder}\n` });
  expect(existsSync(folder)).toBe(false);
});
