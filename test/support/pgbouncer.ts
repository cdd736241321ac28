import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'vitest';
import { serverAccount } from '../../src/cluster/account.ts';
import { needs } from './needs.ts';

export interface Pooler {
  /** The same database and user through the pooler. */
  urlOf(url: string): string;
  /** Its log so far. */
  said(): string;
  stop(): Promise<void>;
}

const port = 6432;
/** Debian installs it where only root's PATH looks. */
const binary = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find((path) => existsSync(path));

export const poolerInstalled = binary !== undefined;

/** For tests that go through a pooler: skips them where there is none. */
export function needsPooler(context: TestContext): void {
  needs(context, poolerInstalled, 'pgbouncer is not installed: apt-get install pgbouncer');
}

/** Whether somebody listens on a Unix socket; its file is there a moment before. */
function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('error', () => resolve(false));
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
  });
}

/**
 * Starts Debian's PgBouncer in transaction mode on a Unix socket before a server, as the user that servers run as.
 *
 * @param serverUrl any URL of the server, on a Unix socket
 * @param poolSize  connections to the server for one user and database
 */
export async function startPooler(serverUrl: string, poolSize: number): Promise<Pooler> {
  const server = new URL(serverUrl);
  const folder = mkdtempSync(join(tmpdir(), 'pooler-'));
  const account = serverAccount(folder);
  const settings = join(folder, 'pgbouncer.ini');
  const users = join(folder, 'users.txt');
  const roles = ['reader', 'writer', 'admin', 'sidecar'].map((role) => `login_taxon_${role}`);
  writeFileSync(users, ['owner', 'postgres', ...roles].map((name) => `"${name}" ""\n`).join(''));
  writeFileSync(
    settings,
    [
      '[databases]',
      `* = host=${server.searchParams.get('host')} port=${server.searchParams.get('port') ?? 5432}`,
      '[pgbouncer]',
      'pool_mode = transaction',
      `default_pool_size = ${poolSize}`,
      'max_client_conn = 50',
      'listen_addr =',
      `listen_port = ${port}`,
      `unix_socket_dir = ${folder}`,
      'auth_type = trust',
      `auth_file = ${users}`,
      // seconds: clients that wait for each other for all connections show in its log soon
      'query_wait_timeout = 20',
    ].join('\n'),
  );
  chmodSync(folder, 0o755);
  if (account !== undefined)
    for (const path of [folder, settings, users]) chownSync(path, account.uid, account.gid);
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  if (binary === undefined) throw new Error('pgbouncer is not installed; did the test ask needsPooler()?');
  const child: ChildProcess = spawn(binary, [settings], { stdio: ['ignore', 'ignore', 'pipe'], ...ids });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close').catch((error: Error) => {
    said += error.message;
  });
  let running = true;
  void ended.then(() => {
    running = false;
  });
  const socket = join(folder, `.s.PGSQL.${port}`);
  while (running && !(await accepts(socket))) await new Promise((resolve) => setTimeout(resolve, 20));
  if (!running) throw new Error(`pgbouncer did not start: ${said}`);
  return {
    urlOf(url) {
      const through = new URL(url);
      through.searchParams.set('host', folder);
      through.searchParams.set('port', String(port));
      return through.href;
    },
    said: () => said,
    async stop() {
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
