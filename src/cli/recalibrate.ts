import { Command } from 'commander';
import { TaxonError } from '../errors.ts';
import type { Recalibration } from '../sidecar/jobs/recalibrate.ts';
import { withAnyDatabase } from './database.ts';
import { print, table } from './output.ts';
import { interruptible, wholeNumber } from './train.ts';

const short = (value: number | null | undefined) => (value == null ? '' : value.toFixed(3));

function text(done: Recalibration): string {
  const { before, after, calibration } = done;
  const rows = after.map(({ level, names, confidence, is_right, error }, i) => ({
    level: level === 3 ? 'l3 (the whole path)' : `l${level}`,
    'checked names': names,
    'mean confidence': short(confidence),
    'came true': short(is_right),
    'error before': short(before[i]?.error),
    'error now': short(error),
  }));
  const fit =
    calibration === null
      ? 'nothing was fitted: fewer than 50 checked names, and fewer than 50 that the LLM answered after the model had decided. Next: select * from taxon.draw_checks(50); then taxon review'
      : `calibration ${calibration.calibration_id}: offsets ${calibration.offsets.map((x) => x.toFixed(3)).join(' / ')}, slopes ${calibration.slopes.map((x) => x.toFixed(3)).join(' / ')}; thresholds pass the same names as before`;
  return [
    `model ${done.model_id}: ${done.state}; asked about ${done.scored} checked names`,
    fit,
    ...(done.checks === 0 ? [] : ['', table(rows)]),
  ].join('\n');
}

export function recalibrateCommand(): Command {
  return new Command('recalibrate')
    .description('Fits anew how what a model says becomes a confidence, on the names that people checked.')
    .option('--model <n>', 'the model; default: the champion')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon recalibrate
  taxon recalibrate --model 7 --json | jq .after
  psql -c 'select * from taxon_internal.calibration_error()'

A model that was trained since is asked about all checked names first. Thresholds are rewritten, so that the same names pass.
With fewer than 50 checked names the LLM's answers to names passed on stand in; they certify nothing.`,
    )
    .action(async (options: { model?: string; json?: boolean }) => {
      const wanted = options.model === undefined ? null : wholeNumber('--model', options.model);
      const { openModel } = await import('../classify/open-model.ts');
      const { recalibrate } = await import('../sidecar/jobs/recalibrate.ts');
      const interrupt = interruptible('interrupted; what the model was asked is kept');
      const done = await withAnyDatabase(async (db, config) => {
        const model = await openModel(db, config, wanted);
        if (model === null)
          throw new TaxonError(wanted === null ? 'there is no champion yet' : `there is no model ${wanted}`, {
            hint: 'Train one: taxon train. Which there are: taxon models.',
          });
        try {
          return await recalibrate(db, model, interrupt.signal);
        } finally {
          await model.close();
        }
      }).finally(interrupt.release);
      print(options.json === true, done, text(done));
    });
}
