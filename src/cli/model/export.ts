import { Command } from 'commander';
import { withAnyDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print } from '../output.ts';

export function exportCommand(): Command {
  return new Command('export')
    .summary('write a model into a file')
    .description('Writes a model into one file, for another database.')
    .argument('<file>', 'the file to write; its first line says in JSON what is in it')
    .option('--model <id>', 'which model; default: the champion')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon model export champion.taxon
  taxon model export old.taxon --model 3
  head -1 champion.taxon | jq .facts`,
    )
    .action(async (file: string, options: { model?: string; json?: boolean }) => {
      const { exportModel } = await import('../../registry/move.ts');
      const id = options.model === undefined ? undefined : wholeNumber('--model', options.model);
      const result = await withAnyDatabase((db) => exportModel(db, file, id));
      const size = `${(result.bytes / 1e6).toFixed(1)} MB`;
      print(options.json === true, result, `model ${result.model_id} is in ${file}, ${size}`);
    });
}
