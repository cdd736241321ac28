import { TaxonError } from '../../errors.ts';
import { withDatabase } from '../database.ts';
import { wholeNumber } from '../flags.ts';
import { print } from '../output.ts';
import { stepBack } from '../priority.ts';
import { interruptible } from '../signals.ts';
import type { Flags } from './flags.ts';
import { watchMemory } from './memory-limit.ts';

/** `taxon train --measure MODEL`: makes the report of a model anew. */
export async function measure(flags: Flags): Promise<void> {
  const modelId = wholeNumber('--measure', flags.measure ?? '');
  const { diagnoseModel } = await import('../../train/diagnose-model.ts');
  const interrupt = interruptible('interrupted; the report is as it was');
  stepBack();
  try {
    const report = await withDatabase((db, config) => {
      const memory = watchMemory(config.retrainMemoryMb);
      const signal = AbortSignal.any([interrupt.signal, memory.signal]);
      return diagnoseModel(db, config, modelId, signal).finally(memory.stop);
    });
    if (report === null)
      throw new TaxonError(`model ${modelId} was not measured`, {
        hint: 'It was cut short, or there is no name to ask it; one of letters alone, or from another database, is never measured.',
      });
    print(flags.json === true, report, `model ${modelId} is measured: taxon report --model ${modelId}`);
  } finally {
    interrupt.release();
  }
}
