import { Command } from 'commander';
import { listModels, type ModelRow, promoteModel, rollBackModel } from '../database/registry.ts';
import { withAnyDatabase, withDatabase } from './database.ts';
import { print, table } from './output.ts';
import { wholeNumber } from './train.ts';

/** How often its training says that its own held-out labels were met: l1 / l2 / l3 in percent, and of how many names. */
function agreement(metrics: object | null): string {
  const { levels = {}, names } = (metrics ?? {}) as {
    levels?: Record<string, { validAccuracy?: unknown }>;
    names?: { valid?: unknown };
  };
  const shares = ['l1', 'l2', 'l3']
    .map((level) => levels[level]?.validAccuracy)
    .filter((share) => typeof share === 'number')
    .map((share) => (share * 100).toFixed(1))
    .join(' / ');
  return typeof names?.valid !== 'number' || shares === '' ? shares : `${shares} of ${names.valid}`;
}

function line(model: ModelRow) {
  return {
    model: model.model_id,
    state: model.state,
    created: model.created_at,
    labels: model.labels,
    'agreement % (own names)': agreement(model.metrics),
    'size MB': (model.bytes / 1e6).toFixed(1),
    version: model.code_version,
    seed: model.seed,
    encoder: model.encoder?.split(' ')[0] ?? 'none: letters alone',
  };
}

export function modelsCommand(): Command {
  return new Command('models')
    .description('Every model, newest first: which is the champion, what made it, how large it is.')
    .option('--json', 'print one JSON object, with everything that is noted of each')
    .addHelpText(
      'after',
      `\nExamples:\n  taxon models\n  taxon models --json | jq '.models[] | {model_id, state, data}'\n\nEach agreement is of the model's own held-out names; what two models say of the same ones: select * from taxon.gate_report()`,
    )
    .action(async (options: { json?: boolean }) => {
      const models = await withAnyDatabase(listModels);
      print(
        options.json === true,
        { models },
        models.length === 0 ? 'no model yet; train one: taxon train' : table(models.map(line)),
      );
    });
}

export function promoteCommand(): Command {
  return new Command('promote')
    .description('Makes a model the champion; sidecars load it without a restart.')
    .argument('<model>', 'its id, as taxon models shows it')
    .option('--force <reason>', 'although the gate refused it, and why')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      "\nExamples:\n  taxon promote 3\n  taxon promote 3 --json\n  taxon promote 4 --force 'seasonal range'",
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

export function rollBackCommand(): Command {
  return new Command('roll-back')
    .description('Makes the champion before the champion again; called again it goes back one more.')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  taxon roll-back\n  taxon roll-back --json')
    .action(async (options: { json?: boolean }) => {
      const modelId = await withDatabase(rollBackModel);
      print(options.json === true, { model_id: modelId }, `model ${modelId} is the champion again`);
    });
}
