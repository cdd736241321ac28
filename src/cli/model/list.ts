import { Command } from 'commander';
import { listModels, type ModelRow } from '../../database/registry.ts';
import { withAnyDatabase } from '../database.ts';
import { print, table } from '../output.ts';

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

export function listCommand(): Command {
  return new Command('list')
    .summary('every model: which is the champion, what made it')
    .description('Every model, newest first: which is the champion, what made it, how large it is.')
    .option('--json', 'print one JSON object, with everything that is noted of each')
    .addHelpText(
      'after',
      `\nExamples:\n  taxon model list\n  taxon model list --json | jq '.models[] | {model_id, state, data}'\n\nEach agreement is of the model's own held-out names; what two models say of the same ones: select * from taxon.gate_report()`,
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
