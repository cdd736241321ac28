import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';

/**
 * Stands in for npm, which needs 40 s and the network (.ci/run runs the real one): empties node_modules, and fills it
 * with what set-up looks at. Two at once would be noticed here.
 */
const fakeNpm = `
const fs = require('node:fs');
const say = (word) => fs.appendFileSync('npm.log', word + '\\n');
if (fs.existsSync('npm.runs')) say('overlap');
fs.writeFileSync('npm.runs', '');
say('start ' + process.argv.slice(2).join(' ') + ' ' + process.env.ONNXRUNTIME_NODE_INSTALL);
console.log('chatter');
fs.rmSync('node_modules', { recursive: true, force: true });
setTimeout(() => {
  fs.rmSync('npm.runs');
  if (fs.existsSync('no-network')) { console.error('npm error network'); process.exit(7); }
  fs.mkdirSync('node_modules/node/bin', { recursive: true });
  fs.writeFileSync('node_modules/node/bin/node', '');
  fs.writeFileSync('node_modules/.package-lock.json', '');
  say('end');
}, Number(fs.readFileSync('npm.seconds', 'utf8')) * 1000);
`;

let folder: string;
let started: ChildProcess[];
const at = (path: string) => join(folder, path);
const npmLog = () =>
  existsSync(at('npm.log')) ? readFileSync(at('npm.log'), 'utf8').trim().split('\n') : [];
const words = () => npmLog().map((line) => line.split(' ')[0]);

function start(environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [at('scripts/set-up.js')], {
    env: { ...process.env, npm_execpath: at('npm/npm-cli.js'), ...environment },
    // A group of its own, to be killed as a whole.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let out = '';
  let error = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (error += data));
  const ended = once(child, 'close').then(([code]) => ({ code, out, error }));
  return { child, ended };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(20);
}

beforeEach(() => {
  started = [];
  folder = mkdtempSync(join(tmpdir(), 'pgtaxon-set-up-'));
  mkdirSync(at('scripts'));
  cpSync(join(packageRoot, 'scripts/set-up.js'), at('scripts/set-up.js'));
  writeFileSync(at('package.json'), '{"type": "module"}');
  writeFileSync(at('package-lock.json'), '{"one": 1}');
  writeFileSync(at('npm.seconds'), '0.2');
  mkdirSync(at('npm'));
  writeFileSync(at('npm/package.json'), '{"type": "commonjs"}');
  writeFileSync(at('npm/npm-cli.js'), fakeNpm);
});

afterEach(() => {
  for (const child of started)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('set-up', () => {
  test('installs once, again when the lock file changes, and keeps standard output empty', async () => {
    const first = await start({ NODE_ENV: 'production', npm_config_loglevel: 'silent' }).ended;
    expect(first).toMatchObject({ code: 0, out: '' });
    expect(first.error).toContain('chatter');
    expect(npmLog()[0]).toBe('start ci --no-audit --no-fund --loglevel=error --include=dev skip');
    expect(await start().ended).toEqual({ code: 0, out: '', error: '' });
    writeFileSync(at('package-lock.json'), '{"two": 2}');
    await start().ended;
    expect(words()).toEqual(['start', 'end', 'start', 'end']);
  });

  test('leaves an install by hand alone, unless it left out Node', async () => {
    mkdirSync(at('node_modules/node/bin'), { recursive: true });
    writeFileSync(at('node_modules/.package-lock.json'), '');
    utimesSync(at('package-lock.json'), 1, 1);
    writeFileSync(at('node_modules/node/bin/node'), '');
    expect(await start().ended).toEqual({ code: 0, out: '', error: '' });
    expect(words()).toEqual([]);
    rmSync(at('node_modules/node/bin/node'));
    await start().ended;
    expect(words()).toEqual(['start', 'end']);
  });

  test('installs once when four start together', async () => {
    const ended = await Promise.all([1, 2, 3, 4].map(() => start().ended));
    expect(ended.map((end) => end.code)).toEqual([0, 0, 0, 0]);
    expect(words()).toEqual(['start', 'end']);
    expect(existsSync(at('.taxon/set-up.lock'))).toBe(false);
  });

  test('says what failed, and succeeds the next time', async () => {
    writeFileSync(at('no-network'), '');
    const failed = await start().ended;
    expect(failed).toMatchObject({ code: 1, out: '' });
    expect(failed.error).toContain('npm error network');
    expect(failed.error).toContain('npm ci ended with 7');
    rmSync(at('no-network'));
    expect((await start().ended).code).toBe(0);
    expect(words()).toEqual(['start', 'start', 'end']);
  });

  test('starts over after it was killed in the middle, also when two come back at once', async () => {
    writeFileSync(at('npm.seconds'), '600');
    const { child, ended } = start();
    await until(() => words().length === 1);
    process.kill(-(child.pid as number), 'SIGKILL');
    await ended;
    rmSync(at('npm.runs'));
    writeFileSync(at('npm.seconds'), '0.2');
    const again = await Promise.all([start().ended, start().ended]);
    expect(again.map((end) => end.code)).toEqual([0, 0]);
    expect(words()).toEqual(['start', 'start', 'end']);
  });

  test('waits for an npm that outlived it', async () => {
    // longer than whoever has the turn is waited for
    writeFileSync(at('npm.seconds'), '7');
    const { child, ended } = start();
    await until(() => words().length === 1);
    child.kill('SIGKILL');
    const again = await start().ended;
    await ended;
    expect(again).toMatchObject({ code: 0, out: '' });
    expect(words()).toEqual(['start', 'end']);
  });
});
