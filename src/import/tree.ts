import type { Database } from '../database/connection/open.ts';
import { copyTree, type ImportOptions } from '../database/import.ts';
import type { ImportedTree } from '../database/imported.ts';
import { copyText } from './copy.ts';
import { labelColumns } from './labels.ts';
import type { Row } from './row.ts';

/** The rows again, the first of them read already. */
async function* from(first: Row, rest: AsyncIterator<Row>): AsyncGenerator<Row> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/**
 * Categories without a name: paths, or nodes that each name the one above. All or nothing.
 *
 * @throws what `rows` throws, naming the bad lines; TaxonError where nodes or ids contradict each other
 */
export async function importTree(
  db: Database,
  rows: AsyncIterable<Row>,
  options: ImportOptions & { onProgress?: (rows: number) => void } = {},
): Promise<ImportedTree> {
  const { onProgress, ...of } = options;
  const iterator = rows[Symbol.asyncIterator]();
  const first = await iterator.next();
  const all = first.done === true ? rows : from(first.value, iterator);
  const nodes = first.done !== true && first.value.parentId !== undefined;
  const columns = (row: Row) =>
    nodes ? [row.line, row.externalId ?? null, row.parentId ?? null, row.name] : labelColumns(row, 'import');
  return copyTree(db, copyText(all, columns, onProgress), nodes ? 'nodes' : 'paths', of);
}
