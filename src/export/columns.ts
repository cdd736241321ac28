import type { ExportKind } from '../database/export.ts';

export interface Column {
  name: string;
  type: 'text' | 'real' | 'id' | 'time' | 'truth' | 'embedding';
}

const column = (name: string, type: Column['type'] = 'text'): Column => ({ name, type });
const path = [column('l1'), column('l2'), column('l3')];
const embedding = column('embedding', 'embedding');

/** The columns of a file, in order. What `import` reads of them has the names that it wants. */
export function columnsOf(kind: ExportKind, withEmbeddings: boolean): Column[] {
  if (kind === 'embeddings') return [column('name'), column('labelled', 'truth'), embedding];
  if (kind === 'labels') {
    const columns = [column('name'), ...path, column('source'), column('confidence', 'real')];
    return withEmbeddings ? [...columns, embedding] : columns;
  }
  return [
    column('product_id', 'id'),
    column('external_id'),
    column('name'),
    ...path,
    ...['l1_confidence', 'l2_confidence', 'l3_confidence'].map((name) => column(name, 'real')),
    column('source'),
    column('state'),
    column('similarity', 'real'),
    column('matched_key'),
    column('model_id', 'id'),
    column('created_at', 'time'),
    column('classified_at', 'time'),
  ];
}

/** Where rows go, a page at a time. */
export interface Sink {
  write(rows: readonly Record<string, unknown>[]): void;
  /** Writes what is left and closes the file. */
  end(): void;
  /** Closes the file after a failure. */
  abandon(): void;
}
