import { readFileSync } from 'node:fs';
import type { Database } from '../../src/database/open.ts';
import { neighboursAsked } from '../../src/model/memory.ts';
import { nearest } from '../../src/train/neighbours.ts';
import { timed } from '../measure.ts';
import type { Vectors } from './vectors.ts';

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
  return db.rows('select name_key, neighbour_key from taxon.neighbours($1, $2, 1, $3, $4)', [
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
    const rows = Map.groupBy(await ask(db, some, 'index'), (row) => row.name_key);
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

/** Milliseconds a name, one at a time, exact and by the index in turn; and by the index in statements of 32. */
export async function times(db: Database, names: readonly Asked[], rounds: number) {
  const ms: Record<string, number[]> = { exact: [], index: [] };
  const one = async (how: string, name: Asked) => {
    const started = performance.now();
    await ask(db, [name], how);
    ms[how]?.push(performance.now() - started);
  };
  // each way's first answers read the table from disk
  for (const how of ['exact', 'index']) await ask(db, names.slice(0, 8), how);
  for (let i = 0; i < rounds; i++) {
    await one('exact', names[i] as Asked);
    // as many more as make its percentiles steady
    for (let j = 0; j < 10; j++) await one('index', names[(i * 10 + j) % names.length] as Asked);
  }
  const started = performance.now();
  for (let from = 0; from < names.length; from += 32) await ask(db, names.slice(from, from + 32), 'index');
  const of = (how: string) => {
    const sorted = (ms[how] as number[]).toSorted((a, b) => a - b);
    return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) };
  };
  return { exact: of('exact'), index: of('index'), batch: (performance.now() - started) / names.length };
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

/** Milliseconds that the index adds to saving one embedding of a labelled name; the rows are taken back. */
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
    let ms = 0;
    await db
      .transaction(async (client) => {
        await client.query('set local search_path = taxon, extensions, public');
        const started = performance.now();
        await client.query(
          `insert into embeddings (encoder_id, name_hash, embedding, labelled) select 1, sha256(v::bytea), v::halfvec, $2 from unnest($1::text[]) v`,
          [vectors, labelled],
        );
        ms = performance.now() - started;
        throw new Error('enough');
      })
      .catch((error: Error) => {
        if (error.message !== 'enough') throw error;
      });
    return ms / rows;
  };
  await insert(false);
  return (await insert(true)) - (await insert(false));
}

/** Training's search of all rows: each with each, and in the nearest cells. Processor seconds, all threads together. */
export async function training({ keys, matrix, dimension }: Vectors, size: number, count: number) {
  const paths = keys.map((_, i) => [i + 1, null, null] as const);
  const set = { embeddings: matrix, dimension, paths };
  const among = Int32Array.from({ length: size }, (_, i) => i);
  const self = Int32Array.from({ length: count }, (_, i) => size + i);
  const vectors = Array.from(self, (row) => matrix.subarray(row * dimension, (row + 1) * dimension));
  const search = (compared: number) => nearest(set, { vectors, self }, among, k, undefined, compared);
  let wanted: Awaited<ReturnType<typeof search>> = [];
  const exact = await timed(async () => {
    wanted = await search(Number.POSITIVE_INFINITY);
  });
  const parted = await timed(() => search(0));
  let found: typeof wanted = [];
  const cells = await timed(async () => {
    found = await search(0);
  });
  let same = 0;
  for (const [i, mine] of found.entries()) {
    const rows = new Set(wanted[i]?.map(({ path }) => path[0]));
    same += mine.filter(({ path }) => rows.has(path[0])).length;
  }
  return {
    exact: exact.cpu / count,
    cells: cells.cpu / count,
    parting: parted.cpu - cells.cpu,
    recall: same / (count * k),
  };
}
