import { Command, Option } from 'commander';
import type { Database } from '../database/connection/open.ts';
import type { ImportedLabels, ImportedProducts } from '../database/import.ts';
import { misuse } from '../errors.ts';
import type { Row, RowKind } from '../import/row.ts';
import { log } from '../log.ts';
import { printable } from '../printable.ts';
import { duration, progress } from '../progress.ts';
import { withDatabase } from './database.ts';
import { givenOptions } from './flags.ts';
import { print } from './output.ts';
import { interruptible } from './signals.ts';

/** So many losing answers are shown to a person; --json has up to 1,000. */
const shownLosers = 20;
const shownSpellings = 10;

interface Flags {
  as: RowKind;
  source: 'llm' | 'human' | 'import';
  query?: string;
  treeLevels?: string;
  json?: true;
}

function labelsText(r: ImportedLabels, seconds: number): string {
  const dated = r.dated > 0 ? ` (${r.dated} dated)` : '';
  const lines = [
    `${r.rows} rows, ${r.names} names: ${r.added} labels added, ${r.changed} changed, ${r.unchanged} as they were${dated}`,
    `${r.categories} categories made; ${r.settled} waiting names answered; ${duration(seconds)}`,
  ];
  if (r.respelt > 0) {
    lines.push(
      `${r.respelt} rows spell a category otherwise (case, apostrophes, invisible characters): it is one`,
    );
    for (const { given, kept, times, line } of r.spellings.slice(0, shownSpellings))
      lines.push(`  ${printable(given, 200)}: read as ${kept} (${times} rows, the first in line ${line})`);
  }
  if (r.lost > 0) {
    const all = r.lost > shownLosers ? `, the first ${shownLosers}` : '';
    lines.push(`${r.lost} answers were not kept${all}:`);
    for (const loser of r.losers.slice(0, shownLosers)) {
      const more = loser.times > loser.lines.length ? ', …' : '';
      const where = loser.times === 0 ? '' : ` (line ${loser.lines.join(', ')}${more})`;
      lines.push(`  ${loser.name}: ${loser.kept}, not ${loser.lost}${where}: ${loser.reason}`);
    }
  }
  return lines.join('\n');
}

function productsText(r: ImportedProducts, seconds: number): string {
  return `${r.rows} products: ${r.done} answered from memory, ${r.pending} wait for a sidecar, ${r.failed} without a name; ${duration(seconds)}`;
}

/** Reads and shows progress on the way: of the file by its size, of a query by its rows. */
async function rowsOf(
  db: Database,
  file: string | undefined,
  flags: Flags,
): Promise<{ rows: AsyncIterable<Row>; onProgress: (rows: number) => void; end: () => void }> {
  const { fileSize, queryRows, readRows } = await import('../import/read.ts');
  if (file === undefined) {
    let last = Date.now();
    const onProgress = (count: number) => {
      if (Date.now() - last < 10_000) return;
      last = Date.now();
      log.info(`${count} rows read`);
    };
    return { rows: queryRows(db, flags.query ?? '', flags.as), onProgress, end: () => {} };
  }
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1000);
  const bar = progress('reading', kilobytes(fileSize(file)), 'kB');
  const rows = readRows(file, { as: flags.as, onProgress: (bytes) => bar.at(kilobytes(bytes)) });
  return { rows, onProgress: () => {}, end: () => bar.end() };
}

/** The rows, and a call when the last one was read: what follows happens in the database and has no bar. */
async function* whenRead(rows: AsyncIterable<Row>, read: () => void): AsyncGenerator<Row> {
  yield* rows;
  read();
}

async function run(db: Database, file: string | undefined, flags: Flags, signal: AbortSignal) {
  const { rows, onProgress, end } = await rowsOf(db, file, flags);
  const read = whenRead(rows, () => {
    end();
    log.info(flags.as === 'labels' ? 'writing labels' : 'writing products');
  });
  if (flags.as === 'products') {
    const { importProducts } = await import('../import/products.ts');
    return importProducts(db, read, { onProgress, signal });
  }
  const { importLabels } = await import('../import/labels.ts');
  const { source, treeLevels } = flags;
  return importLabels(db, read, {
    source,
    ...(treeLevels === undefined ? {} : { treeLevels }),
    onProgress,
    signal,
  });
}

export function importCommand(): Command {
  return new Command('import')
    .summary('labels into memory, or products to classify')
    .description('Reads labels into memory, or products to classify: all of a file or query, or nothing.')
    .argument('[file]', '.csv, .tsv (each also .gz) or .parquet')
    .addOption(
      new Option('--as <what>', 'what the rows are').choices(['labels', 'products']).default('labels'),
    )
    .addOption(
      new Option('--source <who>', 'who gave the labels, where no column "source" says it')
        .choices(['llm', 'human', 'import'])
        .default('import'),
    )
    .option('--query <sql>', 'instead of a file: a SELECT in the same database that returns the same columns')
    .option('--tree-levels <depths>', 'which depths of the tree are l1, l2 and l3, e.g. 1,2,deepest')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Labels: the header is name,l1,l2,l3[,source][,labelled_at], a level empty where the path stops, or name,path with paths like
"a > b > c", as deep as you like. category_external_id may hold your own id of the category. Columns come in any order,
others are not read. Products: name[,external_id]. A .tsv has no quoting: what stands between two tabs is the value. A .csv has
commas, semicolons, tabs or pipes: its header tells. NULL, nan, N/A and the like are empty. Spellings of a category that differ
only by case, apostrophe or invisible characters are one category.
labelled_at says when the label was given, a date or a timestamp (UTC unless it has an offset); taxon replay walks it.
Of conflicting labels those of people win, then what most rows say, then the newest by labelled_at, then the last;
memory counts as older unless its own labelled_at is later, and a person's label is only replaced by a person's. What
was not kept is listed.

Examples:
  taxon import labels.csv --as labels --source llm
  taxon import tree.parquet --tree-levels 1,2,4
  taxon import new.tsv.gz --as products
  taxon import --source llm --query "
    select p.name, c.path, c.id as category_external_id
    from order_products p join shop_categories c on c.id = p.category_id"`,
    )
    .action(async (file: string | undefined, flags: Flags, command: Command) => {
      if ((file === undefined) === (flags.query === undefined))
        throw misuse('give either a file or --query', 'E.g. taxon import labels.csv --source llm');
      const given = givenOptions(command);
      const ofLabels = given.get('treeLevels') ?? given.get('source');
      if (ofLabels !== undefined && flags.as === 'products')
        throw misuse(`${ofLabels} goes with --as labels`);
      const interrupt = interruptible('interrupted; nothing was imported');
      const started = Date.now();
      const result = await withDatabase((db) => run(db, file, flags, interrupt.signal)).finally(
        interrupt.release,
      );
      const seconds = (Date.now() - started) / 1000;
      const text = 'names' in result ? labelsText(result, seconds) : productsText(result, seconds);
      print(flags.json === true, { ...result, seconds }, text);
    });
}
