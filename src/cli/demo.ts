import { Command } from 'commander';
import { log } from '../log.ts';
import { cliConfig, demoDatabase } from './database.ts';
import { print } from './output.ts';
import { untilSignal } from './sidecar.ts';

const stayingUp = `The sidecar stays up; Ctrl-C ends it. In another terminal:
  bin/taxon db psql -c "insert into taxon.products (name) values ('Чайник електричний Bosch 1,7 л') returning product_id"
  bin/taxon db psql -c "select name, state, source, path from taxon.products_readable order by product_id desc limit 5"
`;

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Imports an invented catalogue, trains, replays traffic through all four layers, prints the report.',
    )
    .option('--once', 'end after the report instead of staying up')
    .option('--json', 'print the report as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon demo                 stays up afterwards: insert your own names with taxon db psql
  taxon demo --once --json   one JSON object: routing, tokens, accuracy, seconds

Always uses the private cluster (never DATABASE_URL) and a simulated LLM. The first run encodes and trains for a few
minutes; later ones keep that.`,
    )
    .action(async (options: { once?: boolean; json?: boolean }) => {
      const { resolveDatabase } = await import('../cluster/resolve.ts');
      const { runDemo } = await import('../demo/demo.ts');
      const { reportText } = await import('../demo/report.ts');
      const { databaseUrl: given, directDatabaseUrl: direct, ...config } = cliConfig();
      if (given !== undefined || direct !== undefined)
        log.info('the demo leaves DATABASE_URL alone and uses the private cluster');
      const { url, release } = await resolveDatabase(config, demoDatabase);
      const interrupt = new AbortController();
      const onSignal = () =>
        interrupt.abort(new Error('interrupted; what was encoded stays, run it again to go on'));
      process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
      try {
        const demo = await runDemo(url, config, interrupt.signal);
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
        print(options.json === true, demo.report, `\n${reportText(demo.report)}\n`);
        if (options.once) return await demo.stop();
        process.stderr.write(stayingUp);
        await untilSignal(() => demo.stop());
      } finally {
        await release();
      }
    });
}
