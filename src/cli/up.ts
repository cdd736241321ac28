import { Command } from 'commander';
import { defaultDatabase } from '../cluster/resolve.ts';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import { log } from '../log.ts';
import { cliConfig } from './flags.ts';
import { untilSignal } from './signals.ts';
import { trainingCommands } from './training-commands.ts';

interface Flags {
  port?: string;
  dashboard: boolean;
  metricsPort?: string;
  metricsHost?: string;
}

export function upCommand(): Command {
  return new Command('up')
    .summary('database, schema and worker in one go')
    .description(
      'Everything: a database if none is given, the schema, the worker, the page in the browser. Ctrl-C stops all of it.',
    )
    .option('--port <port>', 'the port of the page (default: 7878, or any that is free)')
    .option('--no-dashboard', 'without the page')
    .option('--metrics-port <port>', 'serve /metrics, /healthz and /livez there; off by default')
    .option('--metrics-host <address>', 'the address that this port is opened on (default: 127.0.0.1)')
    .addHelpText(
      'after',
      `
Examples:
  taxon up
  DATABASE_URL=postgres://… OPENAI_API_KEY=… taxon up

Without a provider's key the LLM stage waits, visibly in taxon status, and nothing fails.`,
    )
    .action(async ({ port, dashboard, ...metrics }: Flags) => {
      const { resolveDatabase } = await import('../cluster/resolve.ts');
      const { migrate } = await import('../database/connection/migrate.ts');
      const { migrationUrl } = await import('../database/connection/direct.ts');
      const { startSidecar } = await import('../sidecar/sidecar.ts');
      const { openProviders } = await import('../llm/providers/open.ts');
      const config = cliConfig(metrics);
      const providers = await openProviders(config);
      let release = async () => {};
      const start = async () => {
        const database = await resolveDatabase(config, defaultDatabase);
        release = database.release;
        const { url } = database;
        const { schema, lockWaitSeconds } = config;
        await migrate({ url: await migrationUrl(url, config.directDatabaseUrl), schema, lockWaitSeconds });
        const sidecar = await startSidecar(url, config, providers, trainingCommands);
        const page = dashboard ? await pageBeside(url, config, port) : null;
        log.info('ready', { insert: `insert into ${schema}.products (name) values ('…')` });
        if (providers.length === 0)
          log.info(
            'no provider is configured: the LLM stage waits (set OPENAI_API_KEY or ANTHROPIC_API_KEY)',
          );
        const stop = async () => {
          await page?.close();
          await sidecar.stop();
        };
        return { stop };
      };
      try {
        const starting = start();
        await untilSignal(async () => (await starting).stop(), starting);
      } finally {
        await release();
      }
    });
}

/**
 * The page beside the worker, on connections of its own: what somebody looks at holds up no answer. Where it cannot be had
 * the worker goes on without it, and says why.
 */
async function pageBeside(
  url: string,
  config: Config,
  port: string | undefined,
): Promise<{ close(): Promise<void> } | null> {
  const { openDatabase } = await import('../database/connection/open.ts');
  const { openDashboard } = await import('./dashboard/dashboard.ts');
  const db = openDatabase(
    url,
    { ...config, poolSize: Math.max(2, Math.min(config.poolSize, 4)) },
    'taxon dashboard',
  );
  const open = (flags: { port?: string }) => openDashboard(db, config, flags);
  try {
    const page = await open(port === undefined ? {} : { port }).catch((error: unknown) => {
      // another page of this machine has the port that nobody chose
      if (port !== undefined || !isTaken(error)) throw error;
      return open({ port: '0' });
    });
    log.info('the page', { open: page.link ?? page.url });
    return {
      async close() {
        await page.close();
        await db.close();
      },
    };
  } catch (error) {
    await db.close();
    log.warn('the page is not served', { why: messageOf(error) });
    return null;
  }
}

const isTaken = (error: unknown) =>
  ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
