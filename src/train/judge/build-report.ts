import {
  bounds,
  type Calibration,
  type LearningPoint,
  type Level,
  levels,
  type ModelReport,
  reportFormat,
  type TrainingFacts,
} from '../../model/report.ts';
import type { Prediction } from '../../model/types.ts';
import { type ClassNames, pathName } from './class-names.ts';
import { classScoresOf } from './class-scores.ts';
import { confusionOf, matrixOf } from './confusion.ts';
import { coverageOf } from './coverage.ts';
import {
  calibrationBins,
  calibrationError,
  type EvaluationReport,
  evaluatePredictions,
  rightDownTo,
  type Thresholds,
  type Truth,
} from './evaluate.ts';
import { gainsOf, scoreMethods } from './methods.ts';
import { compareHeads, verdictOf, verdictRule } from './verdict.ts';

/** Two heads on the same embeddings, the smaller first: what a larger head changed is part of the verdict. */
const headMethods = ['logistic regression', 'seed heads'] as const;

export interface ModelReportInput {
  /** The names that were answered; none of them trained the model. */
  names: readonly string[];
  truth: readonly Truth[];
  /** What `truth` is: the stored labels of held-out names, or paths that people checked. */
  against: ModelReport['against'];
  /**
   * Each method's predictions, one a name, in the order to be shown. Known names: `logistic regression`, `seed heads`,
   * `letters`, `meaning`, `memory`, `joined without VOICE`, `joined`. The majority class is added here.
   */
  methods: Readonly<Record<string, readonly Prediction[]>>;
  /** The method that the report is about; default `joined`. */
  method?: string;
  classNames: ClassNames;
  thresholds: Thresholds;
  learningCurve?: readonly LearningPoint[];
  cleaning?: ModelReport['cleaning'];
  facts?: TrainingFacts | undefined;
  /** Default: now. */
  madeAt?: Date;
}

function each<T>(of: (level: 0 | 1 | 2) => T): Record<Level, T> {
  return { l1: of(0), l2: of(1), l3: of(2) };
}

/** The surest answers that are not the truth. */
function mistakesOf(
  { names, truth, classNames }: ModelReportInput,
  predictions: readonly Prediction[],
): ModelReport['mistakes'] {
  return [...predictions.entries()]
    .filter(([i, { path }]) => !rightDownTo(path, truth[i] as Truth, 2))
    .sort(([, a], [, b]) => b.confidence[2] - a.confidence[2])
    .slice(0, bounds.mistakes)
    .map(([i, { path, confidence }]) => ({
      name: names[i] as string,
      truth: pathName(truth[i] as Truth, classNames),
      answer: pathName(path, classNames),
      confidence: confidence[2],
    }));
}

/** How the larger of the two plain heads compares with the smaller, where both were tried. */
function headComparison({ methods, truth, thresholds }: ModelReportInput) {
  const scores = headMethods.map((method) => {
    const predictions = methods[method];
    return predictions && { method, levels: evaluatePredictions(predictions, truth, thresholds).levels };
  });
  const [smaller, larger] = scores;
  return (level: Level) =>
    smaller === undefined || larger === undefined
      ? null
      : compareHeads(
          { method: smaller.method, score: smaller.levels[level] },
          { method: larger.method, score: larger.levels[level] },
        );
}

function calibrationOf(predictions: readonly Prediction[], truth: readonly Truth[]) {
  return each((level): Calibration => {
    const bins = calibrationBins(predictions, truth, level);
    return { ece: calibrationError(bins), bins };
  });
}

/**
 * Everything that is known of a model, from its answers to names that it was not trained on and theirs by other
 * methods. Pure: reads and writes nothing.
 *
 * @throws RangeError when the lists do not belong together, or the method is not among `methods`
 */
export function buildModelReport(input: ModelReportInput): ModelReport {
  const { names, truth, methods, method = 'joined', classNames, thresholds } = input;
  const predictions = methods[method];
  if (predictions === undefined) throw new RangeError(`there are no predictions by "${method}"`);
  for (const [of, list] of Object.entries({ truth, ...methods }))
    if (list.length !== names.length)
      throw new RangeError(`${names.length} names, but ${list.length} rows of "${of}"`);

  const scores: EvaluationReport = evaluatePredictions(predictions, truth, thresholds);
  const classes = each((level) => classScoresOf(predictions, truth, level, classNames));
  const compared = headComparison(input);
  const verdict = (level: Level) =>
    verdictOf(level, scores.levels[level], classes[level].count, compared(level));
  const methodScores = scoreMethods(methods, truth);
  return {
    format: reportFormat,
    madeAt: (input.madeAt ?? new Date()).toISOString(),
    against: input.against,
    names: names.length,
    method,
    levels: scores.levels,
    path: scores.path,
    thresholds: { ...thresholds, coverage: scores.coverage, error: scores.selectiveError },
    verdictRule,
    verdicts: { l1: verdict('l1'), l2: verdict('l2'), l3: verdict('l3') },
    confusion: each((level) => confusionOf(predictions, truth, level, classNames)),
    matrix: matrixOf(predictions, truth, classNames),
    classes: levels.flatMap((level) => classes[level].scores),
    classCounts: { l1: classes.l1.count, l2: classes.l2.count, l3: classes.l3.count },
    calibration: calibrationOf(predictions, truth),
    coverage: coverageOf(predictions, truth),
    methods: methodScores,
    gains: gainsOf(methods, truth, methodScores),
    learningCurve: [...(input.learningCurve ?? [])],
    cleaning: input.cleaning ?? null,
    mistakes: mistakesOf(input, predictions),
    facts: input.facts ?? null,
  };
}
