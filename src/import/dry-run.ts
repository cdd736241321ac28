import type { Fault, LabelSource, Reading, Row, RowKind } from './row.ts';
import { shown } from './text.ts';

const shownRows = 10;
const shownFaults = 20;

/** A row as it would be read. */
type SampleRow = Record<string, string | number | null>;

/** What an import would read; nothing was written. */
export interface DryRun {
  rows: number;
  /** The first of them. */
  sample: SampleRow[];
  /** Rows that cannot be read, how many for each reason, and the first of them. */
  faults: number;
  reasons: Record<string, number>;
  first_faults: { line: number; id: string | null; reason: string; row: string }[];
  /** What would be read otherwise than it stands there. */
  notices: string[];
  /** Distinct paths, those that are deeper than three levels, and the first of these. */
  paths: number;
  deeper: number;
  deepest: string | null;
}

function sampleRow(row: Row, as: RowKind, source: LabelSource): SampleRow {
  const { line, name } = row;
  const id = row.externalId ?? null;
  if (as === 'products') return { line, name, external_id: id };
  if (row.parentId !== undefined) return { line, id, parent_id: row.parentId, name };
  const path = row.path.join(' > ');
  if (as === 'tree') return { line, path, category_external_id: id };
  const at = row.labelledAt ?? null;
  return { line, name, path, source: row.source ?? source, labelled_at: at, category_external_id: id };
}

/**
 * Reads all of a file or query and says how.
 *
 * @param open opens it, with what is wrong and what is noticed going where it is told
 */
export async function dryRun(
  open: (reading: Reading) => AsyncIterable<Row>,
  as: RowKind,
  source: LabelSource,
): Promise<DryRun> {
  const found: DryRun = {
    ...{ rows: 0, sample: [], faults: 0, reasons: {}, first_faults: [], notices: [] },
    ...{ paths: 0, deeper: 0, deepest: null },
  };
  const onFault = ({ line, id, reason, fields }: Fault) => {
    found.faults++;
    found.reasons[reason] = (found.reasons[reason] ?? 0) + 1;
    if (found.first_faults.length < shownFaults)
      found.first_faults.push({ line, id, reason, row: shown(fields.join(' | ')) });
  };
  const paths = new Set<string>();
  let depth = 3;
  for await (const row of open({ onFault, onNotice: (text) => found.notices.push(text) })) {
    if (found.rows++ < shownRows) found.sample.push(sampleRow(row, as, source));
    if (row.path.length === 0) continue;
    const path = row.path.join(' > ');
    if (paths.has(path)) continue;
    paths.add(path);
    if (row.path.length > 3) found.deeper++;
    if (row.path.length <= depth) continue;
    depth = row.path.length;
    found.deepest = path;
  }
  return { ...found, paths: paths.size };
}
