import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';

/** Cleaning of labels: the evidence, the changes, the way back. */

/** A page of out-of-fold predictions: one row a label, column by column. */
export interface OutOfFold {
  hashes: Buffer[];
  /** The label's category when it was predicted. */
  labels: number[];
  predicted: number[];
  l1: number[];
  l2: number[];
  l3: number[];
  /** How many voices predict the same, each alone. */
  voices?: number[];
}

/** Stores a page of out-of-fold predictions; a label's earlier one goes. */
export async function saveOutOfFold(db: Database, runId: number, page: OutOfFold): Promise<void> {
  await db.rows(`select ${db.internal}save_out_of_fold($1, $2, $3, $4, $5, $6, $7, $8)`, [
    runId,
    page.hashes,
    page.labels,
    page.predicted,
    page.l1,
    page.l2,
    page.l3,
    page.voices ?? null,
  ]);
}

export interface ConfidentMistake {
  name: string;
  label: string;
  predicted: string;
  /** The first level where label and prediction differ, and the calibrated confidence there. */
  level: 'l1' | 'l2' | 'l3';
  confidence: number;
  voices: number | null;
  source: string;
  run_id: number;
}

/** Labels that a model which had not seen them says are wrong, the surest first. */
export function confidentMistakes(db: Database, most: number): Promise<ConfidentMistake[]> {
  return db.rows(`select * from ${db.at}confident_mistakes($1)`, [most]);
}

export interface LabelChange {
  name_key: string;
  /** The label's category when it was predicted; where memory says something else by now, nothing is changed. */
  before: number;
  after: number;
  reason: string;
  confidence: number;
}

export interface AppliedCleaning {
  /** The run of changes, by which `undo_run()` takes them back; null: nothing was changed. */
  run_id: number | null;
  asked: number;
  changed: number;
  /** Labels of people, never touched. */
  human: number;
  /** Changed or removed by others since, or the new category is retired. */
  moved_on: number;
  /** Changed by an earlier call for this run. */
  done_before: number;
}

/**
 * Changes labels, all or nothing; safe to repeat for the same run.
 *
 * @throws TaxonError when the run failed or lost its lease
 */
export function applyCleaning(
  db: Database,
  runId: number,
  changes: readonly LabelChange[],
): Promise<AppliedCleaning> {
  return refusing(
    db.row(`select * from ${db.internal}apply_cleaning($1, $2)`, [runId, JSON.stringify(changes)]),
  );
}

export interface UndoneRun {
  labels_restored: number;
  /** Changed by others since. */
  labels_kept: number;
  rows_restored: number;
  rows_kept: number;
  /** Rows that had taken an answer of the run from memory since. */
  rows_followed: number;
  note: string | null;
}

/** Takes back what a cleaning, an import or a decision for a kind did to labels and rows, in every column. */
export function undoRun(db: Database, runId: number): Promise<UndoneRun> {
  return refusing(db.row(`select * from ${db.at}undo_run($1)`, [runId]));
}
