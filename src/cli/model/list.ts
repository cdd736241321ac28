import { Command } from 'commander';
import { listModels, type ModelRow } from '../../database/registry.ts';
import { withAnyDatabase } from '../database.ts';
import { print, table } from '../output.ts';

/**
 * How often the labels of its own held-out names were met: l1 / l2 / l3 in percent, by what, and of how many names. A first model
 * is judged as it answers, down to each level; of a full one its training judged the heads, one voice of three, level by level.
 */
function met(metrics: object | null): string {
  const {
    agreement,
    levels = {},
    names,
  } = (metrics ?? {}) as {
    agreement?: Record<string, unknown> | null;
    levels?: Record<string, { validAccuracy?: unknown }>;
    names?: { valid?: unknown };
  };
  const whole = agreement != null;
  const shares = (['l1', 'l2', 'l3'] as const)
    .map((level) => (whole ? agreement[level] : levels[level]?.validAccuracy))
    .filter((share) => typeof share === 'number')
    .map((share) => (share * 100).toFixed(1))
    .join(' / ');
  const of = whole ? agreement.names : names?.valid;
  if (shares === '') return '';
  const by = whole ? 'letters, down to each level' : 'heads alone, each level by itself';
  return `${by}: ${shares}${typeof of === 'number' ? ` of ${of}` : ''}`;
}

function line(model: ModelRow) {
  return {
    model: model.model_id,
    state: model.state,
    created: model.created_at,
    labels: model.labels,
    'own held-out labels met, %': met(model.metrics),
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
      `\nExamples:\n  taxon model list\n  taxon model list --json | jq '.models[] | {model_id, state, data}'\n\nFigures of two models are not of the same names, nor of the same voices: what all voices of one meet is in taxon report, and two\nmodels on the same names are compared by the gate: select * from taxon.gate_report()`,
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
