import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';

let folder: string;
let path: string;

const complete = () =>
  execFileSync(process.execPath, [join(packageRoot, 'scripts/complete-lock.js'), path], { encoding: 'utf8' });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgtaxon-lock-'));
  path = join(folder, 'package-lock.json');
  cpSync(join(packageRoot, 'package-lock.json'), path);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the lock file', () => {
  test('holds every optional package of every platform; else `npm ci` refuses it', () => {
    expect(complete()).toBe('');
  });

  test('gets back what npm left out', () => {
    const lock = JSON.parse(readFileSync(path, 'utf8'));
    const left = ['@biomejs/cli-darwin-arm64', '@biomejs/cli-linux-x64-musl', '@swc/core-linux-arm64-gnu'];
    const were = left.map((name) => lock.packages[`node_modules/${name}`]);
    for (const name of left) delete lock.packages[`node_modules/${name}`];
    writeFileSync(path, JSON.stringify(lock));
    expect(
      complete()
        .split('\n')
        .map((line) => line.replace(/@[^@]*$/, '')),
    ).toEqual([...left, '']);
    const { packages } = JSON.parse(readFileSync(path, 'utf8'));
    for (const [at, name] of left.entries()) {
      const { os, cpu, libc, version, optional, dev } = were[at];
      expect(packages[`node_modules/${name}`]).toMatchObject({ os, cpu, version, optional, dev });
      expect(packages[`node_modules/${name}`].libc).toEqual(libc);
    }
    expect(complete()).toBe('');
  });
});
