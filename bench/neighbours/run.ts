/** `node bench/neighbours/run.ts --help` */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { migrate } from '../../src/database/connection/migrate.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { makeIndex } from '../../src/database/neighbour-index.ts';
import { titlesFile } from '../accuracy/data.ts';
import { benchFolder } from '../accuracy/results.ts';
import { titlesFile as scaleFile } from '../scale/names.ts';
import { throwAwayServer } from '../trust/throw-away.ts';
import { churn } from './churn.ts';
import { document, type Measured } from './doc.ts';
import { load } from './load.ts';
import { type Asked, asked, endedCpu, insertTime, recall, times, training } from './measure.ts';
import { realNames, simulatedNames, type Vectors } from './vectors.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '20000,57000,200000,998000' },
    churn: { type: 'string', default: '20000' },
    asked: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '30' },
    only: { type: 'string' },
    url: { type: 'string' },
    json: { type: 'boolean', default: false },
    doc: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`How fast neighbours() is by the HNSW index beside exact search, and which share of the exact 30 it finds: as built, and after labels were
deleted, relabelled and added, before and after VACUUM. In a throw-away database.

  node bench/neighbours/run.ts [--sizes N,N…] [--churn N] [--asked N] [--rounds N] [--only KIND] [--url URL] [--json] [--doc]

  --sizes   labels; default 20000,57000,200000,998000 (as many as the file has, less the asked). Names are the real ones of
            ${scaleFile},
            their vectors simulated: what a linear pupil of the real encoder says. Beside them the real titles of
            ${titlesFile}, which it learnt from, by the real encoder (encoded once: some minutes)
  --churn   at which of the sizes labels are deleted, relabelled and added (VACUUM takes minutes beyond some ten thousand); default 20000
  --asked   names beyond memory that recall is measured on; default 1000
  --rounds  how often both ways are timed in turn; default 30
  --only    real or simulated: one of the two; default: both
  --url     an empty database of another server; what is loaded and built there is not made again. Default: a throw-away cluster
  --doc     writes docs/measured/neighbours.md from all that was measured: without a size it measures nothing
  --json    prints what was measured`);
  process.exit(0);
}

const config = loadConfig();
const resultsFile = join(benchFolder(config), 'neighbours.json');
const read = (): Measured[] => {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8')) as Measured[];
  } catch {
    return [];
  }
};

const results = read();

/** Keeps what was measured in place of an earlier measurement of the same. */
function keep(measured: Measured): void {
  const others = results.filter(
    ({ vectors, size, buffers }) =>
      vectors !== measured.vectors || size !== measured.size || buffers !== measured.buffers,
  );
  results.splice(0, results.length, ...others, measured);
  mkdirSync(benchFolder(config), { recursive: true });
  writeFileSync(resultsFile, JSON.stringify(results));
}

/** Makes the index; seconds, and processor seconds of the server. */
async function build(db: Database, url: string): Promise<Pick<Measured, 'seconds' | 'cpu'>> {
  const before = await endedCpu(db);
  const started = performance.now();
  if (!(await makeIndex(url, 'taxon', 1))) throw new Error('the index was not made');
  const seconds = (performance.now() - started) / 1000;
  // until the server has noticed the end of the backend
  await sleep(500);
  const after = await endedCpu(db);
  return { seconds, cpu: before === null || after === null ? null : after - before };
}

async function measure(
  db: Database,
  url: string,
  vectors: Vectors,
  kind: Measured['vectors'],
  size: number,
): Promise<Measured> {
  const say = (what: string) =>
    console.error(`${new Date().toISOString().slice(11, 19)} ${kind} ${size}: ${what}`);
  const done = await db.row<{ loaded: boolean; built: boolean }>(
    `select (select count(*) from taxon.labels) = $1 and (select count(*) from taxon_internal.embeddings) = $1 as loaded,
            coalesce((select valid from taxon_internal.near_index(1)), false) as built`,
    [size],
  );
  // a database that is kept (--url): a run that was cut short goes on
  let made =
    done.loaded && done.built ? results.find((m) => m.vectors === kind && m.size === size) : undefined;
  if (made === undefined) {
    if (!done.loaded) {
      say('loading');
      await load(db, vectors, size);
    }
    say('building');
    made = { ...(await build(db, url)), vectors: kind, size } as Measured;
    keep(made);
  }
  const { seconds, cpu } = made;
  const count = Math.min(Number(values.asked), vectors.keys.length - size);
  const names: Asked[] = await asked(
    vectors,
    size,
    count,
    Int32Array.from({ length: size }, (_, i) => i),
  );
  const facts = await db.row<{
    indexBytes: number;
    tableBytes: number;
    memory: number;
    pgvector: string;
    server: string;
    buffers: string;
  }>(
    `select pg_relation_size('taxon.embeddings_near_1') as "indexBytes", pg_table_size('taxon_internal.embeddings') as "tableBytes", taxon_internal.index_memory(1) as memory,
            (select extversion from pg_extension where extname = 'vector') as pgvector, current_setting('server_version') as server, current_setting('shared_buffers') as buffers`,
  );
  say(`built in ${Math.round(seconds)} s; asking`);
  const found = await recall(db, names);
  const took = await times(db, names, Number(values.rounds));
  say(
    `recall ${found.recall.toFixed(4)}, ${took.index.cpu?.toFixed(2)} CPU ms by index, ${took.exact.cpu?.toFixed(0)} exact`,
  );
  const inserted = await insertTime(db, vectors, size);
  const searched = await training(vectors, size, count);
  const steps = size === Number(values.churn) ? await churn(db, vectors, size, Math.min(count, 500)) : null;
  return {
    ...{
      vectors: kind,
      size,
      asked: count,
      seconds,
      cpu,
    },
    ...{ ...facts, ...found, ...took, inserted, training: searched, churn: steps },
    date: new Date().toISOString().slice(0, 10),
  };
}

const sizes =
  values.doc && process.argv.length === 3 ? [] : values.sizes.split(',').filter(Boolean).map(Number);
if (sizes.length > 0) {
  const real = await realNames(config);
  const most = Math.max(...sizes) + Number(values.asked);
  const sets: [Measured['vectors'], Vectors | null, number[]][] = [
    ['real', real, real ? [Math.min(real.keys.length, most) - Number(values.asked)] : []],
    ['simulated', real && (await simulatedNames(real, most)), sizes],
  ];
  const server = values.url ? { url: values.url, close: async () => {} } : await throwAwayServer(config);
  if (values.url) await migrate({ url: server.url, schema: 'taxon' });
  const db = openDatabase(server.url, { schema: 'taxon', poolSize: 1 }, 'bench');
  try {
    // whatever pgvector is here, and below 20,000 labels too
    await db.rows(`select taxon.set_setting('neighbours', '"hnsw"')`);
    for (const [kind, vectors, wanted] of sets) {
      if (values.only !== undefined && values.only !== kind) continue;
      if (vectors === null) console.error(`the ${kind} names are not here; left out`);
      else
        for (const size of wanted) {
          const result = await measure(db, server.url, vectors, kind, size);
          keep(result);
        }
    }
  } finally {
    await db.close();
    await server.close();
  }
}
if (values.json) console.log(JSON.stringify(results));
else if (!values.doc) console.log(document(results));
if (values.doc) {
  mkdirSync(join(packageRoot, 'docs', 'measured'), { recursive: true });
  writeFileSync(join(packageRoot, 'docs', 'measured', 'neighbours.md'), document(results));
}
