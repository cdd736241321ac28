import { log } from '../log.ts';
import { newClient } from './connection/connect.ts';
import { lockKey } from './connection/lock-key.ts';
import type { Database } from './connection/open.ts';
import { requireDirect } from './connection/requirements.ts';
import { internalSchema } from './connection/schemas.ts';

/** What is to be done before the neighbours of an encoder are found by an index; see index_work(). */
export interface IndexWork {
  encoder_id: number;
  model_id: number;
  task: 'build' | 'compare';
  /** What takes an index away whose making was cut short. */
  drops: string | null;
  builds: string | null;
  memory_kb: number | null;
}

export function indexWork(db: Database): Promise<IndexWork[]> {
  return db.rows(`select * from ${db.internal}index_work()`);
}

/** Whether this login may make an index: the tables' owner alone may, and whoever may act as it. */
export async function ownsEmbeddings(db: Database): Promise<boolean> {
  const { owns } = await db.row<{ owns: boolean }>(
    `select pg_has_role(relowner, 'usage') as owns from pg_class where oid = $1::regclass`,
    [`${db.internal}embeddings`],
  );
  return owns;
}

/** How far the making of an index is; no row where none is made, or by a login whose statistics are not this one's to see. */
export interface IndexProgress {
  phase: string;
  /** Of the phase; null where it has no measure. */
  share: number | null;
  seconds: number;
  /** Until all is loaded, if it goes on as it went; null while that is not known. */
  secondsLeft: number | null;
}

export async function indexProgress(db: Database, encoderId: number): Promise<IndexProgress | null> {
  const [row] = await db.rows<Omit<IndexProgress, 'secondsLeft'>>(
    `select p.phase, p.blocks_done::float8 / nullif(p.blocks_total, 0) as share,
            extract(epoch from now() - a.query_start)::float8 as seconds
       from pg_stat_progress_create_index p join pg_stat_activity a using (pid) join pg_class c on c.oid = p.index_relid
       where p.relid = $1::regclass and c.relname = $2`,
    [`${db.internal}embeddings`, `embeddings_near_${encoderId}`],
  );
  if (row === undefined) return null;
  const { phase, share, seconds } = row;
  const loading = phase.endsWith('loading tuples') && share !== null && share > 0;
  return { ...row, secondsLeft: loading ? (seconds * (1 - share)) / share : null };
}

/** One who makes indexes; a build that goes on without its sidecar, and one started by hand, are waited for. */
const purpose = 'neighbour index';

/** How long a drop waits for whoever holds the table: another build, or VACUUM. Then it is for the next time. */
const dropWaits = '2s';

/** No room in /dev/shm, which a container has 64 MB of: a build by several processes keeps its graph there. */
const noSharedMemory = '53100';

/**
 * Makes an index, on a connection of its own: it waits for other transactions, and sets memory for its session. The session
 * holds a lock, so that one is made at a time; it goes with the server's process, not with this one. What a killed build
 * left is dropped first. Blocks nobody.
 *
 * @param signal ends the connection; the server goes on to the end of what it does
 * @returns false: another process makes one, there is one by now, or the address leads through a pooler
 * @throws the database's error
 */
export async function makeIndex(
  url: string,
  schema: string,
  encoderId: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const client = newClient(url, { application_name: 'taxon index', connectionTimeoutMillis: 10_000 });
  await client.connect();
  const leave = () => void client.end().catch(() => {});
  signal?.addEventListener('abort', leave, { once: true });
  try {
    signal?.throwIfAborted();
    if (
      await requireDirect(client).then(
        () => false,
        () => true,
      )
    ) {
      log.warn(
        'the index of neighbours is not made through a connection pooler: give TAXON_DIRECT_DATABASE_URL',
      );
      return false;
    }
    const { rows } = await client.query<{ free: boolean }>('select pg_try_advisory_lock($1) as free', [
      lockKey(schema, purpose),
    ]);
    if (rows[0]?.free !== true) return false;
    // under the lock: what was an unfinished index a moment ago may be a finished one
    const { rows: due } = await client.query<IndexWork>(
      `select * from "${internalSchema(schema)}".index_work() where encoder_id = $1 and task = 'build'`,
      [encoderId],
    );
    const work = due[0];
    if (work === undefined) return false;
    if (work.drops !== null) log.warn('the making of an index was cut short: it is made anew');
    log.info('the index of neighbours is made in the background; neighbours are exact until then', {
      encoder: encoderId,
    });
    await client.query(`set lock_timeout = '${dropWaits}'`);
    if (work.drops !== null) await client.query(work.drops);
    // a build waits for other transactions; transaction_timeout came with PostgreSQL 17
    await client.query(
      `select set_config(name, '0', false) from pg_settings where name in ('lock_timeout', 'statement_timeout', 'transaction_timeout')`,
    );
    await client.query(`set maintenance_work_mem = '${Number(work.memory_kb)}kB'`);
    try {
      await client.query(work.builds as string);
    } catch (error) {
      if ((error as { code?: string }).code !== noSharedMemory) throw error;
      log.warn('too little shared memory to make the index by several processes; one does it alone');
      await client.query(
        `drop index concurrently if exists "${internalSchema(schema)}".embeddings_near_${work.encoder_id}`,
      );
      await client.query('set max_parallel_maintenance_workers = 0');
      await client.query(work.builds as string);
    }
    return true;
  } finally {
    signal?.removeEventListener('abort', leave);
    await client.end().catch(() => {});
  }
}

/** Held-out names on which an index is compared with exact neighbours. */
export async function comparedNames(db: Database, encoderId: number): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(`select ${db.internal}compared_names($1) as name`, [
    encoderId,
  ]);
  return rows.map(({ name }) => name);
}

/** What a model says of one name. */
export interface SaidOfName {
  category_id: number;
  confidence: readonly number[];
}

export interface IndexComparison {
  names: number;
  recall: number;
  other_answers: number;
  other_decisions: number;
  largest_shift: number;
  passed: boolean;
}

/** Keeps a comparison; where it passes, neighbours are found by the index from this moment on. */
export function saveIndexComparison(
  db: Database,
  { encoder_id, model_id }: IndexWork,
  recall: number,
  answers: readonly { exact: SaidOfName; index: SaidOfName }[],
): Promise<IndexComparison> {
  return db.row(`select * from ${db.internal}save_index_comparison($1, $2, $3, $4)`, [
    encoder_id,
    model_id,
    recall,
    JSON.stringify(answers),
  ]);
}
