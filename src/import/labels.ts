import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Database } from '../database/connection/open.ts';
import { copyLabels, type ImportOptions } from '../database/import.ts';
import type { ImportedLabels } from '../database/imported.ts';
import { signLabels } from '../database/signatures.ts';
import { messageOf, misuse } from '../errors.ts';
import { arrayLiteral, copyText } from './copy.ts';
import type { LabelSource, Row } from './row.ts';

export interface LabelOptions extends ImportOptions {
  /** Of rows that name none; default import. */
  source?: LabelSource;
  /** How many losing answers to list at most (default 1,000); all are counted. */
  losers?: number;
  /** A file for all of them, as CSV. */
  conflicts?: string | undefined;
  /** Called with the number of rows sent so far. */
  onProgress?: (rows: number) => void;
}

/** A row as import_rows has it. */
export function labelColumns(row: Row, source: LabelSource): (string | number | null)[] {
  return [
    row.line,
    row.name,
    arrayLiteral(row.path),
    row.source ?? source,
    row.externalId ?? null,
    row.labelledAt ?? null,
  ];
}

/** Opens a file for writing at once: one that cannot be written is refused before a long import. */
function openForWriting(path: string): Promise<Writable> {
  return new Promise((resolve, reject) => {
    const stream = createWriteStream(path);
    stream.once('open', () => resolve(stream));
    stream.once('error', (error) => reject(misuse(`${path} cannot be written: ${messageOf(error)}`)));
  });
}

/**
 * Labels into memory, all or nothing. Which of conflicting labels wins stands in the COMMENT of `import_labels()`.
 * Rows of products follow, and those that waited for the names are answered; after a large import the guard is learnt
 * anew. Where memory is large by now, its labels are signed for similar look-up.
 *
 * @throws what `rows` throws, naming the bad lines; TaxonError where ids of categories contradict each other
 */
export async function importLabels(
  db: Database,
  rows: AsyncIterable<Row>,
  options: LabelOptions = {},
): Promise<ImportedLabels> {
  const { source = 'import', losers = 1000, conflicts, onProgress, ...of } = options;
  const text = copyText(rows, (row) => labelColumns(row, source), onProgress);
  const into = conflicts === undefined ? undefined : await openForWriting(conflicts);
  const imported = await copyLabels(db, text, { ...of, losers, conflicts: into }).finally(() =>
    into?.destroy(),
  );
  await signImported(db, of.signal);
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
