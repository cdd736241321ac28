import { join } from 'node:path';
import { packageRoot } from '../config.ts';
import { log } from '../log.ts';
import { must, run } from './run.ts';

const file = join(packageRoot, 'docker-compose.yml');

/** What docker-compose.yml publishes; on this machine's own address only. */
const server = 'postgres://postgres:taxon@127.0.0.1:54317';

/** Whether `docker compose` and the engine behind it answer. */
export async function dockerWorks(): Promise<boolean> {
  return (
    (await run('docker', ['compose', 'version'])).code === 0 && (await run('docker', ['info'])).code === 0
  );
}

/** Starts the container of docker-compose.yml and waits until it is healthy; returns how to make a URL for a database of it. */
export async function startContainer(): Promise<(database: string) => string> {
  log.info('starting PostgreSQL by docker compose');
  await must('docker', ['compose', '-f', file, 'up', '--detach', '--wait']);
  return (database) => `${server}/${encodeURIComponent(database)}`;
}
