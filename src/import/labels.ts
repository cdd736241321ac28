import type { Database } from '../database/connection/open.ts';
import { copyLabels, type ImportedLabels } from '../database/import.ts';
import { signLabels } from '../database/signatures.ts';
import { arrayLiteral, copyText } from './copy.ts';
import type { LabelSource, Row } from './row.ts';

export interface LabelOptions {
  /** Of rows that name none; default import. */
  source?: LabelSource;
  /** Which depths of the tree become l1, l2 and l3, e.g. `1,2,deepest`; default: as it is. */
  treeLevels?: string;
  /** Why, and what is imported: they stand in `taxon.runs`. */
  reason?: string;
  file?: string;
  /** How many losing answers to list at most (default 1,000); all are counted. */
  losers?: number;
  /** Called with the number of rows sent so far. */
  onProgress?: (rows: number) => void;
  signal?: AbortSignal;
}

/**
 * Labels into memory, all or nothing. Which of conflicting labels wins stands in the COMMENT of `import_labels()`.
 * Rows that waited for the names are answered; after a large import the guard is learnt anew. Where
 * memory is large by now, its labels are signed for similar look-up.
 *
 * @throws what `rows` throws, naming the bad line; TaxonError where ids of categories contradict each other
 */
export async function importLabels(
  db: Database,
  rows: AsyncIterable<Row>,
  options: LabelOptions = {},
): Promise<ImportedLabels> {
  const { source = 'import', treeLevels, losers = 1000, reason, file, onProgress, signal } = options;
  const columns = (row: Row) => [
    row.line,
    row.name,
    arrayLiteral(row.path),
    row.source ?? source,
    row.externalId ?? null,
    row.labelledAt ?? null,
  ];
  const imported = await copyLabels(db, copyText(rows, columns, onProgress), {
    losers,
    treeLevels,
    reason,
    file,
    signal,
  });
  await signImported(db, signal);
  return imported;
}

/** The labels are in, whatever becomes of this: a sidecar goes on with it. */
async function signImported(db: Database, signal: AbortSignal | undefined): Promise<void> {
  try {
    await signLabels(db, { background: false, again: false, signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
