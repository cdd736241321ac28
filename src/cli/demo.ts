import { Command } from 'commander';
import type { DemoReport } from '../demo/report.ts';
import { misuse } from '../errors.ts';
import { log } from '../log.ts';
import { demoDatabase } from './database.ts';
import { cliConfig } from './flags.ts';
import { print } from './output.ts';
import { interruptible, untilSignal } from './signals.ts';
import { trainingCommands } from './training-commands.ts';

const stayingUp = `The sidecar stays up; Ctrl-C ends it. In another terminal:
  bin/taxon db psql -c "insert into taxon.products (name) values ('Чайник електричний Bosch 1,7 л') returning product_id"
  bin/taxon db psql -c "select name, state, source, path from taxon.products_readable order by product_id desc limit 5"
`;

export function demoCommand(): Command {
  return new Command('demo')
    .summary('see it work on an invented catalogue')
    .description(
      'Imports an invented catalogue, trains, replays traffic through all four layers, prints the report.',
    )
    .option(
      '--once [model]',
      'end after a report instead of staying up: of the first model, or of the full one (first | full)',
    )
    .option('--json', 'print the report as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon demo                 stays up: insert your own names with taxon db psql
  taxon demo --once --json   model, routing, tokens, accuracy, seconds
  taxon demo --once full     waits for the full model, and ends after its report

Always uses the private cluster (never DATABASE_URL) and a simulated LLM. A first model, of letters alone, answers within a
minute; encoding and the full model take some more, and are kept for the next time.`,
    )
    .action(async ({ once, json = false }: { once?: true | string; json?: boolean }) => {
      if (once !== undefined && once !== true && once !== 'first' && once !== 'full')
        throw misuse(`--once ${once}`, 'Give first or full.');
      const wait = once === true || once === 'first' ? 'first' : 'full';
      const { resolveDatabase } = await import('../cluster/resolve.ts');
      const { runDemo } = await import('../demo/demo.ts');
      const { reportText } = await import('../demo/report.ts');
      const { databaseUrl: given, directDatabaseUrl: direct, ...config } = cliConfig();
      if (given !== undefined || direct !== undefined)
        log.info('the demo leaves DATABASE_URL alone and uses the private cluster');
      const { url, release } = await resolveDatabase(config, demoDatabase);
      const interrupt = interruptible('interrupted; what was encoded stays, run it again to go on');
      try {
        const show = (report: DemoReport) => `\n${reportText(report)}\n`;
        const onFirst = (report: DemoReport) =>
          (json ? process.stderr : process.stdout).write(`${show(report)}\n`);
        const demo = await runDemo(url, config, interrupt.signal, {
          wait,
          training: trainingCommands,
          onFirst,
        });
        interrupt.release();
        print(json, demo.report, show(demo.report));
        if (once !== undefined) return await demo.stop();
        process.stderr.write(stayingUp);
        await untilSignal(() => demo.stop());
      } finally {
        await release();
      }
    });
}
