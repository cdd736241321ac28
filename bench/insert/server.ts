import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type pg from 'pg';
import { type Cluster, destroyCluster, startCluster } from '../../src/cluster/cluster.ts';
import type { Config } from '../../src/config.ts';
import { newClient } from '../../src/database/connection/connect.ts';
import type { migrate } from '../../src/database/connection/migrate.ts';

/** A checkout's schema in a database of its own. */
export interface Side {
  name: string;
  database: string;
  client: pg.Client;
}

/** What one run of pgbench came to. */
export interface Rate {
  /** Rows a second. */
  rows: number;
  /** Processor time of the server, µs a row; NaN where /proc is missing. */
  cpu: number;
}

/** A server that keeps what it commits, as a shop's does (fsync, full pages), with a database for each checkout. */
export async function openServer(config: Config, checkouts: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'pgtaxon-bench-'));
  const cluster = await startCluster(folder, {
    postgres: config.postgres,
    cacheDir: join(config.dataDir, 'cache'),
  });
  const close = async () => {
    await destroyCluster(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const admin = newClient(cluster.url('postgres'), {});
    await admin.connect();
    const sides: Side[] = [];
    for (const [name, root] of Object.entries(checkouts)) {
      const database = `side_${sides.length}`;
      await admin.query(`create database ${database}`);
      const own: { migrate: typeof migrate } = await import(resolve(root, 'src/database/migrate.ts'));
      await own.migrate({ url: cluster.url(database), schema: 'taxon' });
      const client = newClient(cluster.url(database), {});
      await client.connect();
      sides.push({ name, database, client });
    }
    const { rows } = await admin.query<{ v: string }>(`select current_setting('server_version') as v`);
    await admin.end();
    return {
      cluster,
      sides,
      version: rows[0]?.v ?? '?',
      async close() {
        for (const side of sides) await side.client.end();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The server's own pgbench, or another version's: it only sends statements. */
export function findPgbench(cluster: Cluster): string {
  const others = ['18', '17', '16', '15'].map((version) => `/usr/lib/postgresql/${version}/bin`);
  const folders = [cluster.binDir, ...others, ...(process.env.PATH ?? '').split(delimiter)];
  const found = folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path));
  if (found === undefined) throw new Error('there is no pgbench: Debian has it in postgresql-15');
  return found;
}

/** Processor seconds of all sessions that have ended: the postmaster adds up its children. */
function endedCpu(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const tick = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
    return (Number(fields[13]) + Number(fields[14])) / tick;
  } catch {
    return Number.NaN;
  }
}

/** Runs a script of pgbench for some seconds, prepared statements, each client a writer. */
export async function runPgbench(
  cluster: Cluster,
  pgbench: string,
  side: Side,
  run: { script: string; clients: number; seconds: number; rows: number },
): Promise<Rate> {
  const before = endedCpu(cluster.pid);
  const args = [
    '-n',
    '-M',
    'prepared',
    '-f',
    run.script,
    '-c',
    String(run.clients),
    '-j',
    '1',
    '-T',
    String(run.seconds),
  ];
  const child = spawn(pgbench, [...args, '-h', cluster.socketDir, '-U', cluster.user, side.database], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  const code = await new Promise((end) => child.on('close', end));
  const rate = Number(/^tps = ([\d.]+)/m.exec(said)?.[1]);
  const done = Number(/actually processed: (\d+)/.exec(said)?.[1]);
  if (code !== 0 || !(rate > 0)) throw new Error(`pgbench ended with ${code}: ${said.slice(-2000)}`);
  // the postmaster buries them a moment later
  await new Promise((later) => setTimeout(later, 300));
  return { rows: rate * run.rows, cpu: ((endedCpu(cluster.pid) - before) * 1e6) / (done * run.rows) };
}
