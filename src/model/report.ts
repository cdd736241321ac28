import { z } from 'zod';

/** Raised whenever a field changes its meaning; a report of another format is not shown. */
export const reportFormat = 1;

/** Bounds that keep a report small (about 100 kB), whatever the taxonomy and the number of names. */
export const bounds = { confusions: 50, classesALevel: 100, matrix: 24, mistakes: 100, curve: 101 } as const;

const share = z.number().min(0).max(1);
const count = z.number().int().nonnegative();
const each = <T extends z.ZodType>(of: T) => z.object({ l1: of, l2: of, l3: of });

const levelScore = z.object({
  /** Names scored: those whose truth has the level. */
  n: count,
  /** What the most frequent category, answered every time, would reach; null (as below) where n is 0. */
  majority: share.nullable(),
  top1: share.nullable(),
  top3: share.nullable(),
  top5: share.nullable(),
});

const verdict = z.object({
  /** What holds the level back: the head (or its labels), the encoder, both alike, nothing, or too little is known. */
  bottleneck: z.enum(['head', 'encoder', 'both', 'neither', 'unknown']),
  /** top 3 less top 1: wrong answers whose right class was within reach. */
  gap: z.number().nullable(),
  /** The same as a share of all wrong answers. */
  withinReach: share.nullable(),
  /** The reasoning with its numbers, in words. */
  reason: z.string(),
});

const blackHole = z.object({
  name: z.string(),
  wrong: count,
  /** Of all wrong answers at this level, the share that says this class. */
  shareOfErrors: share,
  /** Of the names, the share that belongs there. */
  shareOfNames: share,
});

const confusion = z.object({
  /** Names whose truth has the level, and how many of them were answered wrongly. */
  names: count,
  errors: count,
  /** null where nothing was wrong. */
  blackHole: blackHole.nullable(),
  /** The most frequent confusions, at most `bounds.confusions`. */
  pairs: z.array(z.object({ truth: z.string(), answer: z.string(), n: count })),
});

const matrix = z.object({
  /** Largest first; the smallest are put together as "(others)". */
  classes: z.array(z.string()),
  /** counts[truth][answer] */
  counts: z.array(z.array(count)),
});

const classScore = z.object({
  level: z.enum(['l1', 'l2', 'l3']),
  name: z.string(),
  /** Names that belong there, and names that were filed there. */
  support: count,
  answered: count,
  /** Null where nothing was filed there, or nothing belongs there. */
  precision: share.nullable(),
  recall: share.nullable(),
});

const calibration = z.object({
  /** Expected calibration error. */
  ece: share,
  /** The bins that hold any name: their mean confidence against how often they are right. */
  bins: z.array(z.object({ n: count, confidence: share, right: share })),
});

/** The largest share that can be answered with at most so much error, and the path confidence that cuts there. */
const cut = z.object({ share, confidence: z.number().nullable() });

const coverage = z.object({
  at5: cut,
  at10: cut,
  /** By falling path confidence, at most `bounds.curve` points. */
  points: z.array(z.object({ share, error: share, confidence: z.number() })),
});

const methodScore = z.object({
  method: z.string(),
  l1: share.nullable(),
  l2: share.nullable(),
  l3: share.nullable(),
  /** All three levels right. */
  path: share,
  coverage5: share,
  coverage10: share,
});

const gain = z.object({
  /** The voice that was left out. */
  voice: z.string(),
  /** All three right and coverage, with the voice less without it; in shares, may be negative. */
  l1: z.number().nullable(),
  l2: z.number().nullable(),
  l3: z.number().nullable(),
  path: z.number(),
  coverage5: z.number(),
  coverage10: z.number(),
  /** Names whose whole path is right only with it, and only without it. */
  won: count,
  lost: count,
});

const mistake = z.object({
  name: z.string(),
  truth: z.string(),
  answer: z.string(),
  confidence: z.number(),
});

const learningPoint = z.object({
  /** Names trained on. */
  names: count,
  l1: share.nullable(),
  l2: share.nullable(),
  l3: share.nullable(),
  path: share,
  /** Held-out names that it would pass on to the LLM to answer the others as well as the model does; null: not measured. */
  passedOn: share.nullable().default(null),
});
export type LearningPoint = z.infer<typeof learningPoint>;

const cleaningLevel = z.object({
  /** Of the labels, the share whose category at this level is not the one that was given. */
  changed: share,
  /** Of memory, the share that is expected to be wrong at this level or above it: as given, and as cleaned. */
  wrongBefore: share,
  wrongAfter: share,
});

const facts = z.object({
  encoder: z.string(),
  seed: z.number(),
  /** Of this package. */
  version: z.string(),
  /** Names by part, source or language: whatever the training counted. */
  rows: z.record(z.string(), count),
  /** In order. */
  steps: z.array(z.object({ step: z.string(), seconds: z.number().nonnegative() })),
  peakMemoryBytes: z.number().nonnegative().nullable(),
  artefactBytes: z.number().nonnegative().nullable(),
  loadSeconds: z.number().nonnegative().nullable(),
  /** Anything else worth a line: joining weights, temperatures, the share that letters settle. */
  more: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type TrainingFacts = z.infer<typeof facts>;

/**
 * What is known of a model: the one shape that `taxon train` stores under `diagnostics` in `training_runs.report`, and
 * that `taxon report` shows. Classes are named, not numbered: a report can be read when the taxonomy has changed since.
 */
const modelReport = z.object({
  format: z.literal(reportFormat),
  madeAt: z.iso.datetime(),
  /**
   * What the answers were compared with: `labels`, the stored labels, errors of who gave them included, or `truth`,
   * paths that people checked.
   */
  against: z.enum(['labels', 'truth']),
  /** Names that were answered, none of which the model was trained on. */
  names: count,
  /** The method of `methods` that all below is about. */
  method: z.string(),
  levels: each(levelScore),
  path: share,
  thresholds: z.object({
    l1: z.number(),
    l2: z.number(),
    l3: z.number(),
    /** What they let through, and the error among that; null where they let nothing through. */
    coverage: share,
    error: share.nullable(),
  }),
  /** How the verdicts were reached, in words. */
  verdictRule: z.string(),
  verdicts: each(verdict),
  confusion: each(confusion),
  matrix,
  classes: z.array(classScore),
  /** How many classes each level has; those with most names are in `classes`. */
  classCounts: each(count),
  calibration: each(calibration),
  coverage,
  methods: z.array(methodScore),
  gains: z.array(gain),
  /** Of the letters voice alone, the cheapest to train; empty where no training measured it. */
  learningCurve: z.array(learningPoint),
  /** What cleaning did to memory, from which layers 1 and 2 answer; null where the training did not clean. */
  cleaning: each(cleaningLevel).nullable().default(null),
  /** The surest answers that are not what they were compared with. */
  mistakes: z.array(mistake),
  /** Null where the report is not of a training. */
  facts: facts.nullable(),
});

export type ModelReport = z.infer<typeof modelReport>;
export type Verdict = z.infer<typeof verdict>;
export type Confusion = z.infer<typeof confusion>;
export type Matrix = z.infer<typeof matrix>;
export type ClassScore = z.infer<typeof classScore>;
export type Calibration = z.infer<typeof calibration>;
export type Coverage = z.infer<typeof coverage>;
export type MethodScore = z.infer<typeof methodScore>;
export type Gain = z.infer<typeof gain>;
export type Level = keyof ModelReport['levels'];

export const levels: readonly Level[] = ['l1', 'l2', 'l3'];

/** The report in what a training run stored; null when it has none of this format. */
export function readModelReport(stored: unknown): ModelReport | null {
  const read = modelReport.safeParse(stored);
  return read.success ? read.data : null;
}
