import type { Database } from '../database/connection/open.ts';
import { thresholdsInForce } from '../database/reports.ts';
import { loadPaths } from '../database/taxonomy.ts';
import { loadClassifier } from '../model/bundle.ts';
import { neighboursAsked } from '../model/memory.ts';
import type { ModelReport, TrainingFacts } from '../model/report.ts';
import type { Classifier, ModelFiles, NameViews, Path, Prediction, VoiceWeights } from '../model/types.ts';
import { cutAt } from './fit.ts';
import { viewsOf } from './join/views.ts';
import { type FittedLetters, fitHeads, type TrainingSet } from './join/voices.ts';
import { buildModelReport } from './judge/build-report.ts';
import { classNamesOf } from './judge/class-names.ts';
import { evaluatePredictions } from './judge/evaluate.ts';
import { type Curve, learningCurve } from './learning-curve.ts';
import { headsGraph } from './meaning/heads-graph.ts';

/** The thresholds of a model that has none yet. */
const usualThresholds = { l1: 0.75, l2: 0.55, l3: 0.4 };

const [none, full] = [[0, 0, 0] as const, [1, 1, 1] as const];

const meaningOnly: VoiceWeights = { letters: none, meaning: full, memory: none };

/** The baseline, each voice alone, all but one, all. */
async function askEachWay(
  model: Classifier,
  baseline: Classifier,
  views: readonly NameViews[],
): Promise<Record<string, Prediction[]>> {
  const { weights } = model;
  const ways: Record<string, VoiceWeights> = {
    'seed heads': meaningOnly,
    letters: { letters: full, meaning: none, memory: none },
    memory: { letters: none, meaning: none, memory: full },
    'joined without letters': { ...weights, letters: none },
    'joined without meaning': { ...weights, meaning: none },
    'joined without memory': { ...weights, memory: none },
    joined: weights,
  };
  const answers: Record<string, Prediction[]> = {
    'logistic regression': await baseline.predict(views, meaningOnly),
  };
  for (const [way, weights] of Object.entries(ways)) answers[way] = await model.predict(views, weights);
  return answers;
}

/** The model with logistic regressions on the embedding in the place of its heads, fitted on the same rows. */
async function baselineOf(
  files: ModelFiles,
  set: TrainingSet,
  rows: Int32Array,
  options: { seed: number; signal: AbortSignal },
): Promise<Classifier> {
  const { standard, heads } = await fitHeads(set, rows, new Int32Array(), 0, options);
  return loadClassifier(new Map(files).set('heads.onnx', headsGraph(standard, heads)));
}

/** What a training knows of itself, for the report. */
export interface TrainingSays {
  facts: Omit<TrainingFacts, 'peakMemoryBytes' | 'artefactBytes' | 'loadSeconds'>;
  cleaning: ModelReport['cleaning'];
  /** Levels that were learnt. */
  depth: 1 | 2 | 3;
  /**
   * What the learning curve learns from, and asks: held-out rows, cache misses, more than only those of the test part. `whole`:
   * letters that were fitted on all of `from` already.
   */
  curve: { from: Int32Array; asked: Int32Array; whole?: FittedLetters | undefined };
}

/** What a training found out about its model, and about what more labels would bring. */
export interface Diagnosis {
  report: ModelReport;
  curve: Curve | null;
}

/**
 * Asks a new model, in every way, for names that trained nothing of it, and says what that shows.
 *
 * @param rows  held-out rows, cache misses
 * @param among rows that it was trained on: the memory of its memory voice, and what its baseline learns from
 * @returns null without a held-out name
 */
export async function diagnose(
  db: Database,
  files: ModelFiles,
  set: TrainingSet,
  rows: Int32Array,
  among: Int32Array,
  { facts, cleaning, depth, curve: part }: TrainingSays,
  signal: AbortSignal,
): Promise<Diagnosis | null> {
  if (rows.length === 0) return null;
  const options = { seed: facts.seed, signal };
  const learnt = { ...set, paths: cutAt(set.paths, depth) };
  const names = Array.from(rows, (row) => set.keys[row] as string);
  const truth = Array.from(rows, (row) => set.paths[row] as Path);
  const load = await timed(() => loadClassifier(files));
  const model = load.value;
  let baseline: Classifier | undefined;
  try {
    const fit = await timed(() => baselineOf(files, learnt, among, options));
    baseline = fit.value;
    const views = await viewsOf(set, rows, among, neighboursAsked, signal);
    const methods = await askEachWay(model, baseline, views);
    const thresholds = (await thresholdsInForce(db)) ?? usualThresholds;
    const { coverage } = evaluatePredictions(methods.joined as Prediction[], truth, thresholds);
    const asked = {
      keys: Array.from(part.asked, (row) => set.keys[row] as string),
      truth: Array.from(part.asked, (row) => set.paths[row] as Path),
    };
    const { from, whole } = part;
    const curve = await timed(() => learningCurve(learnt, from, asked, 1 - coverage, { ...options, whole }));
    const report = buildModelReport({
      names,
      truth,
      against: 'labels',
      methods,
      classNames: classNamesOf(await loadPaths(db)),
      thresholds,
      learningCurve: curve.value?.points ?? [],
      cleaning,
      facts: {
        ...facts,
        steps: [
          ...facts.steps,
          { step: 'logistic regression, the baseline', seconds: fit.seconds },
          { step: 'learning curve', seconds: curve.seconds },
        ],
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
        artefactBytes: [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0),
        loadSeconds: load.seconds,
      },
    });
    return { report, curve: curve.value };
  } finally {
    await baseline?.close();
    await model.close();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const started = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - started) / 1000 };
}
