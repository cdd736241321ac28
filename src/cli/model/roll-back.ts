import { Command } from 'commander';
import { rollBackModel } from '../../database/registry.ts';
import { withDatabase } from '../database.ts';
import { print } from '../output.ts';

export function rollBackCommand(): Command {
  return new Command('roll-back')
    .summary('the champion before the champion again')
    .description('Makes the champion before the champion again; called again it goes back one more.')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  taxon model roll-back\n  taxon model roll-back --json')
    .action(async (options: { json?: boolean }) => {
      const modelId = await withDatabase(rollBackModel);
      print(options.json === true, { model_id: modelId }, `model ${modelId} is the champion again`);
    });
}
