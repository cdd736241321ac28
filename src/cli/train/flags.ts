import { misuse } from '../../errors.ts';
import type { TrainOptions } from '../../train/run.ts';
import { wholeNumber } from '../flags.ts';

/** The options of `taxon train`, of all its modes. */
export interface Flags {
  epochs?: string;
  seed?: string;
  levels?: string;
  testShare?: string;
  clean: boolean;
  promote?: string;
  wait: string;
  dryRun?: true;
  from?: string;
  out?: string;
  gated?: true;
  reason?: string;
  request?: true;
  recalibrate?: true;
  model?: string;
  measure?: string;
  json?: true;
}

/** A training's options; the signal ends it. */
export type Training = TrainOptions & { signal: AbortSignal };

/** A training's options from its flags. */
export function optionsOf(flags: Flags, signal: AbortSignal): Training {
  const { epochs, seed, levels, testShare } = flags;
  const depth = ([1, 2, 3] as const).find((n) => String(n) === levels);
  if (levels !== undefined && depth === undefined) throw misuse(`--levels ${levels}`, 'Give 1, 2 or 3.');
  const share = Number(testShare ?? 0);
  if (!(share >= 0 && share <= 0.5)) throw misuse(`--test-share ${testShare}`, 'Give a share from 0 to .5.');
  return {
    ...(epochs === undefined ? {} : { epochs: wholeNumber('--epochs', epochs) }),
    ...(seed === undefined ? {} : { seed: wholeNumber('--seed', seed, 0) }),
    ...(depth === undefined ? {} : { depth }),
    ...(testShare === undefined ? {} : { testShare: share }),
    clean: flags.clean,
    signal,
  };
}
