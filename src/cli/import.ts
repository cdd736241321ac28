import { Command, Option } from 'commander';
import type { Database } from '../database/connection/open.ts';
import { misuse } from '../errors.ts';
import {
  type LabelSource,
  type Reading,
  type Row,
  type RowKind,
  type SeveralPaths,
  severalPathsRules,
} from '../import/row.ts';
import { log } from '../log.ts';
import { progress } from '../progress.ts';
import { withDatabase } from './database.ts';
import { givenOptions } from './flags.ts';
import { dryRunText, labelsText, productsText, treeText } from './import/text.ts';
import { print } from './output.ts';
import { interruptible } from './signals.ts';

interface Flags {
  as: RowKind;
  source: LabelSource;
  query?: string;
  treeLevels?: string;
  pathSeparator?: string;
  severalPaths?: SeveralPaths;
  keepEntities?: true;
  skipBad?: string;
  conflicts?: string;
  rename?: true;
  reason?: string;
  dryRun?: true;
  json?: true;
}

/** What the flags say of how rows are read. */
function readingOf({ pathSeparator, severalPaths, keepEntities }: Flags): Reading {
  return {
    ...(pathSeparator === undefined ? {} : { pathSeparator }),
    ...(severalPaths === undefined ? {} : { severalPaths }),
    ...(keepEntities === undefined ? {} : { keepEntities }),
    faultHint: 'Nothing was imported. Correct them, or leave them out: --skip-bad FILE keeps them there.',
  };
}

/** Opens what is to be read, with progress on the way: of a file by its size, of a query by its rows. */
async function opener(file: string | undefined, flags: Flags) {
  const { fileSize, queryRows, readRows } = await import('../import/read.ts');
  if (file === undefined) {
    let last = Date.now();
    const onProgress = (count: number) => {
      if (Date.now() - last < 10_000) return;
      last = Date.now();
      log.info(`${count} rows read`);
    };
    const open = (db: Database, reading: Reading) => queryRows(db, flags.query ?? '', flags.as, reading);
    return { open, onProgress, end: () => {} };
  }
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1000);
  const bar = progress('reading', kilobytes(fileSize(file)), 'kB');
  const onProgress = (bytes: number) => bar.at(kilobytes(bytes));
  const open = (_: Database | null, reading: Reading) =>
    readRows(file, { as: flags.as, onProgress, ...reading });
  return { open, onProgress: () => {}, end: () => bar.end() };
}

/** The rows, and a call when the last one was read: what follows happens in the database and has no bar. */
async function* whenRead(rows: AsyncIterable<Row>, read: () => void): AsyncGenerator<Row> {
  yield* rows;
  read();
}

async function run(
  db: Database,
  file: string | undefined,
  flags: Flags,
  reading: Reading,
  signal: AbortSignal,
): Promise<{ result: object; text: (seconds: number) => string }> {
  const { open, onProgress, end } = await opener(file, flags);
  const rows = whenRead(open(db, reading), () => {
    end();
    log.info(`writing ${flags.as === 'tree' ? 'categories' : flags.as}`);
  });
  if (flags.as === 'products') {
    const { importProducts } = await import('../import/products.ts');
    const result = await importProducts(db, rows, { onProgress, signal });
    return { result, text: (seconds) => productsText(result, seconds) };
  }
  const { treeLevels, reason, rename, conflicts } = flags;
  const options = { treeLevels, reason, rename, file: file ?? flags.query, onProgress, signal };
  if (flags.as === 'tree') {
    const { importTree } = await import('../import/tree.ts');
    const result = await importTree(db, rows, options);
    return { result, text: (seconds) => treeText(result, seconds) };
  }
  const { importLabels } = await import('../import/labels.ts');
  const result = await importLabels(db, rows, { ...options, source: flags.source, conflicts });
  return { result, text: (seconds) => labelsText(result, seconds, conflicts) };
}

/** Says how a file or query would be read; a file needs no database. */
async function tryOut(file: string | undefined, flags: Flags): Promise<void> {
  const { dryRun } = await import('../import/dry-run.ts');
  const { open, end } = await opener(file, flags);
  const read = (db: Database | null) =>
    dryRun((reading) => open(db as Database, { ...readingOf(flags), ...reading }), flags.as, flags.source);
  const found = await (file === undefined ? withDatabase(read) : read(null)).finally(end);
  print(flags.json === true, found, dryRunText(found));
}

/** Imports; with --skip-bad rows that cannot be read go into a file. */
async function importAll(file: string | undefined, flags: Flags): Promise<void> {
  const { SkippedRows } = await import('../import/skipped.ts');
  const skipped = flags.skipBad === undefined ? undefined : new SkippedRows(flags.skipBad);
  const reading: Reading = {
    ...readingOf(flags),
    ...(skipped === undefined ? {} : { onFault: (fault, titles) => skipped.add(fault, titles) }),
  };
  const interrupt = interruptible('interrupted; nothing was imported');
  const started = Date.now();
  const { result, text } = await withDatabase((db) =>
    run(db, file, flags, reading, interrupt.signal),
  ).finally(() => {
    interrupt.release();
    skipped?.close();
  });
  const seconds = (Date.now() - started) / 1000;
  const left = skipped === undefined ? [] : [`${skipped.count} rows were left out: see ${flags.skipBad}`];
  print(
    flags.json === true,
    { ...result, ...(skipped === undefined ? {} : { skipped: skipped.count }), seconds },
    [...left, text(seconds)].join('\n'),
  );
}

/** Flags that say something of labels, or of categories, and of nothing else. */
const ofLabels = ['source', 'conflicts'];
const ofCategories = ['treeLevels', 'pathSeparator', 'severalPaths', 'rename', 'reason'];

export function importCommand(): Command {
  return new Command('import')
    .summary('labels into memory, products to classify, or a tree of categories')
    .description(
      'Reads labels into memory, products to classify, or the tree of categories: all of a file or query, or nothing.',
    )
    .argument('[file]', '.csv, .tsv (each also .gz) or .parquet')
    .addOption(
      new Option('--as <what>', 'what the rows are')
        .choices(['labels', 'products', 'tree'])
        .default('labels'),
    )
    .addOption(
      new Option('--source <who>', 'who gave the labels, where no column "source" says it')
        .choices(['llm', 'human', 'import'])
        .default('import'),
    )
    .option('--query <sql>', 'instead of a file: a SELECT in the same database that returns the same columns')
    .option('--dry-run', 'show the first rows as they would be read, and what is wrong; write nothing')
    .option('--skip-bad <file>', 'leave rows out that cannot be read, and write them there as CSV')
    .option('--conflicts <file>', 'write all answers that are not kept there as CSV')
    .option('--path-separator <text>', 'what separates the levels of a path, instead of " > "')
    .addOption(
      new Option('--several-paths <rule>', 'what to do where one field holds several paths').choices([
        ...severalPathsRules,
      ]),
    )
    .option('--keep-entities', 'leave &amp; and the like as they are, instead of decoding them')
    .option('--tree-levels <depths>', 'which depths of the tree are l1, l2 and l3, e.g. 1,2,deepest')
    .option('--rename', 'categories known by your own ids take the names of the file')
    .option('--reason <text>', 'why; it stands in taxon.runs and in the history')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Labels: the header is name,l1,l2,l3[,source][,labelled_at], a level empty where the path stops, or name,path with paths like
"a > b > c", as deep as you like. category_external_id may hold your own id of the category: it finds the category again,
whatever it is called by then. Products: name[,external_id]. A tree: path[,category_external_id], or id,parent_id,name.
Columns come in any order, others are not read. A .tsv has no quoting: what stands between two tabs is the value. A .csv has
commas, semicolons, tabs or pipes: its header tells. NULL, nan, N/A and the like are empty. Spellings of a category that differ
only by case, apostrophe or invisible characters are one category.
labelled_at says when the label was given, a date or a timestamp (UTC unless it has an offset); taxon replay walks it.
Of conflicting labels those of people win, then what most rows say, then the newest by labelled_at, then the last;
memory counts as older unless its own labelled_at is later, and a person's label is only replaced by a person's. What
was not kept is listed. Rows of products follow the labels, but what a person said of a row only follows --source human.
Each import of labels or a tree is a run, which taxon.undo_run() takes back.

Examples:
  taxon import labels.csv --as labels --source llm
  taxon import labels.csv --dry-run
  taxon import labels.csv --skip-bad bad.csv --reason 'price list of spring'
  taxon import labels.csv --path-separator / --several-paths deepest
  taxon import titles.csv --keep-entities
  taxon import tree.parquet --tree-levels 1,2,4
  taxon import categories.csv --as tree --rename
  taxon import new.tsv.gz --as products
  taxon import --source llm --query "
    select p.name, c.path, c.id as category_external_id
    from order_products p join shop_categories c on c.id = p.category_id"
  psql -c 'select * from taxon.runs'
  psql -c 'select * from taxon.undo_run(7)'     takes run 7 back`,
    )
    .action(async (file: string | undefined, flags: Flags, command: Command) => {
      if ((file === undefined) === (flags.query === undefined))
        throw misuse('give either a file or --query', 'E.g. taxon import labels.csv --source llm');
      const given = givenOptions(command);
      const wrong =
        flags.as === 'products'
          ? [...ofLabels, ...ofCategories].find((flag) => given.has(flag))
          : flags.as === 'tree'
            ? ofLabels.find((flag) => given.has(flag))
            : undefined;
      if (wrong !== undefined)
        throw misuse(
          `${given.get(wrong)} goes with --as labels${ofLabels.includes(wrong) ? '' : ' or --as tree'}`,
        );
      if (flags.pathSeparator !== undefined && flags.pathSeparator.trim() === '')
        throw misuse('--path-separator must not be empty', "E.g. --path-separator '/'");
      return flags.dryRun === true ? tryOut(file, flags) : importAll(file, flags);
    });
}
