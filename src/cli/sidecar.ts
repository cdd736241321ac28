import { Command } from 'commander';
import { databaseUrl } from './database.ts';
import { cliConfig } from './flags.ts';
import { untilSignal } from './signals.ts';
import { trainingCommands } from './training-commands.ts';

export function sidecarCommand(): Command {
  return new Command('sidecar')
    .summary('the worker that answers new names')
    .description(
      'The worker: decides new names locally and asks the LLM for the rest. Run as many as you like.',
    )
    .option('--metrics-port <port>', 'serve /metrics, /healthz and /livez there; off by default')
    .option('--metrics-host <address>', 'the address that this port is opened on (default: 127.0.0.1)')
    .addHelpText(
      'after',
      `
Examples:
  taxon sidecar
  OPENAI_API_KEY=… TAXON_LLM_MODEL=gpt-6-luna taxon sidecar
  TAXON_LLM_BASE_URL=http://localhost:11434/v1 \\
    TAXON_LLM_MODEL=qwen3:8b taxon sidecar
  DATABASE_URL=postgres://…:6543/shop \\
    TAXON_DIRECT_DATABASE_URL=postgres://…:5432/shop taxon sidecar

SIGTERM finishes what is in hand within TAXON_SHUTDOWN_SECONDS (10); a second one ends it at once.
It never migrates: run taxon migrate first.`,
    )
    .action(async (flags: { metricsPort?: string; metricsHost?: string }) => {
      const { startSidecar } = await import('../sidecar/sidecar.ts');
      const { openProviders } = await import('../llm/providers/open.ts');
      const config = cliConfig(flags);
      const url = await databaseUrl(config);
      const starting = startSidecar(url, config, await openProviders(config), trainingCommands);
      await untilSignal(async () => (await starting).stop(), starting);
    });
}
