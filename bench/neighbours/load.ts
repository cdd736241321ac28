import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import type { Database } from '../../src/database/connection/open.ts';
import type { Vectors } from './vectors.ts';

/** Rows of a chunk of COPY. */
const page = 2048;

/** An int32 and its bytes, as COPY's binary format has a field. */
function field(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function halfvec(row: Float32Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt16BE(row.length);
  return Buffer.concat([head, Buffer.from(new Float16Array(row).buffer).swap16()]);
}

/** Embeddings of an encoder, labelled, in COPY's binary format. */
export function* embeddingRows(
  { keys, matrix, dimension }: Vectors,
  rows: number,
  encoderId = 1,
): Generator<Buffer> {
  yield Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
  const [count, id] = [Buffer.from([0, 4]), Buffer.alloc(4)];
  id.writeInt32BE(encoderId);
  const encoder = field(id);
  const labelled = field(Buffer.from([1]));
  for (let from = 0; from < rows; from += page) {
    const parts: Buffer[] = [];
    for (let i = from; i < Math.min(rows, from + page); i++) {
      const hash = field(
        createHash('sha256')
          .update(keys[i] as string)
          .digest(),
      );
      const vector = field(halfvec(matrix.subarray(i * dimension, (i + 1) * dimension)));
      parts.push(count, encoder, hash, vector, labelled);
    }
    yield Buffer.concat(parts);
  }
  yield Buffer.from([255, 255]);
}

function* labelRows({ keys }: Vectors, rows: number, category: number): Generator<string> {
  for (let from = 0; from < rows; from += page)
    yield keys
      .slice(from, Math.min(rows, from + page))
      .map((key) => `${key.replaceAll('\\', '\\\\')}\t${category}\timport\n`)
      .join('');
}

/** Makes the first so many names the memory of encoder 1, and model 1 its champion. Only what neighbours() reads. */
export async function load(db: Database, vectors: Vectors, rows: number): Promise<void> {
  const run = (sql: string, values: unknown[] = []) => db.rows(sql, values);
  await run('drop index if exists taxon.embeddings_near_1');
  await run(
    'truncate taxon.labels, taxon_internal.embeddings, taxon_internal.models, taxon_internal.encoders, taxon.categories restart identity cascade',
  );
  const { id } = await db.row<{ id: number }>(`select taxon_internal.make_category('{Home}') as id`);
  await run('select taxon_internal.register_encoder($1, $2)', ['bench', vectors.dimension]);
  await run(`insert into taxon_internal.models (encoder_id, manifest, state) values (1, '{}', 'champion')`);
  // the other layers' indexes and triggers would cost more than all of the bench
  for (const { name } of await db.rows<{ name: string }>(
    `select i.indexrelid::regclass::text as name from pg_index i where i.indrelid = 'taxon.labels'::regclass and not i.indisprimary`,
  ))
    await run(`drop index ${name}`);
  await run('alter table taxon.labels disable trigger user');
  await db.transaction(async (client) => {
    await pipeline(
      Readable.from(labelRows(vectors, rows, id)),
      client.query(copyFrom('copy taxon.labels (name_key, category_id, source) from stdin')),
    );
    await pipeline(
      Readable.from(embeddingRows(vectors, rows)),
      client.query(
        copyFrom(
          'copy taxon_internal.embeddings (encoder_id, name_hash, embedding, labelled) from stdin (format binary)',
        ),
      ),
    );
  });
  await run('alter table taxon.labels enable trigger user');
  await run('vacuum analyze taxon_internal.embeddings');
  await run('vacuum analyze taxon.labels');
}
