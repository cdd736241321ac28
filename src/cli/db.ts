import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import {
  type Cluster,
  clusterStatus,
  destroyCluster,
  startCluster,
  stopCluster,
} from '../cluster/cluster.ts';
import { defaultDatabase } from '../cluster/resolve.ts';
import { firstDatabase } from '../database/connection/databases.ts';
import { misuse, TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import { demoDatabase } from './database.ts';
import { cliConfig } from './flags.ts';
import { print } from './output.ts';

/** Opened in this order: one's own, the demo's, the one that every cluster has. */
const preferred = [defaultDatabase, demoDatabase, 'postgres'];

function dataDir(): string {
  const config = cliConfig();
  if (config.databaseUrl !== undefined)
    log.info('DATABASE_URL is what other commands use; taxon db is about the private cluster');
  return config.dataDir;
}

function startPrivate(): Promise<Cluster> {
  return startCluster(dataDir(), { postgres: cliConfig().postgres });
}

async function chooseDatabase(cluster: Cluster): Promise<string> {
  return (await firstDatabase(cluster.url('postgres'), preferred)) ?? 'postgres';
}

async function start(options: { json?: boolean }): Promise<void> {
  const cluster = await startPrivate();
  const url = cluster.url(await chooseDatabase(cluster));
  const { folder, socketDir, pid, started } = cluster;
  const text = `PostgreSQL ${started ? 'started' : 'runs already'} in ${folder}\npsql "${url}"`;
  print(options.json ?? false, { folder, socketDir, pid, started, url }, text);
}

async function stop(options: { json?: boolean }): Promise<void> {
  const stopped = await stopCluster(dataDir());
  print(options.json ?? false, { stopped }, stopped ? 'PostgreSQL stopped' : 'PostgreSQL was not running');
}

function path(options: { json?: boolean }): void {
  const status = clusterStatus(dataDir());
  if (status.state === 'absent' && !options.json) {
    throw new TaxonError('there is no private cluster yet', { hint: 'taxon db start makes one.' });
  }
  print(options.json ?? false, status, status.state === 'absent' ? '' : status.folder);
}

/** Variables by which psql would leave the private cluster. */
const foreign = ['PGHOSTADDR', 'PGSERVICE', 'PGOPTIONS'];

async function psql(args: string[], options: { database?: string }): Promise<void> {
  const cluster = await startPrivate();
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    PGHOST: cluster.socketDir,
    PGPORT: '5432',
    PGUSER: cluster.user,
    PGDATABASE: options.database ?? (await chooseDatabase(cluster)),
  };
  for (const name of foreign) delete environment[name];
  // Ctrl-C goes to both; in psql it cancels a query.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  const child = spawn(join(cluster.binDir, 'psql'), args, { stdio: 'inherit', env: environment });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  process.off('SIGINT', ignore);
  process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** Asks on standard error; anything but "yes", the end of the input and Ctrl-C mean no. */
function confirmed(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((answer) => {
    lines.on('close', () => answer(false)).on('SIGINT', () => lines.close());
    lines.question(question, (line) => {
      answer(line.trim().toLowerCase() === 'yes');
      lines.close();
    });
  });
}

async function destroy(options: { yes?: boolean }): Promise<void> {
  const folder = dataDir();
  const status = clusterStatus(folder);
  if (status.state === 'absent') return print(false, {}, 'there is no private cluster');
  if (!options.yes) {
    if (!process.stdin.isTTY) {
      throw misuse(
        `destroy removes ${status.folder} with all its databases`,
        'Say --yes to do it without being asked.',
      );
    }
    const sure = await confirmed(`Remove ${status.folder} with all its databases? Type yes: `);
    if (!sure) throw new TaxonError('nothing was removed');
  }
  await destroyCluster(folder);
  print(false, {}, `removed ${status.folder}`);
}

/** `taxon db`: the private PostgreSQL of this folder. */
export function dbCommand(): Command {
  const command = new Command('db')
    .summary('the private PostgreSQL of this folder')
    .description('The private PostgreSQL of this folder: start, stop, open, find, remove')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `
Examples:
  taxon db start
  taxon db psql                            the database taxon, else taxon_demo
  taxon db psql -c "select * from taxon.health()"
  taxon db psql --database taxon_demo -f query.sql
  psql "$(taxon db start --json | jq -r .url)"
  taxon db stop

A psql -c with two statements is one transaction; taxon.wait_for needs the INSERT in one before it.`,
    );
  command
    .command('start')
    .description('makes the cluster where there is none and starts it; it stays up until taxon db stop')
    .option('--json', 'one JSON object: folder, socketDir, pid, started, url')
    .action(start);
  command
    .command('stop')
    .description('stops it cleanly')
    .option('--json', 'one JSON object: stopped')
    .action(stop);
  command
    .command('psql')
    .description("opens psql in it; starts it where it is not running; what follows is psql's own")
    .option('--database <name>', 'default: taxon, else taxon_demo, else postgres')
    .argument('[args...]', "psql's arguments")
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  taxon db psql -c "select * from taxon.routing()"')
    .action(psql);
  command
    .command('path')
    .description('prints its folder; server.log is in it')
    .option('--json', 'one JSON object: state, folder, socketDir, logFile, pid')
    .action(path);
  command
    .command('destroy')
    .description('removes it with all its databases, after asking')
    .option('--yes', 'does not ask')
    .action(destroy);
  return command;
}
