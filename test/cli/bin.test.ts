import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { look } from '../support/rows.ts';

const bin = join(packageRoot, 'bin', 'taxon');
const folder = mkdtempSync(join(tmpdir(), 'taxon-bin-'));
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database?.drop();
  rmSync(folder, { recursive: true });
});

const environment = { PATH: process.env.PATH, HOME: process.env.HOME };

test('a signal to bin/taxon is one to the sidecar: none is left behind', async () => {
  // another folder, as a shop's own would be
  const child: ChildProcess = spawn(bin, ['sidecar'], {
    cwd: folder,
    env: { ...environment, DATABASE_URL: database.url, TAXON_ENCODER_THREADS: '1' },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const ended = once(child, 'exit');
  await expect.poll(() => said).toContain('sidecar started');
  const db = look(database.url);
  const workers = () =>
    db
      .rows<{ worker: string }>(`select worker from ${db.internal}sidecars`)
      .then((rows) => rows.map((r) => r.worker));
  expect(await workers()).toEqual([expect.stringContaining(`-${child.pid}-`)]);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(await workers()).toEqual([]);
  await db.close();
});

test('it is found through a link, and arguments and exit codes pass', async () => {
  const link = join(folder, 'taxon');
  symlinkSync(bin, link);
  const run = promisify(execFile);
  const { stdout } = await run(link, ['--version'], { cwd: folder, env: environment });
  expect(stdout.trim()).toMatch(/^[0-9]+\.[0-9]+\.[0-9]+$/);
  await expect(run(link, ['no such', 'command'], { env: environment })).rejects.toMatchObject({ code: 2 });
});
