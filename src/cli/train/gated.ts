import type { RetrainOptions, RetrainResult } from '../../autopilot/retrain.ts';
import type { Step } from '../../database/runs.ts';
import { withDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print } from '../output.ts';
import { stepBack } from '../priority.ts';
import { interruptible } from '../signals.ts';
import type { Flags } from './flags.ts';
import { watchMemory } from './memory-limit.ts';
import { firstText } from './text.ts';

function text({ run_id, taken_over, first, model_id, promoted, verdict }: RetrainResult): string {
  const { passed, reasons, champion } = verdict;
  const begun = taken_over ? `run ${run_id}, gone on with` : `run ${run_id}`;
  const said = !passed
    ? `the gate refused it, model ${champion} stays the champion`
    : promoted
      ? 'it is the champion'
      : `it passed the gate and watches live traffic beside model ${champion}; select * from taxon.autopilot()`;
  const before = first === null ? [] : [firstText(first)];
  return [...before, `${begun}: model ${model_id}; ${said}`, ...reasons.map((reason) => `  ${reason}`)].join(
    '\n',
  );
}

/** `taxon train --gated`: a challenger in steps that survive a kill; the gate decides whether it is rolled out. */
export async function gated(flags: Flags): Promise<void> {
  const { retrain } = await import('../../autopilot/retrain.ts');
  const interrupt = interruptible('interrupted; taxon train --gated goes on where it stopped');
  // for a first model names are waiting
  const onStep = (step: Step) => {
    if (step !== 'first') stepBack();
  };
  try {
    const result = await withDatabase((db, config) => {
      const memory = watchMemory(config.retrainMemoryMb);
      const options: RetrainOptions = {
        onStep,
        signal: AbortSignal.any([interrupt.signal, memory.signal]),
        ...(flags.reason === undefined ? {} : { reason: flags.reason }),
        ...(flags.epochs === undefined ? {} : { epochs: wholeNumber('--epochs', flags.epochs) }),
        ...(flags.seed === undefined ? {} : { seed: wholeNumber('--seed', flags.seed, 0) }),
        ...(flags.clean ? {} : { clean: false }),
      };
      return retrain(db, config, options).finally(memory.stop);
    });
    print(flags.json === true, result, text(result));
  } finally {
    interrupt.release();
  }
}

/** `taxon train --gated --request`: a sidecar does it. */
export async function requested(flags: Flags): Promise<void> {
  const { requestRetrain } = await import('../../database/autopilot.ts');
  const request_id = await withDatabase((db) => requestRetrain(db, flags.reason ?? 'by hand'));
  print(
    flags.json === true,
    { request_id },
    `request ${request_id} is open: a sidecar begins it within a minute`,
  );
}
