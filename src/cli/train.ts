import { Command } from 'commander';
import { misuse } from '../errors.ts';
import { withDatabase } from './database.ts';
import { print } from './output.ts';

/** A whole number of at least `least` from a flag. */
export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw misuse(`${flag} ${text}`, `Give a whole number from ${least}.`);
  return value;
}

/** An abort signal that the first Ctrl-C or SIGTERM sets; `release` gives the signals back. */
export function interruptible(says: string): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = () => controller.abort(new Error(says));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}

export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Learns a local model from memory and makes it the champion; sidecars load it without a restart.',
    )
    .option('--epochs <n>', 'at most so many passes over the names; early stopping usually ends sooner')
    .option('--seed <n>', 'the same seed and memory give the same model')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  taxon train
  taxon train --epochs 10 --json

Names are encoded once, ever, into the database; an interrupted run goes on where it stopped.`,
    )
    .action(async (options: { epochs?: string; seed?: string; json?: boolean }) => {
      const { train } = await import('../train/run.ts');
      const interrupt = interruptible(
        'interrupted; embeddings so far are stored, run taxon train again to go on',
      );
      const result = await withDatabase((db, config) =>
        train(db, config, {
          ...(options.epochs === undefined ? {} : { epochs: wholeNumber('--epochs', options.epochs) }),
          ...(options.seed === undefined ? {} : { seed: wholeNumber('--seed', options.seed, 0) }),
          signal: interrupt.signal,
        }),
      ).finally(interrupt.release);
      const levels = Object.entries(result.report.levels)
        .map(([level, r]) => `${level} ${(r.validAccuracy * 100).toFixed(1)} %`)
        .join(', ');
      print(
        options.json === true,
        result,
        `model ${result.model_id} is the champion: ${result.labels} labels, ${result.encoded} newly encoded, ${result.seconds} s
agreement with held-out labels (the teacher's, not the truth): ${levels}`,
      );
    });
}
