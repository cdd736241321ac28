import { Command } from 'commander';
import { withAnyDatabase, withDatabase } from './database.ts';
import { print } from './output.ts';
import { wholeNumber } from './train.ts';

export function exportModelCommand(): Command {
  return new Command('export-model')
    .description('Writes a model into one file, for another database.')
    .argument('<file>', 'the file to write; its first line says in JSON what is in it')
    .option('--model <id>', 'which model; default: the champion')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon export-model champion.taxon
  taxon export-model old.taxon --model 3
  head -1 champion.taxon | jq .facts`,
    )
    .action(async (file: string, options: { model?: string; json?: boolean }) => {
      const { exportModel } = await import('../registry/move.ts');
      const id = options.model === undefined ? undefined : wholeNumber('--model', options.model);
      const result = await withAnyDatabase((db) => exportModel(db, file, id));
      const size = `${(result.bytes / 1e6).toFixed(1)} MB`;
      print(options.json === true, result, `model ${result.model_id} is in ${file}, ${size}`);
    });
}

export function importModelCommand(): Command {
  return new Command('import-model')
    .description('Takes a model over from another database, as a candidate.')
    .argument('<file>', 'a file of taxon export-model')
    .option('--promote', 'make it the champion at once')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon import-model champion.taxon
  taxon import-model champion.taxon --promote --json

The encoder must be the one configured here, and every category of the model must be in the taxonomy here, by its path of
names; ids may differ. It answers some invented names first, in a process of its own; one that does not run is not stored.`,
    )
    .action(async (file: string, options: { promote?: boolean; json?: boolean }) => {
      const { importModel } = await import('../registry/move.ts');
      const result = await withDatabase((db, config) =>
        importModel(db, config, file, options.promote === true),
      );
      print(
        options.json === true,
        result,
        result.promoted
          ? `model ${result.model_id} is the champion`
          : `model ${result.model_id} is a candidate; make it the champion: taxon promote ${result.model_id}`,
      );
    });
}
