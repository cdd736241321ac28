import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { writeParts } from '../atomic-file.ts';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { misuse } from '../errors.ts';
import type { Input, XrayOptions } from '../xray/types.ts';
import { databaseUrl } from './database.ts';
import { cliConfig, givenOptions, wholeNumber } from './flags.ts';
import { print } from './output.ts';
import { pageFile } from './page.ts';
import { interruptible } from './signals.ts';

/** What `taxon init` and `taxon x-ray` are told of a table, and of the money. */
export interface LookFlags {
  key?: string;
  name?: string;
  labels?: string;
  categories?: string;
  at?: string;
  namesPerMonth?: string;
  namesPerCall?: string;
  namesAtOnce?: string;
  priceIn?: string;
  priceOut?: string;
  llmModel?: string;
}

interface Flags extends LookFlags {
  query?: string;
  sample?: string;
  html?: string;
  keep?: true;
  json?: true;
}

/** Flags that say what the money rests on, as they are of `taxon init` too. */
export const moneyFlags: readonly (readonly [flag: string, says: string])[] = [
  ['--names-per-month <n>', "names that come in a month; default: by the rows' own times, else 10,000"],
  ['--names-per-call <n>', 'names in one call of your LLM today (default: 15)'],
  ['--names-at-once <n>', 'names that arrive together, as in an import (default: 1000)'],
  ['--price-in <dollars>', 'US dollars for a million input tokens'],
  ['--price-out <dollars>', 'US dollars for a million output tokens'],
  ['--llm-model <name>', 'whose list price counts; default: the configured model'],
];

const amount = (flag: string, text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || value === Number.POSITIVE_INFINITY)
    throw misuse(`${flag} ${text}`, 'Give US dollars, such as 0.15.');
  return value;
};

/** What the flags say of samples and money. */
export function xrayOptions(flags: Omit<Flags, 'json' | 'html'>): Omit<XrayOptions, 'signal'> {
  const { namesPerMonth, namesPerCall, namesAtOnce, sample, priceIn, priceOut, llmModel, keep } = flags;
  const whole = (flag: string, text: string | undefined, least = 1) =>
    text === undefined ? undefined : wholeNumber(flag, text, least);
  if ((priceIn === undefined) !== (priceOut === undefined))
    throw misuse('--price-in and --price-out go together', 'Give both, in US dollars for a million tokens.');
  return {
    namesPerMonth: whole('--names-per-month', namesPerMonth),
    namesPerCall: whole('--names-per-call', namesPerCall),
    namesAtOnce: whole('--names-at-once', namesAtOnce),
    sample: whole('--sample', sample, 300),
    prices:
      priceIn === undefined || priceOut === undefined
        ? undefined
        : { in: amount('--price-in', priceIn), out: amount('--price-out', priceOut) },
    llmModel,
    keep,
  };
}

/** Works with the shop's own database, which is only read. */
export async function withShop<T>(config: Config, work: (db: Database) => Promise<T>): Promise<T> {
  const { openDatabase } = await import('../database/connection/open.ts');
  const { readOnly } = await import('../database/connection/read-only.ts');
  const db = openDatabase(await databaseUrl(config), config, 'taxon x-ray');
  try {
    return await work(readOnly(db));
  } finally {
    await db.close();
  }
}

const isFile = (what: string) => /\.(?:csv|tsv|parquet)(?:\.gz)?$/i.test(what) || existsSync(what);

/** Reads what is to be looked at: a file, the answer of a query, a table. */
async function readInput(config: Config, what: string | undefined, flags: Flags): Promise<Input> {
  const { readFile, readQuery, readTable } = await import('../xray/rows.ts');
  const { query, name, labels, at } = flags;
  if (query !== undefined) return withShop(config, (db) => readQuery(db, query, { name, labels, at }));
  const given = what ?? '';
  if (!isFile(given)) {
    const { shapeNamed } = await import('../database/shop/read.ts');
    return withShop(config, async (db) => readTable(db, await shapeNamed(db, given, flags)));
  }
  const { fileSize } = await import('../import/read.ts');
  const { progress } = await import('../progress.ts');
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1000);
  const bar = progress('reading', kilobytes(fileSize(given)), 'kB');
  return readFile(given, { name, labels, at }, (bytes) => bar.at(kilobytes(bytes))).finally(() => bar.end());
}

export function xrayCommand(): Command {
  const command = new Command('x-ray')
    .summary('see what you would save, before anything is installed')
    .description(
      'Looks at a file, a query or a table of yours: names, doubles, labels, taxonomy, and what the layers would save. Only reads.',
    )
    .argument(
      '[what]',
      'a file (.csv, .tsv, each also .gz; .parquet), or a table such as shop.order_products',
    )
    .option('--query <sql>', 'instead: a SELECT that returns name, path and labelled_at')
    .option('--name <column>', 'the column of names; default: the likeliest')
    .option('--labels <column>', 'the column of the category: an id in a table, a path "a > b > c" elsewhere')
    .option('--categories <table>', 'of a table: the tree that the labels point into (id, parent, name)')
    .option('--key <columns>', 'of a table: what tells its rows apart; default: the primary key')
    .option('--at <column>', 'when a row came, for the order of time');
  for (const [flag, says] of moneyFlags) command.option(flag, says);
  return command
    .option('--sample <n>', 'try the layers on the newest so many labelled rows at most (default: 50000)')
    .option('--html <file>', 'also write the picture as one HTML page')
    .option('--keep', 'leave the private database there, and say where')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon x-ray history.csv
  taxon x-ray history.csv --html picture.html --names-per-month 40000
  taxon x-ray shop.order_products
  taxon x-ray shop.order_products --name title --labels category_id --json
  taxon x-ray --query "select title as name, path from shop.labelled"

Your database is only read, each statement in a transaction that may not write. The layers run in a private PostgreSQL in a
temporary folder, which is removed at the end, on Ctrl-C too. No account and no key is needed, and nothing is sent anywhere.
Without labels it still counts names, languages and doubles, and says what is missing to say more.`,
    )
    .action(async (what: string | undefined, flags: Flags, self: Command) => {
      if ((what === undefined) === (flags.query === undefined))
        throw misuse('give a file, a table or --query', 'E.g. taxon x-ray history.csv');
      const given = givenOptions(self);
      const ofTable = given.get('categories') ?? given.get('key');
      if (ofTable !== undefined && (what === undefined || isFile(what)))
        throw misuse(`${ofTable} goes with a table`, 'Leave it out.');
      if (flags.html !== undefined) pageFile(flags.html);
      const options = xrayOptions(flags);
      const config = cliConfig();
      const { xray } = await import('../xray/xray.ts');
      const { screen } = await import('../xray/screen.ts');
      const { xrayPage } = await import('../xray/page.ts');
      const interrupt = interruptible('interrupted; nothing was changed, and nothing is left');
      try {
        const input = await readInput(config, what, flags);
        interrupt.signal.throwIfAborted();
        const report = await xray(input, config, { ...options, signal: interrupt.signal });
        if (flags.html !== undefined) writeParts(flags.html, [xrayPage(report)]);
        const written = flags.html === undefined ? '' : `\n\nwritten: ${flags.html}`;
        print(flags.json === true, report, screen(report) + written);
      } finally {
        interrupt.release();
      }
    });
}
