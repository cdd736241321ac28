import type { Database } from '../database/connection/open.ts';
import { copyProducts } from '../database/import.ts';
import type { ImportedProducts } from '../database/imported.ts';
import { copyText } from './copy.ts';
import type { Row } from './row.ts';

/** Names to classify, all or nothing, routed as any INSERT is. */
export function importProducts(
  db: Database,
  rows: AsyncIterable<Row>,
  options: { onProgress?: (rows: number) => void; signal?: AbortSignal } = {},
): Promise<ImportedProducts> {
  const columns = (row: Row) => [row.name, row.externalId ?? null];
  return copyProducts(db, copyText(rows, columns, options.onProgress), options.signal);
}
