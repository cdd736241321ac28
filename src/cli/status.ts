import { Command } from 'commander';
import { autopilotState } from '../database/autopilot.ts';
import type { Database } from '../database/open.ts';
import { health, routing, thresholdsInForce } from '../database/reports.ts';
import { withAnyDatabase } from './database.ts';
import { print, table } from './output.ts';
import { wholeNumber } from './train.ts';

async function snapshot(db: Database, since: string | null) {
  const [items, layers, thresholds, autopilot] = await Promise.all([
    health(db),
    routing(db, since),
    thresholdsInForce(db),
    autopilotState(db),
  ]);
  return { health: items, routing: layers, thresholds, autopilot };
}

type Snapshot = Awaited<ReturnType<typeof snapshot>>;

function text(s: Snapshot, since: string): string {
  const layers = s.routing.map((row) => ({
    layer: row.layer,
    products: row.products,
    share: row.share === null ? '' : `${(row.share * 100).toFixed(1)} %`,
    tokens: row.tokens,
    'cost $': row.cost ?? 'price not known',
  }));
  const simulated = s.health.some((item) => item.item === 'llm' && item.value.includes('(simulated)'));
  return [
    table(s.health as unknown as Record<string, unknown>[]),
    '',
    `routing, ${since}${simulated ? ' (the LLM is SIMULATED: its tokens and money are not real)' : ''}`,
    table(layers),
    '',
    'autopilot',
    table(s.autopilot as unknown as Record<string, unknown>[]),
  ].join('\n');
}

export function statusCommand(): Command {
  return new Command('status')
    .description('Queue, sidecars, champion, routing of the last day.')
    .option('--since <interval>', "how far back, as PostgreSQL writes it: '7 days', 'all'", '1 day')
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\nExamples:\n  taxon status\n  taxon status --since '7 days' --json`)
    .action(async (options: { since: string; json?: boolean }) => {
      const s = await withAnyDatabase((db) => snapshot(db, options.since === 'all' ? null : options.since));
      print(options.json === true, s, text(s, `since ${options.since}`));
    });
}

export function watchCommand(): Command {
  return new Command('watch')
    .description('The same as status, live; Ctrl-C ends it.')
    .option('--since <interval>', 'how far back', '1 day')
    .option('--every <seconds>', 'seconds between two looks', '1')
    .option('--json', 'one JSON object a line, each time')
    .addHelpText('after', `\nExamples:\n  taxon watch\n  taxon watch --every 10 --json >> routing.jsonl`)
    .action(async (options: { since: string; every: string; json?: boolean }) => {
      const every = wholeNumber('--every', options.every) * 1000;
      await withAnyDatabase(async (db) => {
        let ended = false;
        let wake = () => {};
        const end = () => {
          ended = true;
          wake();
        };
        process.once('SIGINT', end).once('SIGTERM', end);
        while (!ended) {
          const s = await snapshot(db, options.since === 'all' ? null : options.since);
          // on a terminal the screen is drawn anew, in a pipe the looks follow each other
          if (process.stdout.isTTY && !options.json) process.stdout.write('\x1b[2J\x1b[H');
          print(
            options.json === true,
            { at: new Date().toISOString(), ...s },
            text(s, `since ${options.since}`),
          );
          await new Promise<void>((resolve) => {
            wake = resolve;
            setTimeout(resolve, every);
          });
        }
      });
      process.exit(0);
    });
}
