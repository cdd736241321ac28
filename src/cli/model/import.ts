import { Command } from 'commander';
import { withDatabase } from '../database.ts';
import { print } from '../output.ts';

export function importCommand(): Command {
  return new Command('import')
    .summary('take a model over from another database')
    .description('Takes a model over from another database, as a candidate.')
    .argument('<file>', 'a file of taxon model export')
    .option('--promote', 'make it the champion at once')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon model import champion.taxon
  taxon model import champion.taxon --promote --json

The encoder must be the one configured here, and every category of the model must be in the taxonomy here, by its path of
names; ids may differ. It answers some invented names first, in a process of its own; one that does not run is not stored.`,
    )
    .action(async (file: string, options: { promote?: boolean; json?: boolean }) => {
      const { importModel } = await import('../../registry/move.ts');
      const result = await withDatabase((db, config) =>
        importModel(db, config, file, options.promote === true),
      );
      print(
        options.json === true,
        result,
        result.promoted
          ? `model ${result.model_id} is the champion`
          : `model ${result.model_id} is a candidate; make it the champion: taxon model promote ${result.model_id}`,
      );
    });
}
