import * as v from 'valibot';
import { count, number, plainObject, share } from '../shapes.ts';

/** Raised whenever a field changes its meaning; a report of another format is not shown. */
export const reportFormat = 1;

/** Bounds that keep a report small (about 100 kB), whatever the taxonomy and the number of names. */
export const bounds = { confusions: 50, classesALevel: 100, matrix: 24, mistakes: 100, curve: 101 } as const;

const notNegative = v.pipe(number, v.minValue(0));
const each = <T extends v.GenericSchema>(of: T) => v.object({ l1: of, l2: of, l3: of });
const utc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const levelScore = v.object({
  /** Names scored: those whose truth has the level. */
  n: count,
  /** What the most frequent category, answered every time, would reach; null (as below) where n is 0. */
  majority: v.nullable(share),
  top1: v.nullable(share),
  top3: v.nullable(share),
  top5: v.nullable(share),
});

const verdict = v.object({
  /** What holds the level back: the head (or its labels), the encoder, both alike, nothing, or too little is known. */
  bottleneck: v.picklist(['head', 'encoder', 'both', 'neither', 'unknown']),
  /** top 3 less top 1: wrong answers whose right class was within reach. */
  gap: v.nullable(number),
  /** The same as a share of all wrong answers. */
  withinReach: v.nullable(share),
  /** The reasoning with its numbers, in words. */
  reason: v.string(),
});

const blackHole = v.object({
  name: v.string(),
  wrong: count,
  /** Of all wrong answers at this level, the share that says this class. */
  shareOfErrors: share,
  /** Of the names, the share that belongs there. */
  shareOfNames: share,
});

const confusion = v.object({
  /** Names whose truth has the level, and how many of them were answered wrongly. */
  names: count,
  errors: count,
  /** null where nothing was wrong. */
  blackHole: v.nullable(blackHole),
  /** The most frequent confusions, at most `bounds.confusions`. */
  pairs: v.array(v.object({ truth: v.string(), answer: v.string(), n: count })),
});

const matrix = v.object({
  /** Largest first; the smallest are put together as "(others)". */
  classes: v.array(v.string()),
  /** counts[truth][answer] */
  counts: v.array(v.array(count)),
});

const classScore = v.object({
  level: v.picklist(['l1', 'l2', 'l3']),
  name: v.string(),
  /** Names that belong there, and names that were filed there. */
  support: count,
  answered: count,
  /** Null where nothing was filed there, or nothing belongs there. */
  precision: v.nullable(share),
  recall: v.nullable(share),
});

const calibration = v.object({
  /** Expected calibration error. */
  ece: share,
  /** The bins that hold any name: their mean confidence against how often they are right. */
  bins: v.array(v.object({ n: count, confidence: share, right: share })),
});

/** The largest share that can be answered with at most so much error, and the path confidence that cuts there. */
const cut = v.object({ share, confidence: v.nullable(number) });

const coverage = v.object({
  at5: cut,
  at10: cut,
  /** By falling path confidence, at most `bounds.curve` points. */
  points: v.array(v.object({ share, error: share, confidence: number })),
});

const methodScore = v.object({
  method: v.string(),
  l1: v.nullable(share),
  l2: v.nullable(share),
  l3: v.nullable(share),
  /** All three levels right. */
  path: share,
  coverage5: share,
  coverage10: share,
});

const gain = v.object({
  /** The voice that was left out. */
  voice: v.string(),
  /** All three right and coverage, with the voice less without it; in shares, may be negative. */
  l1: v.nullable(number),
  l2: v.nullable(number),
  l3: v.nullable(number),
  path: number,
  coverage5: number,
  coverage10: number,
  /** Names whose whole path is right only with it, and only without it. */
  won: count,
  lost: count,
});

const mistake = v.object({
  name: v.string(),
  truth: v.string(),
  answer: v.string(),
  confidence: number,
});

const learningPoint = v.object({
  /** Names trained on. */
  names: count,
  l1: v.nullable(share),
  l2: v.nullable(share),
  l3: v.nullable(share),
  path: share,
  /** Held-out names that it would pass on to the LLM to answer the others as well as the model does; null: not measured. */
  passedOn: v.optional(v.nullable(share), null),
});
export type LearningPoint = v.InferOutput<typeof learningPoint>;

const cleaningLevel = v.object({
  /** Of the labels, the share whose category at this level is not the one that was given. */
  changed: share,
  /** Of memory, the share that is expected to be wrong at this level or above it: as given, and as cleaned. */
  wrongBefore: share,
  wrongAfter: share,
});

const facts = v.object({
  encoder: v.string(),
  seed: number,
  /** Of this package. */
  version: v.string(),
  /** Names by part, source or language: whatever the training counted. */
  rows: v.pipe(plainObject, v.record(v.string(), count)),
  /** In order. */
  steps: v.array(v.object({ step: v.string(), seconds: notNegative })),
  peakMemoryBytes: v.nullable(notNegative),
  artefactBytes: v.nullable(notNegative),
  loadSeconds: v.nullable(notNegative),
  /** Anything else worth a line: joining weights, temperatures, the share that letters settle. */
  more: v.pipe(plainObject, v.record(v.string(), v.union([v.string(), number]))),
});
export type TrainingFacts = v.InferOutput<typeof facts>;

/**
 * What is known of a model: the one shape that `taxon train` stores under `diagnostics` in `training_runs.report`, and
 * that `taxon report` shows. Classes are named, not numbered: a report can be read when the taxonomy has changed since.
 */
const modelReport = v.object({
  format: v.literal(reportFormat),
  madeAt: v.pipe(
    v.string(),
    // 30 February is 2 March once it is read
    v.check((text) => utc.test(text) && new Date(text).toJSON()?.slice(0, 19) === text.slice(0, 19)),
  ),
  /**
   * What the answers were compared with: `labels`, the stored labels, errors of who gave them included, or `truth`,
   * paths that people checked.
   */
  against: v.picklist(['labels', 'truth']),
  /** Names that were answered, none of which the model was trained on. */
  names: count,
  /** The method of `methods` that all below is about. */
  method: v.string(),
  levels: each(levelScore),
  path: share,
  thresholds: v.object({
    l1: number,
    l2: number,
    l3: number,
    /** What they let through, and the error among that; null where they let nothing through. */
    coverage: share,
    error: v.nullable(share),
  }),
  /** How the verdicts were reached, in words. */
  verdictRule: v.string(),
  verdicts: each(verdict),
  confusion: each(confusion),
  matrix,
  classes: v.array(classScore),
  /** How many classes each level has; those with most names are in `classes`. */
  classCounts: each(count),
  calibration: each(calibration),
  coverage,
  methods: v.array(methodScore),
  gains: v.array(gain),
  /** Of the letters voice alone, the cheapest to train; empty where no training measured it. */
  learningCurve: v.array(learningPoint),
  /** What cleaning did to memory, from which layers 1 and 2 answer; null where the training did not clean. */
  cleaning: v.optional(v.nullable(each(cleaningLevel)), null),
  /** The surest answers that are not what they were compared with. */
  mistakes: v.array(mistake),
  /** Null where the report is not of a training. */
  facts: v.nullable(facts),
});

export type ModelReport = v.InferOutput<typeof modelReport>;
export type Verdict = v.InferOutput<typeof verdict>;
export type Confusion = v.InferOutput<typeof confusion>;
export type Matrix = v.InferOutput<typeof matrix>;
export type ClassScore = v.InferOutput<typeof classScore>;
export type Calibration = v.InferOutput<typeof calibration>;
export type Coverage = v.InferOutput<typeof coverage>;
export type MethodScore = v.InferOutput<typeof methodScore>;
export type Gain = v.InferOutput<typeof gain>;
export type Level = keyof ModelReport['levels'];

export const levels: readonly Level[] = ['l1', 'l2', 'l3'];

/** The report in what a training run stored; null when it has none of this format. */
export function readModelReport(stored: unknown): ModelReport | null {
  const read = v.safeParse(modelReport, stored);
  return read.success ? read.output : null;
}
