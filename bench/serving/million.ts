/** `node bench/serving/million.ts --help` */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { from as copyFrom } from 'pg-copy-streams';
import { writeParts } from '../../src/atomic-file.ts';
import { loadConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { embeddingsOf } from '../../src/database/memory.ts';
import { makeIndex } from '../../src/database/neighbour-index.ts';
import { openEncoder } from '../../src/model/encoder.ts';
import { normalise } from '../../src/normalise.ts';
import { median, show } from '../measure.ts';
import { embeddingRows } from '../neighbours/load.ts';
import { simulatedNames, type Vectors } from '../neighbours/vectors.ts';
import { here, run, start } from '../speed/checkout.ts';
import { writeTable } from '../table-section.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.DATABASE_URL ?? '' },
    labels: { type: 'string', default: '1000000' },
    names: { type: 'string', default: '' },
    times: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    doc: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || values.url === '' || values.names === '') {
  console.log(`New names a second through the local layers at a large memory, beside encoding the same names and nothing else, in turns.

  node bench/serving/million.ts --url postgres://... --names FILE [--labels 1000000] [--times 2000] [--rounds 3] [--json] [--doc]

The database has labels, their embeddings and a champion that reads them (bench/speed/arrivals.ts keeps one), and no sidecar. Until it has --labels labels,
names of ../shared/data/scale.tsv.xz are imported, each under one of the categories that are there; their vectors are simulated, by a
linear pupil of those that are there. FILE has a name a line, of names that are not in it: the last --times × --rounds are asked.`);
  process.exit(0);
}

/** Names of memory whose vectors are read in one statement. */
const page = 5000;

interface Champion {
  encoder_id: number;
  dimension: number;
}

/** What is in memory, with its vectors. */
async function teacher(db: Database, { encoder_id, dimension }: Champion): Promise<Vectors> {
  const rows = await db.rows<{ name_key: string }>('select name_key from taxon.labels order by name_hash');
  const vectors: Vectors = { keys: [], matrix: new Float32Array(rows.length * dimension), dimension };
  for (let from = 0; from < rows.length; from += page) {
    const keys = rows.slice(from, from + page).map((row) => row.name_key);
    for (const [key, vector] of await embeddingsOf(db, encoder_id, dimension, keys)) {
      vectors.matrix.set(vector, vectors.keys.length * dimension);
      vectors.keys.push(key);
    }
  }
  vectors.matrix = vectors.matrix.subarray(0, vectors.keys.length * dimension);
  return vectors;
}

/** Widens memory to so many labels; says what each step took. */
async function widen(db: Database, champion: Champion, labels: number): Promise<void> {
  const known = await teacher(db, champion);
  const memory = new Set(known.keys);
  const { dimension } = champion;
  const all = await simulatedNames(known, labels);
  if (all === null) throw new Error('the large file of names is not here');
  const more: Vectors = { keys: [], matrix: all.matrix, dimension };
  for (const [i, key] of all.keys.entries()) {
    // a quotation mark would have to be doubled in the file
    if (key.includes('"') || memory.has(key) || memory.size + more.keys.length >= labels) continue;
    more.matrix.copyWithin(more.keys.length * dimension, i * dimension, (i + 1) * dimension);
    more.keys.push(key);
  }
  const { n } = await db.row<{ n: number }>('select count(*) as n from taxon.labels');
  if (n < labels) await importMore(db, more.keys);
  // made anew below: a row more costs it 2 ms
  await db.rows(`drop index if exists taxon.embeddings_near_${champion.encoder_id}`);
  await db.transaction(async (client) => {
    // arrived before, some names have their vector
    await client.query('create temp table more (like taxon_internal.embeddings) on commit drop');
    const copy = copyFrom(
      'copy more (encoder_id, name_hash, embedding, labelled) from stdin (format binary)',
    );
    await pipeline(
      Readable.from(embeddingRows(more, more.keys.length, champion.encoder_id)),
      client.query(copy),
    );
    await client.query(
      `insert into taxon_internal.embeddings select m.* from more m join taxon.labels using (name_hash)
         on conflict (encoder_id, name_hash) do update set labelled = true`,
    );
  });
  const began = performance.now();
  await makeIndex(values.url, 'taxon', champion.encoder_id);
  console.error(`index of neighbours in ${Math.round((performance.now() - began) / 1000)} s`);
  await db.rows(`select taxon.set_setting('neighbours', '"hnsw"')`);
  await db.rows('vacuum analyze taxon.labels, taxon_internal.embeddings, taxon_internal.label_signatures');
}

/** Imports names as `taxon import` does, each under one of the categories that are there. */
async function importMore(db: Database, keys: readonly string[]): Promise<void> {
  const paths = await db.rows<{ path: string }>(
    `select distinct concat_ws(E'\\t', a.name, b.name, c.name) as path from taxon.labels l join taxon.categories c using (category_id)
       join taxon.categories b on b.category_id = c.parent_id join taxon.categories a on a.category_id = b.parent_id order by 1`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'pgtaxon-million-'));
  const file = join(folder, 'labels.tsv');
  const lines = keys.map((key, i) => `${key}\t${paths[(i * 7919) % paths.length]?.path}\n`);
  writeParts(file, ['name\tl1\tl2\tl3\n', ...lines]);
  const imported = await run(here, ['import', file, '--json'], { DATABASE_URL: values.url });
  console.error(`imported in ${Math.round(imported.seconds)} s: ${imported.stdout.trim().slice(0, 200)}`);
  rmSync(folder, { recursive: true });
}

/** Seconds until no name of one INSERT waits for the local layer. */
async function arrive(db: Database, names: readonly string[]): Promise<{ seconds: number; local: number }> {
  const began = performance.now();
  const { id } = await db.row<{ id: number }>(
    'select coalesce(max(product_id), 0) as id from taxon.products',
  );
  await db.rows('insert into taxon.products (name) select unnest($1::text[])', [names]);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { waits, local } = await db.row<{ waits: boolean; local: number }>(
      `select exists (select from taxon.products where product_id > $1 and state = 'pending' and l1_confidence is null) as waits,
              (select count(*) from taxon.products where product_id > $1 and source = 'local') as local`,
      [id],
    );
    if (!waits) return { seconds: (performance.now() - began) / 1000, local };
  }
}

const db = openDatabase(values.url, { schema: 'taxon', poolSize: 2 }, 'taxon bench');
try {
  const champion = await db.row<Champion>(
    'select e.encoder_id, e.dimension from taxon.champion() join taxon_internal.encoders e using (encoder_id)',
  );
  const { labels } = await db.row<{ labels: number }>('select count(*) as labels from taxon.labels');
  const { missing } = await db.row<{ missing: boolean }>(
    'select exists (select from taxon.labels l where not exists (select from taxon_internal.embeddings e where e.encoder_id = $1 and e.name_hash = l.name_hash)) as missing',
    [champion.encoder_id],
  );
  if (missing || labels < Number(values.labels)) await widen(db, champion, Number(values.labels));
  const [times, rounds] = [Number(values.times), Number(values.rounds)];
  const names = readFileSync(values.names, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-times * rounds);
  const encoder = await openEncoder(loadConfig());
  const found: { layers: number; encoding: number; local: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const some = names.slice(round * times, (round + 1) * times);
    const sidecar = start(here, ['sidecar'], { DATABASE_URL: values.url, TAXON_RETRAIN: 'false' });
    await sidecar.says('model loaded');
    const { seconds, local } = await arrive(db, some);
    await sidecar.end('SIGTERM');
    const began = performance.now();
    await encoder.encode(some.map(normalise));
    found.push({ layers: times / seconds, encoding: (1000 * times) / (performance.now() - began), local });
  }
  await encoder.close();
  const of = (what: keyof (typeof found)[number]) => median(found.map((each) => each[what]));
  const measured = [
    {
      labels: Math.max(labels, Number(values.labels)),
      names: times,
      'through the layers, names/s': Math.round(of('layers')),
      'encoding alone, names/s': Math.round(of('encoding')),
      share: Math.round((100 * of('layers')) / of('encoding')) / 100,
      'answered locally': of('local'),
    },
  ];
  show(values.json, measured);
  if (values.doc) writeTable('serving', 'bench/serving/million.ts', measured);
} finally {
  await db.close();
}
