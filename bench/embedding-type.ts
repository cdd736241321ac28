/** `node bench/embedding-type.ts --help` */
import pg from 'pg';
import { toSql } from 'pgvector';
import { resolveDatabase } from '../src/cluster/resolve.ts';
import { loadConfig } from '../src/config.ts';
import { halfvecInto } from '../src/database/memory.ts';
import { generateCatalogue } from '../src/demo/catalogue/generate.ts';
import { openEncoder } from '../src/model/encoder.ts';
import { normalise } from '../src/normalise.ts';
import { flags, median, show, timed } from './measure.ts';

const { names, queries, rounds, json } = flags(
  `What the embeddings table costs and loses as halfvec and as vector: bytes, writing and reading them as training does,
exact neighbours by cosine. Names of the demo catalogue by the encoder of the settings; two copies of each vector, end to
end, stand for an encoder of twice the dimension. Makes and drops a schema taxon_bench.`,
  { names: 10_000, queries: 100, rounds: 5 },
);
const page = 2048;
const neighbours = 10;
const types = ['vector', 'halfvec'] as const;
type Type = (typeof types)[number];

/** vector_send: dimension and zero, two bytes each, then single floats, all big-endian. */
function vectorInto(bytes: Buffer, target: Float32Array, offset: number): void {
  const numbers = Uint8Array.prototype.slice.call(bytes, 4);
  Buffer.from(numbers.buffer).swap32();
  target.set(new Float32Array(numbers.buffer), offset);
}
const into = { vector: vectorInto, halfvec: halfvecInto };

async function write(client: pg.Client, type: Type, texts: readonly string[]): Promise<void> {
  for (let from = 0; from < texts.length; from += page) {
    await client.query(
      `insert into ${type}s select 1, sha256(i::text::bytea), v from unnest($1::int[], $2::${type}[]) u(i, v)`,
      [texts.slice(from, from + page).map((_, i) => from + i), texts.slice(from, from + page)],
    );
  }
}

/** All of it in order of the digest, in pages, into one matrix. */
async function read(client: pg.Client, type: Type, dimension: number): Promise<Float32Array> {
  const matrix = new Float32Array(names * dimension);
  let after = Buffer.alloc(0);
  for (let row = 0; ; ) {
    const { rows } = await client.query(
      `select name_hash, ${type}_send(embedding) as bytes from ${type}s where encoder_id = 1 and name_hash > $1
         order by name_hash limit ${page}`,
      [after],
    );
    if (rows.length === 0) return matrix;
    for (const { bytes } of rows) into[type](bytes, matrix, row++ * dimension);
    after = rows.at(-1).name_hash;
  }
}

/** The nearest names to each of the first few, without themselves, and their cosines; the exact answer, no index. */
async function nearest(client: pg.Client, type: Type): Promise<{ ids: string[]; cosines: number[] }[]> {
  const { rows } = await client.query(
    `select array_agg(near.id) as ids, array_agg(near.cosine) as cosines
       from (select encode(name_hash, 'hex') as id, embedding from ${type}s order by name_hash limit ${queries}) q,
       lateral (select encode(t.name_hash, 'hex') as id, 1 - (t.embedding <=> q.embedding) as cosine from ${type}s t
         where encode(t.name_hash, 'hex') <> q.id order by t.embedding <=> q.embedding limit ${neighbours}) near
       group by q.id order by q.id`,
  );
  return rows;
}

/** Bytes of the table, of its TOAST table and of the whole, a name. */
async function bytes(client: pg.Client, type: Type): Promise<{ whole: number; toast: number }> {
  const { rows } = await client.query(
    `select pg_table_size(c.oid)::int as whole, coalesce(pg_table_size(nullif(c.reltoastrelid, 0)), 0)::int as toast
       from pg_class c where c.oid = '${type}s'::regclass`,
  );
  return { whole: rows[0].whole / names, toast: rows[0].toast / names };
}

async function compare(client: pg.Client, vectors: readonly Float32Array[]) {
  const dimension = vectors[0]?.length ?? 0;
  const texts = vectors.map((vector) => toSql(Array.from(vector)) as string);
  for (const type of types) {
    await client.query(
      `create table ${type}s (encoder_id int, name_hash bytea, embedding ${type} not null, primary key (encoder_id, name_hash))`,
    );
  }
  const written = { vector: [] as number[], halfvec: [] as number[] };
  const readBack = { vector: [] as number[], halfvec: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const type of types) {
      await client.query(`truncate ${type}s`);
      written[type].push(names / (await timed(() => write(client, type, texts))).seconds);
      readBack[type].push(names / (await timed(() => read(client, type, dimension))).seconds);
    }
  }
  const size = { vector: await bytes(client, 'vector'), halfvec: await bytes(client, 'halfvec') };
  const [full, half] = [await nearest(client, 'vector'), await nearest(client, 'halfvec')];
  await client.query('drop table vectors, halfvecs');
  const kept = full.map(({ ids }, i) => ids.filter((id) => half[i]?.ids.includes(id)).length);
  const moved = full.flatMap(({ cosines }, i) =>
    cosines.map((cosine, j) => Math.abs(cosine - (half[i]?.cosines[j] as number))),
  );
  const row = (what: string, vector: number, halfvec: number) => ({
    dimension,
    what,
    vector: Math.round(vector),
    halfvec: Math.round(halfvec),
    ratio: vector > 0 ? Number((halfvec / vector).toFixed(2)) : null,
  });
  const loss = (what: string, halfvec: number) => ({ dimension, what, vector: null, halfvec, ratio: null });
  return [
    row('bytes a name', size.vector.whole, size.halfvec.whole),
    row('of them in TOAST', size.vector.toast, size.halfvec.toast),
    row('names written a second', median(written.vector), median(written.halfvec)),
    row('names read a second', median(readBack.vector), median(readBack.halfvec)),
    loss(
      `share of the ${neighbours} nearest kept`,
      Number((kept.reduce((a, b) => a + b, 0) / (neighbours * full.length)).toFixed(4)),
    ),
    loss('largest change of a cosine', Number(Math.max(...moved).toPrecision(2))),
  ];
}

const config = loadConfig();
const encoder = await openEncoder(config);
const keys = generateCatalogue({ labelled: names, arriving: 0 }).labelled.map(({ name }) => normalise(name));
const vectors = await encoder.encode(keys);
await encoder.close();
const doubled = vectors.map((vector) => Float32Array.from([...vector, ...vector], (x) => x * Math.SQRT1_2));

const { url, release } = await resolveDatabase(config, 'taxon_bench');
const client = new pg.Client({ connectionString: url });
await client.connect();
try {
  await client.query('create extension if not exists vector');
  await client.query('drop schema if exists taxon_bench cascade; create schema taxon_bench');
  await client.query('set search_path = taxon_bench, public, extensions');
  show(json, [...(await compare(client, vectors)), ...(await compare(client, doubled))]);
} finally {
  await client.query('drop schema if exists taxon_bench cascade');
  await client.end();
  await release();
}
