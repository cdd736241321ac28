import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { withLock } from '../../src/cluster/lock.ts';

const script = new URL('../support/cluster-child.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'taxon-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('one at a time in one process, also after one that threw', async () => {
  const path = join(folder, 'new', 'one.lock');
  const events: string[] = [];
  const work = (name: string) => async () => {
    events.push(`${name} in`);
    await sleep(120);
    events.push(`${name} out`);
    if (name === 'a') throw new Error('a failed');
  };
  const [a, b] = await Promise.allSettled([withLock(path, 10, work('a')), withLock(path, 10, work('b'))]);
  expect([a.status, b.status]).toEqual(['rejected', 'fulfilled']);
  expect(events).toEqual(['a in', 'a out', 'b in', 'b out']);
});

test('another process keeps us out until it is killed', async () => {
  const path = join(folder, 'two.lock');
  const holder = spawn(process.execPath, [script, 'hold', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  await expect(withLock(path, 0.2, async () => 'in')).rejects.toThrow(
    `${path} has been held by another process`,
  );
  holder.kill('SIGKILL');
  expect(await withLock(path, 10, async () => 'in')).toBe('in');
});

test('what cannot be a lock says so: a text, a file that is only to be read', async () => {
  const path = join(folder, 'three.lock');
  writeFileSync(
    path,
    'this is a text of somebody, long enough not to be taken for an empty database '.repeat(20),
  );
  await expect(withLock(path, 1, async () => 'in')).rejects.toThrow(`${path} cannot be locked`);
  writeFileSync(path, '');
  chmodSync(path, 0o444);
  chmodSync(folder, 0o755);
  // Root may write everything, so it becomes nobody; only then, as the project may lie below /root.
  const text = `const { withLock } = await import(${JSON.stringify(new URL('../../src/cluster/lock.ts', import.meta.url))});
    if (process.getuid() === 0) process.setgid(65534), process.setuid(65534);
    await withLock(${JSON.stringify(path)}, 1, async () => {}).catch((error) => console.log(error.message));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' });
  expect(said).toContain(`${path} cannot be locked: EACCES`);
});
