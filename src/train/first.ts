import { version } from '../config.ts';
import type { Database } from '../database/connection/open.ts';
import { learnGuard, newestChange } from '../database/memory.ts';
import { storeModel } from '../database/registry.ts';
import { log } from '../log.ts';
import { loadClassifier } from '../model/bundle.ts';
import type { ModelFiles, Path } from '../model/types.ts';
import { progress } from '../progress.ts';
import { checkTrainable } from './data/check.ts';
import { type LabelledNames, readNames } from './data/dataset.ts';
import { dataSnapshot } from './data/snapshot.ts';
import { partsBy } from './data/split.ts';
import { cutAt } from './fit.ts';
import { lettersFiles } from './join/letters-model.ts';
import { fitLettersOf } from './join/voices.ts';
import type { HeldRun } from './lease.ts';
import type { TrainOptions } from './pipeline.ts';

export type FirstOptions = Pick<TrainOptions, 'seed' | 'depth' | 'testShare'>;

/** How often letters agree with the labels of names that they have not seen: down to each level. */
interface Agreement {
  names: number;
  l1: number;
  l2: number;
  l3: number;
}

interface FirstReport {
  seed: number;
  /** Names that it learnt from, and those of the test part. */
  names: { train: number; test: number };
  paths: number;
  letters: { grams: number; weights: number; seconds: number };
  /** Null without a test part. */
  agreement: Agreement | null;
  /** Bytes of all files. */
  size: number;
}

export interface FirstModel {
  model_id: number;
  labels: number;
  sources: Record<string, number>;
  /** Labels of retired categories, left out. */
  retired: number;
  /** Labels of names that people's checks have drawn, left out. */
  sealed: number;
  guard_words: number;
  seconds: number;
  report: FirstReport;
}

async function agreementOf(
  files: ModelFiles,
  keys: readonly string[],
  paths: readonly Path[],
): Promise<Agreement | null> {
  if (keys.length === 0) return null;
  const classifier = await loadClassifier(files);
  try {
    const said = await classifier.readManyLetters(keys);
    const share = (levels: number) =>
      said.filter((answer, i) => String(answer?.path.slice(0, levels)) === String(paths[i]?.slice(0, levels)))
        .length / keys.length;
    return { names: keys.length, l1: share(1), l2: share(2), l3: share(3) };
  } finally {
    await classifier.close();
  }
}

/** Letters alone, learnt from all but the test part, of which its figures are. */
async function trainLetters(
  given: { keys: readonly string[]; paths: readonly Path[] },
  { seed = 1, depth = 3, testShare, signal }: FirstOptions & { signal: AbortSignal },
): Promise<{ files: ModelFiles; report: FirstReport }> {
  const started = Date.now();
  const set = { keys: given.keys, paths: cutAt(given.paths, depth) };
  const part = set.keys.map(partsBy(testShare));
  const rows = Int32Array.from(set.keys.keys());
  const learnt = rows.filter((row) => part[row] !== 'test');
  const test = Array.from(rows.filter((row) => part[row] === 'test'));
  const bar = progress('training letters', 100, '%');
  const fitted = await fitLettersOf(set, learnt, {
    seed,
    signal,
    onProgress: (share) => bar.at(Math.round(share * 100)),
  }).finally(() => bar.end());
  signal.throwIfAborted();
  const facts = {
    seed,
    names: { train: learnt.length, test: test.length },
    paths: fitted.paths.length,
    letters: {
      grams: fitted.letters.vocabulary.size,
      weights: fitted.letters.weights.length,
      seconds: (Date.now() - started) / 1000,
    },
  };
  const made = lettersFiles(fitted, facts);
  const agreement = await agreementOf(
    made,
    test.map((row) => set.keys[row] as string),
    test.map((row) => set.paths[row] as Path),
  );
  const size = [...made.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  return { files: made, report: { ...facts, agreement, size } };
}

/** Memory as letters read it. */
export interface LettersMemory {
  names: LabelledNames;
  /** The newest change of a label that it holds. */
  changed: Awaited<ReturnType<typeof newestChange>>;
}

export async function readLettersMemory(db: Database, signal: AbortSignal): Promise<LettersMemory> {
  const changed = await newestChange(db);
  return { names: await readNames(db, signal), changed };
}

/**
 * Makes the first model, of letters alone, and the champion of it where there is none by then: names are answered within a
 * minute, while cleaning, encoding and the full model take their time.
 *
 * @throws TaxonError when memory is too small to learn from
 */
export async function makeFirst(
  db: Database,
  { names, changed }: LettersMemory,
  options: FirstOptions,
  run: HeldRun,
): Promise<FirstModel> {
  const started = Date.now();
  const { keys, paths, sources, retired, sealed } = names;
  checkTrainable('memory', names);
  log.info('training a first model, of letters alone', { names: keys.length });
  const guard = await learnGuard(db);
  const { files, report } = await trainLetters({ keys, paths }, { ...options, signal: run.signal });
  run.signal.throwIfAborted();
  const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? '{}').toString('utf8')) as object;
  const facts = {
    metrics: report,
    data: dataSnapshot(keys, paths, changed),
    code_version: version,
    seed: report.seed,
    settings: options,
  };
  const model_id = await storeModel(db, {
    encoderId: null,
    runId: run.id,
    manifest,
    files,
    facts,
    promote: 'first',
  });
  const seconds = Math.round((Date.now() - started) / 100) / 10;
  return { model_id, labels: keys.length, sources, retired, sealed, guard_words: guard, seconds, report };
}
