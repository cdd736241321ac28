import { TaxonError } from '../../errors.ts';
import type { Recalibration } from '../../sidecar/jobs/recalibrate.ts';
import { withAnyDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print, table } from '../output.ts';
import { interruptible } from '../signals.ts';
import type { Flags } from './flags.ts';

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

/** `taxon train --recalibrate`: fits anew how what a model says becomes a confidence, on the names that people checked. */
export async function recalibration(flags: Flags): Promise<void> {
  const wanted = flags.model === undefined ? null : wholeNumber('--model', flags.model);
  const { openModel } = await import('../../classify/open-model.ts');
  const { recalibrate } = await import('../../sidecar/jobs/recalibrate.ts');
  const interrupt = interruptible('interrupted; what the model was asked is kept');
  const done = await withAnyDatabase(async (db, config) => {
    const model = await openModel(db, config, wanted);
    if (model === null)
      throw new TaxonError(wanted === null ? 'there is no champion yet' : `there is no model ${wanted}`, {
        hint: 'Train one: taxon train. Which there are: taxon model list.',
      });
    try {
      return await recalibrate(db, model, interrupt.signal);
    } finally {
      await model.close();
    }
  }).finally(interrupt.release);
  print(flags.json === true, done, text(done));
}
