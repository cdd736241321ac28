import { Command } from 'commander';
import { log } from '../log.ts';
import { cliConfig, databaseUrl } from './database.ts';
import { trainingCommands } from './training-commands.ts';

/**
 * Runs until SIGTERM or SIGINT, then stops cleanly (exit 0 within `shutdownSeconds`); a second signal ends it at once.
 * Call it before what it stops says that it is there: whoever reads that may send a signal at once.
 *
 * @param stop finishes the work in hand
 */
export function untilSignal(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      log.info(`${signal}: finishing what is in hand; again to end at once`);
      stop().then(() => {
        process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
        resolve();
      }, reject);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
}

export function sidecarCommand(): Command {
  return new Command('sidecar')
    .description(
      'The worker: decides new names locally and asks the LLM for the rest. Run as many as you like.',
    )
    .addHelpText(
      'after',
      `
Examples:
  taxon sidecar
  OPENAI_API_KEY=… TAXON_LLM_MODEL=gpt-6-luna taxon sidecar
  TAXON_LLM_BASE_URL=http://localhost:11434/v1 TAXON_LLM_MODEL=qwen3:8b taxon sidecar
  DATABASE_URL=postgres://…:6543/shop TAXON_DIRECT_DATABASE_URL=postgres://…:5432/shop taxon sidecar

SIGTERM finishes what is in hand within TAXON_SHUTDOWN_SECONDS (10); a second one ends it at once.
It never migrates: run taxon migrate first.`,
    )
    .action(async () => {
      const { startSidecar } = await import('../sidecar/sidecar.ts');
      const { openProviders } = await import('../llm/providers/open.ts');
      const config = cliConfig();
      const url = await databaseUrl(config);
      const starting = startSidecar(url, config, await openProviders(config), trainingCommands);
      await Promise.all([starting, untilSignal(async () => (await starting).stop())]);
    });
}
