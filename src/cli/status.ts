import { setTimeout } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { autopilotState } from '../database/autopilot.ts';
import type { Database } from '../database/connection/open.ts';
import { type HealthItem, health, routing, thresholdsInForce } from '../database/reports.ts';
import { log } from '../log.ts';
import { withAnyDatabase } from './database.ts';
import { needs, wholeNumber } from './flags.ts';
import { print, table } from './output.ts';
import { interruptible } from './signals.ts';

async function snapshot(db: Database, since: string) {
  const [items, layers, thresholds, autopilot] = await Promise.all([
    health(db),
    routing(db, since === 'all' ? null : since),
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

/** Names that wait for the local layer or the LLM, as health() counts them. */
const waitingIn = (s: Snapshot) =>
  s.health.reduce((sum, { item, value }) => (item.startsWith('queue ') ? sum + Number(value) : sum), 0);

/** How fast what waits becomes less, from looks over the last minute; nothing while it does not. */
function pace(looks: readonly { at: number; waiting: number }[]): string {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || first.waiting <= last.waiting) return '';
  const perSecond = (first.waiting - last.waiting) / ((last.at - first.at) / 1000);
  const left = last.waiting / perSecond;
  const time =
    left < 90
      ? `${left.toFixed(0)} s`
      : left < 5400
        ? `${(left / 60).toFixed(0)} min`
        : `${(left / 3600).toFixed(1)} h`;
  return `\nwaiting: ${last.waiting}, ${perSecond.toFixed(perSecond < 10 ? 1 : 0)} a second less, about ${time} left\n`;
}

interface Flags {
  since: string;
  check?: true;
  ignore?: string;
  watch?: true;
  every: string;
  json?: true;
}

/** What of health() a probe should fail for. */
function troubles(items: readonly HealthItem[], ignore: string | undefined): HealthItem[] {
  const ignored = (ignore ?? '').split(',').map((item) => item.trim());
  return items.filter(({ item, status }) => status === 'warn' && !ignored.includes(item));
}

/** Looks again and again until Ctrl-C. */
async function watch(db: Database, { since, every, json }: Flags): Promise<void> {
  const ms = wholeNumber('--every', every) * 1000;
  const { signal, release } = interruptible('interrupted');
  const looks: { at: number; waiting: number }[] = [];
  try {
    while (!signal.aborted) {
      const s = await snapshot(db, since);
      looks.push({ at: Date.now(), waiting: waitingIn(s) });
      while (looks.length > 2 && Date.now() - (looks[0]?.at ?? 0) > 60_000) looks.shift();
      // on a terminal the screen is drawn anew, in a pipe the looks follow each other
      if (process.stdout.isTTY && !json) process.stdout.write('\x1b[2J\x1b[H');
      print(
        json === true,
        { at: new Date().toISOString(), ...s },
        `${text(s, `since ${since}`)}${pace(looks)}`,
      );
      await setTimeout(ms, undefined, { signal }).catch(() => {});
    }
  } finally {
    release();
  }
}

export function statusCommand(): Command {
  return new Command('status')
    .summary('queue, sidecars, champion, routing; --watch live')
    .description('Queue, sidecars, champion, routing of the last day.')
    .option('--since <interval>', "how far back, as PostgreSQL writes it: '7 days', 'all'", '1 day')
    .option('--watch', 'the same live; Ctrl-C ends it')
    .option('--every <seconds>', 'with --watch: seconds between two looks', '1')
    .addOption(
      new Option('--check', 'exit code 1 where something of health() warns: for probes and cron').conflicts(
        'watch',
      ),
    )
    .option(
      '--ignore <items>',
      'with --check: warnings that do not count, with commas between, e.g. llm,champion',
    )
    .option('--json', 'print one JSON object; with --watch one a line, each time')
    .addHelpText(
      'after',
      `
Examples:
  taxon status
  taxon status --since '7 days' --json
  taxon status --watch
  taxon status --watch --every 10 --json >> routing.jsonl
  taxon status --check --ignore llm > /dev/null || echo it warns

--check: 0 all is well, 1 something warns or the database cannot be asked, 2 misuse. What warns is named on standard error.`,
    )
    .action(async (flags: Flags, command: Command) => {
      needs(command, ['every'], 'watch');
      needs(command, ['ignore'], 'check');
      await withAnyDatabase(async (db) => {
        if (flags.watch === true) return watch(db, flags);
        const s = await snapshot(db, flags.since);
        print(flags.json === true, s, text(s, `since ${flags.since}`));
        if (flags.check !== true) return;
        const wrong = troubles(s.health, flags.ignore);
        for (const { item, value, detail } of wrong) log.warn(`${item}: ${value}`, { detail });
        if (wrong.length > 0) process.exitCode = 1;
      });
    });
}
