import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { inspect } from '../../src/cluster/binaries.ts';

const folder = mkdtempSync(join(tmpdir(), 'binaries-'));
const asked = join(folder, 'asked');
let second = 1_700_000_000;

/** A program that says this, ends with that code, and leaves a line about each call. */
function plant(name: string, says: string, code = 0): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho ${name} >>${asked}\necho '${says}'\nexit ${code}\n`, { mode: 0o755 });
  utimesSync(file, ++second, second);
}

const calls = () => readFileSync(asked, 'utf8').trim().split('\n');

beforeEach(() => {
  writeFileSync(asked, '');
  plant('initdb', '');
  plant('psql', '');
  plant('postgres', 'postgres (PostgreSQL) 17.2');
  plant('pg_config', '/usr/share/pg');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('programs are asked once for as long as they are the same files', async () => {
  const found = {
    origin: 'machine',
    binDir: folder,
    major: 17,
    version: 'postgres (PostgreSQL) 17.2',
    extensionDir: '/usr/share/pg/extension',
  };
  expect(await inspect(folder, 'machine')).toEqual(found);
  expect(await inspect(folder, 'machine')).toEqual(found);
  expect(calls()).toEqual(['postgres', 'pg_config']);
  plant('postgres', 'postgres (PostgreSQL) 18.1');
  expect(await inspect(folder, 'machine')).toMatchObject({ major: 18 });
  expect(calls()).toEqual(['postgres', 'pg_config', 'postgres']);
});

test('one that fails is asked again: what it lacks may have been installed', async () => {
  plant('pg_config', '', 1);
  expect(await inspect(folder, 'machine')).toBeUndefined();
  expect(await inspect(folder, 'machine')).toBeUndefined();
  expect(calls()).toEqual(['postgres', 'pg_config', 'pg_config']);
});

test.each(['postgres (PostgreSQL) 14.9', 'something else'])('%s is none that will do', async (says) => {
  plant('postgres', says);
  expect(await inspect(folder, 'machine')).toBeUndefined();
});
