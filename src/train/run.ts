import type { Config } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { progress } from '../progress.ts';
import { type Cleaning, type CleaningReport, cleanMemory } from './cleaning/clean.ts';
import { type CleaningGain, cleaningGain } from './cleaning/gain.ts';
import { cacheMisses } from './data/cache-misses.ts';
import type { Dataset } from './data/dataset.ts';
import { lateEncoder } from './data/late-encoder.ts';
import { partsBy } from './data/split.ts';
import { type FirstModel, type FirstOptions, makeFirst, readLettersMemory } from './first.ts';
import { asRun } from './lease.ts';
import {
  type InHand,
  logTraining,
  makeModel,
  readMemory,
  type TrainOptions,
  type TrainResult,
} from './pipeline.ts';

export type { TrainOptions, TrainResult } from './pipeline.ts';

export interface CleanRunOptions {
  epochs?: number;
  seed?: number;
  dryRun?: boolean;
  signal?: AbortSignal;
}

/**
 * The pipeline: encode what is new, read memory, clean it, train the voices and what joins them, store the model.
 * The first model becomes the champion; any other is a candidate, which autopilot/by-hand.ts compares with it. Interrupted at
 * any moment it loses at most one page of encoding; labels change in one transaction.
 *
 * @param cleaned what has just been done to memory's labels: they are not judged again
 * @returns what was made, and what is in hand for its diagnosis (diagnose-model.ts)
 * @throws TaxonError when memory is too small to learn from, or another training runs
 */
export async function train(
  db: Database,
  config: Config,
  options: TrainOptions = {},
  cleaned: CleaningReport | null = null,
): Promise<{ made: TrainResult; inHand: InHand }> {
  const { signal, ...asked } = options;
  const encoder = await lateEncoder(db, config);
  try {
    let inHand: InHand | undefined;
    const noted = { encoder: encoder.identity, ...asked };
    const made = await asRun(db, noted, config.leaseSeconds, signal, async (run) => {
      const started = Date.now();
      const memory = await readMemory(db, config, encoder, run);
      logTraining(memory);
      const cleaning =
        cleaned ?? (asked.clean === false ? null : (await cleanMemory(db, run, memory.set, asked)).report);
      const options = { ...asked, promote: 'first' as const };
      const model = await makeModel(db, encoder, memory, options, cleaning, run);
      inHand = model.inHand;
      return { ...model.made, seconds: Math.round((Date.now() - started) / 100) / 10 };
    });
    return { made, inHand: inHand as InHand };
  } finally {
    await encoder.close();
  }
}

/** A first model, with the run that made it, and how memory was cleaned then. */
export type TrainedFirst = FirstModel & { run_id: number; cleaning: CleaningReport | null };

/**
 * Makes a first model, of letters alone, the champion, and cleans memory by letters: without encoding a name, in a run of its
 * own.
 *
 * @param onFirst called when the model answers
 * @throws TaxonError when memory is too small to learn from, or another training runs
 */
export async function trainFirst(
  db: Database,
  config: Config,
  { signal, ...asked }: FirstOptions & Pick<TrainOptions, 'clean' | 'signal'>,
  onFirst: (first: FirstModel) => void = () => {},
): Promise<TrainedFirst> {
  const noted = { first: true, ...asked };
  return asRun(db, noted, config.leaseSeconds, signal, async (run) => {
    const memory = await readLettersMemory(db, run.signal);
    const { clean, ...options } = asked;
    const first = await makeFirst(db, memory, options, run);
    onFirst(first);
    const cleaning = clean === false ? null : await cleanMemory(db, run, memory.names, options);
    return { run_id: run.id, ...first, cleaning: cleaning?.report ?? null };
  });
}

/** Cleans memory without training: `taxon clean`. */
export async function clean(
  db: Database,
  config: Config,
  options: CleanRunOptions,
): Promise<CleaningReport & { run_id: number; set: Dataset; cleaning: Cleaning }> {
  const { signal, ...asked } = options;
  const encoder = await lateEncoder(db, config);
  try {
    let found: { set: Dataset; cleaning: Cleaning } | undefined;
    const noted = { clean: true, encoder: encoder.identity, ...asked };
    const report = await asRun(db, noted, config.leaseSeconds, signal, async (run) => {
      const { set } = await readMemory(db, config, encoder, run);
      const cleaning = await cleanMemory(db, run, set, asked);
      found = { set, cleaning };
      return { run_id: run.id, ...cleaning.report };
    });
    return { ...report, ...(found as { set: Dataset; cleaning: Cleaning }) };
  } finally {
    await encoder.close();
  }
}

/**
 * Measures what training on cleaned labels would gain, and changes nothing: `taxon clean --gain`. Asked are the test part's
 * cache misses.
 *
 * @throws TaxonError when memory is too small to learn from, or another training runs
 */
export async function gain(
  db: Database,
  config: Config,
  options: Omit<CleanRunOptions, 'dryRun'>,
): Promise<CleaningGain & { run_id: number }> {
  const { signal, ...asked } = options;
  const encoder = await lateEncoder(db, config);
  const bar = progress('measuring the gain of cleaning', 100, '%');
  try {
    const noted = { gain: true, encoder: encoder.identity, ...asked };
    return await asRun(db, noted, config.leaseSeconds, signal, async (run) => {
      const { set: memory } = await readMemory(db, config, encoder, run);
      const set = { ...memory, encoder: encoder.identity };
      const part = set.keys.map(partsBy());
      const test = set.keys.filter((_, row) => part[row] === 'test');
      const misses = await cacheMisses(db, test, { signal: run.signal });
      const rows = Int32Array.from(set.keys.keys());
      const found = await cleaningGain(
        set,
        rows.filter((row) => part[row] !== 'test'),
        rows.filter((row) => part[row] === 'test' && misses.has(set.keys[row] as string)),
        (row) => set.from[row] === 'human',
        { ...asked, signal: run.signal, onProgress: (share) => bar.at(Math.round(share * 100)) },
      );
      return { run_id: run.id, ...found };
    });
  } finally {
    bar.end();
    await encoder.close();
  }
}
