import { Command, Option } from 'commander';
import type { ExportKind } from '../database/export.ts';
import { withAnyDatabase } from './database.ts';
import { print } from './output.ts';
import { interruptible } from './signals.ts';

interface Flags {
  what: ExportKind;
  embeddings?: true;
  spreadsheetSafe?: true;
  json?: true;
}

export function exportCommand(): Command {
  return new Command('export')
    .summary('labels, products or embeddings into a file')
    .description('Writes labels, products or embeddings of this moment into a file, whole or not at all.')
    .argument('<file>', '.parquet, .csv or .tsv')
    .addOption(
      new Option('--what <what>', 'what to write')
        .choices(['labels', 'products', 'embeddings'])
        .default('labels'),
    )
    .option('--embeddings', "with each label the configured encoder's embedding of its name")
    .option('--spreadsheet-safe', 'an apostrophe before what a spreadsheet takes for a formula (=, +, -, @)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon export labels.csv
  taxon export labels.parquet --embeddings
  taxon export answers.parquet --what products

Labels: name,l1,l2,l3,source,confidence, as import reads them; the name is the name key. In a .tsv, which has no quoting, a
tab or line end in a value becomes a space. An embedding is a list of floats in .parquet, and [.1,.2,…] in text.

Names are other people's words: one that begins with =, +, - or @ is a formula to a spreadsheet that opens the .csv or .tsv.
--spreadsheet-safe writes an apostrophe before it, which import would read as a part of the name.`,
    )
    .action(async (file: string, flags: Flags) => {
      const { exportFile } = await import('../export/export.ts');
      const interrupt = interruptible('interrupted; nothing was written');
      const result = await withAnyDatabase((db, config) =>
        exportFile(db, config, file, {
          what: flags.what,
          embeddings: flags.embeddings === true,
          spreadsheetSafe: flags.spreadsheetSafe === true,
          signal: interrupt.signal,
        }),
      ).finally(interrupt.release);
      print(flags.json === true, result, `${result.rows} ${result.what} in ${result.file}`);
    });
}
