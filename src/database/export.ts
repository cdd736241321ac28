import type { Database } from './connection/open.ts';
import { halfvecOf } from './memory.ts';

export type ExportKind = 'labels' | 'products' | 'embeddings';

/** One row by the names of its columns; `embedding` is a Float32Array. */
export type ExportRow = Record<string, unknown>;

/** Rows in memory at once; an embedding as the Parquet writer takes it is 768 numbers in an array. */
const page = { plain: 5000, withEmbeddings: 1000 };

function readEmbedding(row: ExportRow): ExportRow {
  const bytes = row.embedding;
  if (!(bytes instanceof Buffer)) return row;
  return { ...row, embedding: halfvecOf(bytes) };
}

/** How many rows there are to export. */
export async function countExport(db: Database, kind: ExportKind, encoderId: number | null): Promise<number> {
  const where = kind === 'embeddings' ? ' where encoder_id = $1' : '';
  const { n } = await db.row<{ n: number }>(
    `select count(*) as n from ${kind === 'embeddings' ? db.internal : db.at}${kind}${where}`,
    where === '' ? [] : [encoderId],
  );
  return n;
}

/**
 * All rows of one moment, page by page: one transaction sees one snapshot, however long it takes.
 *
 * @param encoderId whose embeddings to add to labels (null: none), or to export
 */
export function exportPages(
  db: Database,
  kind: ExportKind,
  encoderId: number | null,
  onPage: (rows: ExportRow[]) => Promise<void>,
): Promise<void> {
  const most = encoderId === null ? page.plain : page.withEmbeddings;
  const key = kind === 'products' ? 'product_id' : 'name_hash';
  return db.transaction(async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    let after: unknown = null;
    for (;;) {
      const { rows } =
        kind === 'products'
          ? await client.query<ExportRow>(`select * from ${db.internal}export_products($1, $2)`, [
              after,
              most,
            ])
          : await client.query<ExportRow>(`select * from ${db.internal}export_${kind}($1, $2, $3)`, [
              encoderId,
              after,
              most,
            ]);
      const last = rows.at(-1);
      if (last === undefined) return;
      await onPage(rows.map(readEmbedding));
      after = last[key];
    }
  });
}
