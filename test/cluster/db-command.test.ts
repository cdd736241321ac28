import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { temporaryDataDir } from '../support/cluster.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const { dataDir, remove } = temporaryDataDir();
afterAll(remove);

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `taxon db …` with an input that is no terminal. */
async function db(...args: string[]): Promise<Result> {
  const env = { ...process.env, TAXON_DATA_DIR: dataDir, PGHOST: 'nowhere.invalid', PGSERVICE: 'none' };
  const child = spawn(process.execPath, [main, 'db', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const result = { code: 0, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.stderr += text;
  });
  [result.code] = await once(child, 'close');
  return result;
}

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

test('destroy asks first, and without a terminal it needs --yes', async () => {
  const { folder } = JSON.parse((await db('start', '--json')).stdout);
  expect(await db('destroy')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect(existsSync(folder)).toBe(true);
  expect(await db('destroy', '--yes')).toMatchObject({ code: 0, stdout: `removed ${folder}\n` });
  expect(existsSync(folder)).toBe(false);
});
