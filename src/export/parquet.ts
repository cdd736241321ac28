import type { SchemaElement } from 'hyparquet';
import { type ColumnSource, fileWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column, Sink } from './columns.ts';

function schemaOf({ name, type }: Column): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  switch (type) {
    case 'text':
      return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
    case 'real':
      return [{ ...optional, type: 'FLOAT' }];
    case 'id':
      return [{ ...optional, type: 'INT64' }];
    case 'truth':
      return [{ ...optional, type: 'BOOLEAN' }];
    case 'time':
      return [{ ...optional, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }];
    case 'embedding':
      // a list of floats is what pandas, DuckDB and Spark read without being told
      return [
        { ...optional, converted_type: 'LIST', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: 'REQUIRED', type: 'FLOAT' },
      ];
  }
}

function cell(value: unknown, type: Column['type']): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'id') return BigInt(value as number);
  return type === 'embedding' ? Array.from(value as Float32Array) : value;
}

/**
 * A Parquet file, one row group a page.
 *
 * @param facts key-value metadata, e.g. which encoder made the embeddings
 */
export function parquetSink(
  path: string,
  columns: readonly Column[],
  facts: Readonly<Record<string, string>>,
): Sink {
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: [{ name: 'rows', num_children: columns.length }, ...columns.flatMap(schemaOf)],
    kvMetadata: Object.entries(facts).map(([key, value]) => ({ key, value })),
    createdBy: 'pgtaxon',
  });
  const columnData = (rows: readonly Record<string, unknown>[]): ColumnSource[] =>
    columns.map(({ name, type }) => ({
      name,
      data: rows.map((row) => cell(row[name], type)),
      // floats of an embedding are all different and do not shrink: neither dictionary nor compression
      ...(type === 'embedding' ? { encoding: 'PLAIN', codec: 'UNCOMPRESSED', statistics: false } : {}),
    }));
  return {
    write(rows) {
      writer.write({ columnData: columnData(rows), rowGroupSize: rows.length });
    },
    end() {
      writer.finish();
    },
    abandon() {}, // it holds no file open
  };
}
