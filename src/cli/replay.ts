import { Command, Option } from 'commander';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { llmPrice } from '../database/prices.ts';
import type { Unit } from '../database/replay.ts';
import { misuse } from '../errors.ts';
import type { Price } from '../llm/pricing.ts';
import { withDatabase } from './database.ts';
import { wholeNumber } from './flags.ts';
import { print, table } from './output.ts';
import { interruptible } from './signals.ts';

interface Flags {
  by: Unit;
  from?: string;
  periods: string;
  sample: string;
  epochs?: string;
  llmModel?: string;
  json?: true;
}

/** The price of the model that was named, else of the configured one; null when that has none. */
async function priceFor(db: Database, name: string | undefined, config: Config): Promise<Price | null> {
  if (name !== undefined) {
    const price = (await llmPrice(db, 'openai', name)) ?? (await llmPrice(db, 'anthropic', name));
    if (price === null)
      throw misuse(
        `--llm-model ${name}: no price is known`,
        'Prices: select * from llm_prices; set_llm_price() adds one.',
      );
    return price;
  }
  const { openProvider } = await import('../llm/providers/open.ts');
  const provider = await openProvider(config);
  return provider === null ? null : llmPrice(db, provider.name, provider.model);
}

async function dateOf(text: string): Promise<Date> {
  const { readMoment } = await import('../import/moment.ts');
  const moment = readMoment(text);
  if (moment === null) throw misuse(`--from ${text} is no date`, 'Write it as 2026-03-01.');
  return new Date(moment);
}

export function replayCommand(): Command {
  return new Command('replay')
    .summary('your own history, period by period')
    .description(
      'Walks your own history: each period arrives at a memory and a model of what was known before.',
    )
    .addOption(
      new Option('--by <period>', 'how long a period is (UTC)')
        .choices(['month', 'week', 'day'])
        .default('month'),
    )
    .option(
      '--from <date>',
      'replay only periods that begin then or later; what is older is past all the same',
    )
    .option('--periods <n>', 'replay the newest so many periods at most', '12')
    .option('--sample <n>', 'route at most so many names of a period', '2000')
    .option('--epochs <n>', 'at most so many passes over the names in each training')
    .option('--llm-model <name>', 'whose price counts; default: the configured model')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon import history.csv --source llm      name,path,labelled_at
  taxon replay
  taxon replay --by week --periods 6 --epochs 5 --llm-model gpt-6-luna
  taxon replay --from 2026-01-01 --json | jq .periods

The order is that of labelled_at, or of created_at where it is not known. Beside each period stand the figures of a hash
split of the same size, which mixes all times: two models are trained for a period. A period needs 20 names, and 50 labels before it. Writes nothing but embeddings that
are missing; works in a scratch schema, so it needs a role that may make one, and behind a transaction pooler
TAXON_DIRECT_DATABASE_URL.
What cannot be known: repeats of a name but for those in products, labels that were removed, categories as they were
named then, and the LLM's own errors, as the label is what it answered. Similar and local see what was known when the
period began, while a live memory grows by the hour. Names of retired categories are left out.`,
    )
    .action(async (flags: Flags) => {
      const from = flags.from === undefined ? {} : { from: await dateOf(flags.from) };
      const limits = {
        periods: wholeNumber('--periods', flags.periods),
        sample: wholeNumber('--sample', flags.sample, 20),
        ...(flags.epochs === undefined ? {} : { epochs: wholeNumber('--epochs', flags.epochs) }),
      };
      const { replay } = await import('../replay/replay.ts');
      const { meaning, notes, replayRows } = await import('../replay/text.ts');
      const interrupt = interruptible(
        'interrupted; the scratch schema is gone, embeddings so far are stored',
      );
      const report = await withDatabase(async (db, config) =>
        replay(db, config, {
          by: flags.by,
          ...from,
          ...limits,
          price: await priceFor(db, flags.llmModel, config),
          directUrl: config.directDatabaseUrl ?? db.url,
          signal: interrupt.signal,
        }),
      ).finally(interrupt.release);
      const text = `${table(replayRows(report))}\n\n${notes(report)}`;
      print(flags.json === true, { ...report, meaning: meaning(report) }, text);
    });
}
