import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../../src/config.ts';
import { misuse } from '../../src/errors.ts';
import type { Answer, Classifier, Prediction } from '../../src/model/types.ts';
import type * as Rules from '../../src/train/cleaning/clean-rules.ts';
import { withChanges } from '../../src/train/cleaning/gain.ts';
import { partOf } from '../../src/train/data/split.ts';
import type { TrainingSet } from '../../src/train/join/voices.ts';
import { evaluatePredictions } from '../../src/train/judge/evaluate.ts';
import { sampled } from '../accuracy/data.ts';
import { embeddingsOf } from '../accuracy/embeddings.ts';
import { rightBits, score } from '../accuracy/score.ts';
import type { Source } from '../accuracy/types.ts';
import { type Step, step } from './measured.ts';

export interface StepOptions {
  /** The checkout whose code runs. */
  code: string;
  folds: number;
  names: number | undefined;
  epochs: number | undefined;
  /** Of the model. */
  seed: number;
}

/** A module of a checkout; the two that are compared have these functions alike. */
// biome-ignore lint/suspicious/noExplicitAny: the other checkout's types are not known here
export async function moduleOf(code: string, path: string): Promise<any> {
  return import(pathToFileURL(join(code, path)).href);
}

/** Names asked at once, as the sidecar does it. */
const askAtOnce = 256;

/**
 * Runs one step of a training on the real titles.
 *
 * @param source null: the titles are not here, which is said
 */
export async function* titlesSteps(
  name: string,
  source: Source | null,
  config: Config,
  options: StepOptions,
): AsyncGenerator<Step> {
  if (source === null) return console.error('skipped: the real titles are not here');
  const titles = options.names === undefined ? source : sampled(source, options.names);
  const { keys, paths } = titles.train;
  if (name === 'letters') yield await letters(titles, options);
  else if (name === 'judges' || name === 'model') {
    const all = await embeddingsOf(config, [...keys, ...titles.test.keys]);
    const embeddings = all.embeddings.subarray(0, keys.length * all.dimension);
    const set = { keys, paths, embeddings, dimension: all.dimension, encoder: all.encoder };
    if (name === 'judges') yield await judges(set, titles, options);
    else yield await model(set, { ...set, embeddings: all.embeddings }, titles, options);
  } else throw misuse(`${name} is no step`, 'node bench/training/run.ts --help');
}

async function letters({ train: { keys, paths } }: Source, { code }: StepOptions): Promise<Step> {
  const { lettersFrom } = await moduleOf(code, 'src/train/learning-curve.ts');
  const rows = Int32Array.from(keys.keys());
  const test = rows.filter((row) => partOf(keys[row] as string) === 'test');
  return step('letters', keys.length, async () => {
    const learnt = rows.filter((row) => partOf(keys[row] as string) !== 'test');
    const ask = await lettersFrom({ keys, paths }, learnt, { seed: 1 });
    const said: Prediction[] = ask(Array.from(test, (row) => keys[row]));
    const truth = Array.from(test, (row) => paths[row] as Prediction['path']);
    const { levels, path } = evaluatePredictions(said, truth, { l1: 0, l2: 0, l3: 0 });
    const [l1, l2, l3] = [levels.l1.top1 ?? 0, levels.l2.top1 ?? 0, levels.l3.top1 ?? 0];
    return { found: { l1, l2, l3, path } };
  });
}

/** Judges labels, all five folds or the first ones only. */
async function judges(set: TrainingSet, { train }: Source, { code, folds }: StepOptions): Promise<Step> {
  const { outOfFold } = await moduleOf(code, 'src/train/cleaning/out-of-fold.ts');
  const { proposeChanges }: typeof Rules = await moduleOf(code, 'src/train/cleaning/clean-rules.ts');
  const enough = new AbortController();
  return step(folds < 5 ? `judges, ${folds} of 5 folds` : 'judges', set.keys.length, async () => {
    let judged: Parameters<typeof proposeChanges>[1];
    try {
      const onProgress = (share: number) => share >= folds / 5 - 1e-9 && folds < 5 && enough.abort();
      judged = await outOfFold(set, { seed: 1, signal: enough.signal, onProgress });
    } catch (error) {
      if (enough.signal.aborted) return undefined;
      throw error;
    }
    const { changes } = proposeChanges(set.paths, judged);
    const after = withChanges(set.paths, changes);
    const wrong = ([0, 1, 2] as const).map(
      (level) => after.filter((path, row) => path[level] !== train.truth[row]?.[level]).length / after.length,
    );
    return {
      found: {
        l1: wrong[0] as number,
        l2: wrong[1] as number,
        l3: wrong[2] as number,
        changed: changes.length,
      },
    };
  });
}

/** A model of all voices, asked of the file's test titles, whose truth is known. */
async function model(
  set: TrainingSet,
  all: TrainingSet,
  { train, test }: Source,
  { code, epochs, seed }: StepOptions,
): Promise<Step> {
  const { trainModel } = await moduleOf(code, 'src/train/fit.ts');
  const { loadClassifier } = await moduleOf(code, 'src/model/bundle.ts');
  const { viewsOf } = await moduleOf(code, 'src/train/join/views.ts');
  let classifier: Classifier | undefined;
  const measured = await step(seed === 1 ? 'model' : `model, seed ${seed}`, set.keys.length, async () => {
    const { files } = await trainModel(set, { seed, epochs });
    classifier = await loadClassifier(files);
    return undefined;
  });
  const asked = classifier as unknown as Classifier;
  const memory = Int32Array.from(train.keys.keys());
  const rows = Int32Array.from(test.keys, (_, i) => train.keys.length + i);
  const labelled = {
    ...all,
    keys: [...train.keys, ...test.keys],
    paths: [...train.paths, ...test.paths],
  };
  const views = await viewsOf(labelled, rows, memory, asked.neighbours);
  const answers: { path: Answer['path']; confidence: number }[] = [];
  for (let from = 0; from < views.length; from += askAtOnce)
    for (const { path, confidence } of await asked.predict(views.slice(from, from + askAtOnce)))
      answers.push({ path, confidence: confidence[2] });
  await asked.close();
  const { l1, l2, l3, path, coverage5, coverage10 } = score(answers, test.paths);
  const found = { l1: l1 ?? 0, l2: l2 ?? 0, l3: l3 ?? 0, path, coverage5, coverage10 };
  return { ...measured, found, right: rightBits(answers, test.paths) };
}
