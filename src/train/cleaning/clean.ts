import { createHash } from 'node:crypto';
import { type AppliedCleaning, applyCleaning, saveOutOfFold } from '../../database/cleaning.ts';
import type { Database } from '../../database/connection/open.ts';
import { deepest } from '../../model/tree.ts';
import { type Progress, progress } from '../../progress.ts';
import type { LabelledNames } from '../data/dataset.ts';
import {
  type CleaningLevel,
  type CleaningRules,
  type ProposedChange,
  proposeChanges,
  usualRules,
} from './clean-rules.ts';
import { expectedWrong } from './expected-wrong.ts';
import { type Encoded, type Judged, outOfFold } from './out-of-fold.ts';

/** Rows of one statement that stores evidence. */
const page = 5000;

export interface CleanOptions {
  seed?: number | undefined;
  /** Only say what would change. */
  dryRun?: boolean | undefined;
  rules?: CleaningRules;
}

/** A level, and what share of the labels is expected to be wrong there or above, as given and after the changes. */
export interface CleanedLevel extends CleaningLevel {
  wrongBefore: number;
  wrongAfter: number;
}

/** What a cleaning found; the changes themselves are rows of label_changes. */
export interface CleaningReport {
  labels: number;
  levels: { l1: CleanedLevel; l2: CleanedLevel; l3: CleanedLevel };
  /** Labels that would be, or were, changed. */
  proposed: number;
  applied: AppliedCleaning | null;
  seconds: number;
}

export interface Cleaning {
  report: CleaningReport;
  changes: ProposedChange[];
}

const levelNames = ['l1', 'l2', 'l3'] as const;

/** Stores what the folds said of each label: the evidence of confident_mistakes(). */
async function keepEvidence(
  db: Database,
  runId: number,
  set: LabelledNames,
  predictions: readonly (Judged | null)[],
): Promise<void> {
  const rows = [...predictions.keys()].filter((row) => predictions[row] !== null);
  for (let from = 0; from < rows.length; from += page) {
    const part = rows.slice(from, from + page);
    const said = part.map((row) => predictions[row] as Judged);
    await saveOutOfFold(db, runId, {
      hashes: part.map((row) =>
        createHash('sha256')
          .update(set.keys[row] as string, 'utf8')
          .digest(),
      ),
      labels: part.map((row) => set.categories[row] as number),
      predicted: said.map(({ path }) => deepest(path)),
      l1: said.map(({ confidence }) => confidence[0]),
      l2: said.map(({ confidence }) => confidence[1]),
      l3: said.map(({ confidence }) => confidence[2]),
    });
  }
}

/**
 * Cleans memory by self-distillation: models that never saw a label judge it, and where they disagree and are sure enough
 * the label becomes what they say. Never a person's. All changes are one transaction and can be taken back:
 * undo_run(). With dryRun nothing is written. Without embeddings letters alone judge.
 */
export async function cleanMemory(
  db: Database,
  run: { id: number; signal: AbortSignal },
  set: LabelledNames & Partial<Encoded>,
  options: CleanOptions,
): Promise<Cleaning> {
  const started = Date.now();
  const bar: Progress = progress('judging labels out of fold', 100, '%');
  const { keys, paths } = set;
  const predictions = await outOfFold(set, {
    seed: options.seed,
    signal: run.signal,
    onProgress: (share) => bar.at(Math.round(share * 100)),
  }).finally(() => bar.end());
  const proposed = proposeChanges(
    paths,
    predictions,
    (row) => set.from[row] === 'human',
    options.rules ?? usualRules,
  );
  // what an earlier run made of it already
  const changes = proposed.changes.filter(({ row, after }) => deepest(after) !== set.categories[row]);
  let applied: AppliedCleaning | null = null;
  if (options.dryRun !== true) {
    run.signal.throwIfAborted();
    await keepEvidence(db, run.id, set, predictions);
    applied = await applyCleaning(
      db,
      run.id,
      changes.map(({ row, level, confidence, after }) => ({
        name_key: keys[row] as string,
        before: set.categories[row] as number,
        after: deepest(after),
        reason: `models that had not seen this label disagree from ${levelNames[level]} on`,
        confidence,
      })),
    );
  }
  const [l1, l2, l3] = proposed.levels.map((level, l) => {
    const wrong = expectedWrong(paths, predictions, proposed.changes, l as 0 | 1 | 2, level.agreement);
    return { ...level, wrongBefore: wrong.before, wrongAfter: wrong.after };
  }) as [CleanedLevel, CleanedLevel, CleanedLevel];
  const seconds = (Date.now() - started) / 1000;
  return {
    report: { labels: keys.length, levels: { l1, l2, l3 }, proposed: changes.length, applied, seconds },
    changes,
  };
}
