import type { Database } from '../database/open.ts';
import { thresholdsInForce } from '../database/reports.ts';
import { loadPaths } from '../database/taxonomy.ts';
import { loadClassifier } from '../model/bundle.ts';
import { neighboursAsked } from '../model/memory.ts';
import type { Classifier, ModelFiles, NameViews, Path, Prediction, VoiceWeights } from '../model/types.ts';
import type { ModelReport, TrainingFacts } from '../report/model-report.ts';
import { buildModelReport } from './diagnostics/build.ts';
import { classNamesOf } from './diagnostics/class-names.ts';
import { searchedRows } from './neighbours.ts';
import { viewsOf } from './views.ts';
import type { TrainingSet } from './voices.ts';

/** The thresholds of a model that has none yet. */
const usualThresholds = { l1: 0.75, l2: 0.55, l3: 0.4 };

const [none, full] = [[0, 0, 0] as const, [1, 1, 1] as const];

/** Each voice alone, all but one, all. */
async function askEachWay(
  model: Classifier,
  views: readonly NameViews[],
): Promise<Record<string, Prediction[]>> {
  const { weights } = model;
  const ways: Record<string, VoiceWeights> = {
    'seed heads': { letters: none, meaning: full, memory: none },
    letters: { letters: full, meaning: none, memory: none },
    memory: { letters: none, meaning: none, memory: full },
    'joined without letters': { ...weights, letters: none },
    'joined without meaning': { ...weights, meaning: none },
    'joined without memory': { ...weights, memory: none },
    joined: weights,
  };
  const answers: Record<string, Prediction[]> = {};
  for (const [way, weights] of Object.entries(ways)) answers[way] = await model.predict(views, weights);
  return answers;
}

/**
 * Asks a new model, in every way, for names that trained nothing of it, and says what that shows.
 *
 * @param rows  held-out rows, cache misses
 * @param among rows that it was trained on: the memory of its memory voice
 * @returns null without a held-out name
 */
export async function diagnose(
  db: Database,
  files: ModelFiles,
  set: TrainingSet,
  rows: Int32Array,
  among: Int32Array,
  facts: Omit<TrainingFacts, 'peakMemoryBytes' | 'artefactBytes' | 'loadSeconds'>,
  signal: AbortSignal,
): Promise<ModelReport | null> {
  if (rows.length === 0) return null;
  const started = Date.now();
  const model = await loadClassifier(files);
  const loadSeconds = (Date.now() - started) / 1000;
  try {
    const views = await viewsOf(set, rows, searchedRows(among), neighboursAsked, signal);
    const thresholds = await thresholdsInForce(db);
    return buildModelReport({
      names: Array.from(rows, (row) => set.keys[row] as string),
      truth: Array.from(rows, (row) => set.paths[row] as Path),
      against: 'labels',
      methods: await askEachWay(model, views),
      classNames: classNamesOf(await loadPaths(db)),
      thresholds: thresholds ?? usualThresholds,
      facts: {
        ...facts,
        peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
        artefactBytes: [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0),
        loadSeconds,
      },
    });
  } finally {
    await model.close();
  }
}
