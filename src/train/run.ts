import { join } from 'node:path';
import { type Config, version } from '../config.ts';
import { learnGuard, newestChange } from '../database/memory.ts';
import type { Database } from '../database/open.ts';
import { registerEncoder, storeModel } from '../database/registry.ts';
import { log } from '../log.ts';
import { type Encoder, openEncoder } from '../model/encoder.ts';
import { progress } from '../progress.ts';
import { checkTrainable } from './check.ts';
import { encodeLabels, readDataset } from './dataset.ts';
import { type TrainingReport, trainModel } from './fit.ts';
import { asRun, type HeldRun } from './lease.ts';
import { dataSnapshot } from './snapshot.ts';

export interface TrainOptions {
  epochs?: number;
  seed?: number;
  signal?: AbortSignal;
}

export interface TrainResult {
  run_id: number;
  model_id: number;
  labels: number;
  sources: Record<string, number>;
  /** Labels of retired categories, left out. */
  retired: number;
  encoded: number;
  guard_words: number;
  seconds: number;
  report: TrainingReport;
}

/**
 * The pipeline's first form: encode what is new, read memory, train the heads, store the model, promote it. Interrupted at
 * any moment it loses at most one page of encoding; the champion changes only at the very end.
 *
 * @throws TaxonError when memory is too small to learn from, or another training runs
 */
export async function train(db: Database, config: Config, options: TrainOptions = {}): Promise<TrainResult> {
  const { signal, ...asked } = options;
  const encoder = await openEncoder(config);
  try {
    const noted = { encoder: encoder.identity, ...asked };
    return await asRun(db, noted, config.leaseSeconds, signal, (run) =>
      pipeline(db, config, encoder, asked, run),
    );
  } finally {
    await encoder.close();
  }
}

async function pipeline(
  db: Database,
  config: Config,
  encoder: Encoder,
  asked: Omit<TrainOptions, 'signal'>,
  { id: runId, signal }: HeldRun,
): Promise<TrainResult> {
  const started = Date.now();
  const encoderId = await registerEncoder(db, encoder.identity, encoder.dimension);
  const encoded = await encodeLabels(db, encoder, encoderId, signal);
  const guard = await learnGuard(db);
  const changed = await newestChange(db);
  const cache = { folder: join(config.dataDir, 'matrices'), encoder: encoder.identity };
  const set = await readDataset(db, encoderId, encoder.dimension, signal, cache);
  const { single } = checkTrainable('memory', set);
  if (single > 0) log.warn('categories with one name alone', { categories: single });
  log.info('training', { names: set.keys.length, ...set.sources, retired: set.retired || undefined });
  const bar = progress('training', 100, '%');
  const { files, report } = await trainModel(
    {
      keys: set.keys,
      paths: set.paths,
      embeddings: set.embeddings,
      dimension: set.dimension,
      encoder: encoder.identity,
    },
    { ...asked, signal, onProgress: (share: number) => bar.at(Math.round(share * 100)) },
  );
  bar.end();
  signal.throwIfAborted();
  const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? '{}').toString('utf8')) as object;
  const facts = {
    metrics: report,
    data: dataSnapshot(set.keys, set.paths, changed),
    code_version: version,
    seed: report.seed,
    settings: asked,
  };
  const modelId = await storeModel(db, { encoderId, runId, manifest, files, facts });
  return {
    run_id: runId,
    model_id: modelId,
    labels: set.keys.length,
    sources: set.sources,
    retired: set.retired,
    encoded,
    guard_words: guard,
    seconds: Math.round((Date.now() - started) / 100) / 10,
    report,
  };
}
