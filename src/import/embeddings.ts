import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf, misuse } from '../errors.ts';
import { type Row, readRows } from './read.ts';

/** A row with its embedding; null where the file has none for it. */
type EmbeddedRow = Row & { embedding: ArrayLike<number> | null };

export interface EmbeddedFile {
  /** Identity of the encoder that made the embeddings. */
  encoder: string;
  /** How many rows the file has. */
  count: number;
  rows: AsyncIterable<EmbeddedRow>;
}

const column = 'embedding';
/** The key of the file's metadata under which export notes the encoder. */
const encoderKey = 'pgtaxon.encoder';

type File = Awaited<ReturnType<typeof asyncBufferFromFile>>;
type Metadata = Awaited<ReturnType<typeof parquetMetadataAsync>>;

/** The column of embeddings, one row group in memory at a time. */
async function* vectorsOf(path: string, file: File, metadata: Metadata) {
  let start = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const first = start;
    const vectors = new Array<unknown>(rows);
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: [column],
      rowStart: first,
      rowEnd: first + rows,
      onChunk({ columnData, rowStart }) {
        for (let i = 0; i < columnData.length; i++) vectors[rowStart - first + i] = columnData[i];
      },
    }).catch((error: unknown) => {
      throw misuse(`${path}, rows ${first + 1} to ${first + rows}: ${messageOf(error)}`);
    });
    yield* vectors;
    start += rows;
  }
}

async function* together(
  path: string,
  rows: AsyncIterable<Row>,
  vectors: AsyncGenerator<unknown>,
): AsyncGenerator<EmbeddedRow> {
  let last = 0;
  for await (const row of rows) {
    // rows that are skipped (a header inside) have a vector too
    let embedding: unknown = null;
    for (; last < row.line; last++) embedding = (await vectors.next()).value ?? null;
    if (embedding !== null && !Array.isArray(embedding) && !ArrayBuffer.isView(embedding))
      throw misuse(`${path}, row ${row.line}: the column ${column} holds no list of numbers`);
    yield { ...row, embedding: embedding as ArrayLike<number> | null };
  }
}

/**
 * The labels of a Parquet file with their embeddings; null when the file is of another kind or has no such column.
 *
 * @throws TaxonError when the file does not say which encoder made them
 */
export async function readEmbedded(path: string): Promise<EmbeddedFile | null> {
  if (!/\.parquet$/i.test(path)) return null;
  const rows = readRows(path);
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch((error: unknown) => {
    throw misuse(`${path} is not a parquet file: ${messageOf(error)}`);
  });
  if (!parquetSchema(metadata).children.some((child) => child.element.name === column)) return null;
  const encoder = metadata.key_value_metadata?.find(({ key }) => key === encoderKey)?.value;
  if (encoder === undefined)
    throw misuse(
      `${path} does not say which encoder made its embeddings`,
      `Write its identity into the file's metadata as ${encoderKey}, or leave the column out: names are encoded then.`,
    );
  return {
    encoder,
    count: Number(metadata.num_rows),
    rows: together(path, rows, vectorsOf(path, file, metadata)),
  };
}
