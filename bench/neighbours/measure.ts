import { readFileSync } from 'node:fs';
import type { Database } from '../../src/database/connection/open.ts';
import { neighboursAsked } from '../../src/model/memory.ts';
import { nearest } from '../../src/train/join/neighbours.ts';
import { timed } from '../measure.ts';
import type { Vectors } from './vectors.ts';

export interface Recall {
  /** Share of the exact neighbours that the index finds; of the worst twentieth of the names. */
  recall: number;
  worst: number;
  /** Names that got fewer than there are. */
  short: number;
}

const k = neighboursAsked;

/** A name of the measurement, and those of memory that are truly nearest. */
export interface Asked {
  key: string;
  vector: string;
  exact: ReadonlySet<string>;
}

/** Names beyond memory with their neighbours among some of its rows, by matrix products. */
export async function asked(
  { keys, matrix, dimension }: Vectors,
  from: number,
  count: number,
  among: Int32Array,
): Promise<Asked[]> {
  const rows = Int32Array.from({ length: count }, (_, i) => from + i);
  const vectors = Array.from(rows, (row) => matrix.subarray(row * dimension, (row + 1) * dimension));
  const paths = keys.map((_, i) => [i + 1, null, null] as const);
  const set = { embeddings: matrix, dimension, paths };
  const found = await nearest(set, { vectors, self: rows }, among, k, undefined, Number.POSITIVE_INFINITY);
  return vectors.map((vector, i) => ({
    key: keys[from + i] as string,
    vector: `[${vector.join()}]`,
    exact: new Set(found[i]?.map(({ path }) => keys[path[0] - 1] as string)),
  }));
}

async function ask(
  db: Database,
  names: readonly Asked[],
  how: string,
): Promise<{ name_key: string; neighbour_key: string }[]> {
  return db.rows('select name_key, neighbour_key from taxon_internal.neighbours($1, $2, 1, $3, $4)', [
    names.map(({ key }) => key),
    k,
    names.map(({ vector }) => vector),
    how,
  ]);
}

/** The share of the exact neighbours that the index finds, and the worst twentieth of names. */
export async function recall(
  db: Database,
  names: readonly Asked[],
): Promise<{ recall: number; worst: number; short: number }> {
  const shares: number[] = [];
  let short = 0;
  for (let from = 0; from < names.length; from += 32) {
    const some = names.slice(from, from + 32);
    const rows = Map.groupBy(await ask(db, some, 'hnsw'), (row) => row.name_key);
    for (const { key, exact } of some) {
      const mine = rows.get(key) ?? [];
      if (mine.length < exact.size) short++;
      shares.push(mine.filter((row) => exact.has(row.neighbour_key)).length / exact.size);
    }
  }
  shares.sort((a, b) => a - b);
  const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  return { recall: mean(shares), worst: mean(shares.slice(0, Math.ceil(shares.length / 20))), short };
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.floor(share * (sorted.length - 1))] as number;

/** Milliseconds that the server's process has computed; the same connection answers all. Null where there is no /proc. */
async function serverCpu(db: Database): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const { pid } = await db.row<{ pid: number }>('select pg_backend_pid() as pid');
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

/**
 * Milliseconds a name, exact and by the index in turn: those that pass for a lone name, and the server's own in statements of
 * several names, as sidecars ask.
 */
export async function times(db: Database, names: readonly Asked[], rounds: number) {
  const ways = {
    exact: { ms: [] as number[], cpu: 0, names: 0, atOnce: 2 },
    index: { ms: [] as number[], cpu: 0, names: 0, atOnce: 32 },
  };
  let next = 0;
  const some = (count: number) => Array.from({ length: count }, () => names[next++ % names.length] as Asked);
  // each way's first answers read the table from disk
  for (const how of ['exact', 'hnsw']) await ask(db, some(32).slice(0, how === 'exact' ? 4 : 32), how);
  for (let i = 0; i < rounds; i++)
    for (const [how, way] of Object.entries(ways)) {
      // as many more by the index as make its percentiles steady
      for (const name of some(how === 'exact' ? 1 : 10)) {
        const started = performance.now();
        await ask(db, [name], how);
        way.ms.push(performance.now() - started);
      }
      const before = await serverCpu(db);
      await ask(db, some(way.atOnce), how);
      way.cpu += ((await serverCpu(db)) ?? Number.NaN) - (before ?? Number.NaN);
      way.names += way.atOnce;
    }
  const of = ({ ms, cpu, names: count }: (typeof ways)['exact']) => {
    const sorted = ms.toSorted((a, b) => a - b);
    const own = cpu / count;
    return {
      p50: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      cpu: Number.isNaN(own) ? null : own,
    };
  };
  return { exact: of(ways.exact), index: of(ways.index) };
}

/** Processor seconds of all backends that have ended, parallel workers too; null where there is no /proc. */
export async function endedCpu(db: Database): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const { pid } = await db.row<{ pid: number }>('select pg_backend_pid() as pid');
  const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const fields = readFileSync(`/proc/${parent}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // cutime and cstime, in hundredths
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** The server's own milliseconds that the index adds to saving one embedding of a labelled name; the rows are taken back. */
export async function insertTime(
  db: Database,
  { matrix, dimension }: Vectors,
  from: number,
): Promise<number> {
  const rows = 100;
  const vectors = Array.from({ length: rows }, (_, i) => {
    const at = (from + i) * dimension;
    return `[${matrix.subarray(at, at + dimension).join()}]`;
  });
  const insert = async (labelled: boolean) => {
    const before = (await serverCpu(db)) ?? Number.NaN;
    await db
      .transaction(async (client) => {
        await client.query('set local search_path = taxon, taxon_internal, extensions, public');
        await client.query(
          `insert into embeddings (encoder_id, name_hash, embedding, labelled) select 1, sha256(v::bytea), v::halfvec, $2 from unnest($1::text[]) v`,
          [vectors, labelled],
        );
        throw new Error('enough');
      })
      .catch((error: Error) => {
        if (error.message !== 'enough') throw error;
      });
    return (((await serverCpu(db)) ?? Number.NaN) - before) / rows;
  };
  await insert(false);
  return (await insert(true)) - (await insert(false));
}

/** Training's search of all rows, asked as out of fold: each with each, and in the nearest cells. Processor seconds of all threads. */
export async function training({ keys, matrix, dimension }: Vectors, size: number, count: number) {
  const paths = keys.map((_, i) => [i + 1, null, null] as const);
  const set = { embeddings: matrix, dimension, paths };
  const among = Int32Array.from({ length: size }, (_, i) => i);
  const many = Math.min(size, 16_384);
  const rows = Int32Array.from({ length: many }, (_, i) => Math.floor((i * size) / many));
  const search = (self: Int32Array, compared: number) => {
    const vectors = Array.from(self, (row) => matrix.subarray(row * dimension, (row + 1) * dimension));
    return nearest(set, { vectors, self }, among, k, undefined, compared);
  };
  const few = rows.subarray(0, count);
  let wanted: Awaited<ReturnType<typeof search>> = [];
  const exact = await timed(async () => {
    wanted = await search(few, Number.POSITIVE_INFINITY);
  });
  const parting = await timed(() => search(rows.subarray(0, 1), 0));
  let found: typeof wanted = [];
  const cells = await timed(async () => {
    found = await search(rows, 0);
  });
  let same = 0;
  for (const [i, mine] of wanted.entries()) {
    const exact = new Set(mine.map(({ path }) => path[0]));
    same += (found[i] ?? []).filter(({ path }) => exact.has(path[0])).length;
  }
  return {
    exact: exact.cpu / few.length,
    cells: cells.cpu / many,
    parting: parting.cpu,
    recall: same / (few.length * k),
  };
}
