import { existsSync, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from } from 'pg-copy-streams';
import { migrate } from '../../src/database/connection/migrate.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { signLabels } from '../../src/database/signatures.ts';
import { misuse } from '../../src/errors.ts';
import { readScaleNames, titlesFile } from '../scale/names.ts';

/** Category names are the numbers of the file's: the guard learns from which names share one. */
const pathOf = (path: readonly (number | null)[]) => path.filter((id) => id !== null).map((id) => `c${id}`);

async function* lines(keys: readonly string[], ids: readonly number[]): AsyncGenerator<string> {
  for (let i = 0; i < keys.length; i++) yield `${keys[i]?.replaceAll('\\', '\\\\')}\t${ids[i]}\timport\n`;
}

/** The first so many names of the file as labels, with the index of trigrams made at once, and the guard learnt. */
async function fill(db: Database, labels: number): Promise<void> {
  const names = await readScaleNames(labels);
  if (names === null) throw misuse(`${titlesFile} is not there`);
  const known = new Map<string, number>();
  const ids: number[] = [];
  for (const path of names.paths) {
    const parts = pathOf(path);
    const key = parts.join('>');
    let id = known.get(key);
    if (id === undefined) {
      id = (await db.row<{ id: number }>(`select taxon_internal.make_category($1) as id`, [parts])).id;
      known.set(key, id);
    }
    ids.push(id);
  }
  await db.transaction(async (client) => {
    await client.query(
      'set local search_path = taxon, taxon_internal, public; set local statement_timeout = 0',
    );
    await client.query(`set local maintenance_work_mem = '512MB'; drop index labels_trigrams`);
    await pipeline(
      lines(names.keys, ids),
      client.query(from('copy labels (name_key, category_id, source) from stdin')),
    );
    await client.query('create index labels_trigrams on labels using gin (name_key gin_trgm_ops)');
  });
  await db.rows('vacuum analyze taxon.labels');
  await db.rows('select taxon_internal.learn_guard()');
}

/** What signing all labels took, as an import does it. */
export interface Made {
  seconds: number;
  /** Seconds of processor time of the server. */
  cpu: number;
}

/** Seconds of processor time of the server's processes that serve this program, by Linux; NaN elsewhere. */
async function serverCpu(db: Database): Promise<number> {
  const rows = await db.rows<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'taxon bench'`,
  );
  const used = rows.map(({ pid }) => {
    const file = `/proc/${pid}/schedstat`;
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e9 : Number.NaN;
  });
  return used.reduce((sum, one) => sum + one, 0);
}

async function sign(db: Database): Promise<Made> {
  const before = await serverCpu(db);
  const started = performance.now();
  await signLabels(db, { background: false, again: true, signal: undefined });
  const made = { seconds: (performance.now() - started) / 1000, cpu: (await serverCpu(db)) - before };
  await db.rows('vacuum analyze taxon_internal.label_signatures');
  return made;
}

/** @param url of the server's database `postgres` */
export async function dropDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`drop database if exists ${client.escapeIdentifier(name)}`);
  await client.end();
}

export interface Sizes {
  signatures: number;
  trigrams: number;
}

/** Bytes of the signatures with all their indexes, and of the index of trigrams. */
export function sizes(db: Database): Promise<Sizes> {
  return db.row<{ signatures: number; trigrams: number }>(
    `select pg_total_relation_size('taxon_internal.label_signatures') as signatures, pg_relation_size('taxon.labels_trigrams') as trigrams`,
  );
}

/**
 * A database with so many labels of the file, signed; what is there already is kept. What signing took is kept beside it.
 *
 * @returns the database, and what signing took, null where that is not known
 */
export async function openMemory(url: string, labels: number): Promise<{ db: Database; made: Made | null }> {
  await migrate({ url, schema: 'taxon' });
  const db = openDatabase(url, { schema: 'taxon', poolSize: 2 }, 'taxon bench');
  const { n } = await db.row<{ n: number }>('select count(*) as n from taxon.labels');
  if (n !== 0 && n !== labels) throw misuse(`the database has ${n} labels, not ${labels}`);
  if (n === 0) await fill(db, labels);
  await db.rows('create table if not exists public.bench_made (made jsonb not null)');
  await db.rows(`select taxon.set_setting('signatures_from', '1')`);
  const { done } = await db.row<{ done: boolean }>('select taxon_internal.similar_by_signatures() as done');
  if (!done) {
    const made = await sign(db);
    await db.rows('insert into public.bench_made values ($1)', [JSON.stringify(made)]);
  }
  const { used } = await db.row<{ used: boolean }>('select taxon_internal.similar_by_signatures() as used');
  if (!used) throw misuse('the labels are not all signed', 'Another process signs them, or writes labels.');
  const [row] = await db.rows<{ made: Made }>('select made from public.bench_made limit 1');
  return { db, made: row?.made ?? null };
}
