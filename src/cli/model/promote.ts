import { Command } from 'commander';
import { promoteModel } from '../../database/registry.ts';
import { withDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print } from '../output.ts';

export function promoteCommand(): Command {
  return new Command('promote')
    .summary('make a model the champion')
    .description('Makes a model the champion; sidecars load it without a restart.')
    .argument('<model>', 'its id, as taxon model list shows it')
    .option('--force <reason>', 'although the gate refused it, and why')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      "\nExamples:\n  taxon model promote 3\n  taxon model promote 3 --json\n  taxon model promote 4 --force 'seasonal range'",
    )
    .action(async (id: string, options: { force?: string; json?: boolean }) => {
      const modelId = wholeNumber('MODEL_ID', id);
      const before = await withDatabase((db) => promoteModel(db, modelId, options.force ?? null));
      print(
        options.json === true,
        { model_id: modelId, before },
        `model ${modelId} is the champion${before === null ? '' : `, before it was model ${before}`}`,
      );
    });
}
