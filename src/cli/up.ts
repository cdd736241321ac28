import { Command } from 'commander';
import { defaultDatabase } from '../cluster/resolve.ts';
import { log } from '../log.ts';
import { cliConfig } from './flags.ts';
import { untilSignal } from './signals.ts';
import { trainingCommands } from './training-commands.ts';

export function upCommand(): Command {
  return new Command('up')
    .summary('database, schema and worker in one go')
    .description('Everything: a database if none is given, the schema, the worker. Ctrl-C stops all of it.')
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
    .action(async (flags: { metricsPort?: string; metricsHost?: string }) => {
      const { resolveDatabase } = await import('../cluster/resolve.ts');
      const { migrate } = await import('../database/connection/migrate.ts');
      const { migrationUrl } = await import('../database/connection/direct.ts');
      const { startSidecar } = await import('../sidecar/sidecar.ts');
      const { openProviders } = await import('../llm/providers/open.ts');
      const config = cliConfig(flags);
      const providers = await openProviders(config);
      let release = async () => {};
      const start = async () => {
        const database = await resolveDatabase(config, defaultDatabase);
        release = database.release;
        const { url } = database;
        const { schema, lockWaitSeconds } = config;
        await migrate({ url: await migrationUrl(url, config.directDatabaseUrl), schema, lockWaitSeconds });
        const sidecar = await startSidecar(url, config, providers, trainingCommands);
        log.info('ready', { insert: `insert into ${schema}.products (name) values ('…')` });
        if (providers.length === 0)
          log.info(
            'no provider is configured: the LLM stage waits (set OPENAI_API_KEY or ANTHROPIC_API_KEY)',
          );
        return sidecar;
      };
      try {
        const starting = start();
        await Promise.all([starting, untilSignal(async () => (await starting).stop())]);
      } finally {
        await release();
      }
    });
}
