import { setTimeout as sleep } from 'node:timers/promises';
import { log } from '../log.ts';
import { lockKey } from './connection/lock-key.ts';
import type { Database } from './connection/open.ts';

/** Whoever holds the lock and is none of ours: any login can, where it is the lock of a job. */
const strangers = `select l.pid, a.application_name as application from pg_locks l join pg_stat_activity a using (pid)
  where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32) | l.objid::bigint = $1 and l.objsubid = 1 and a.application_name !~ '^taxon'`;

/**
 * Does `work` while no other process of this schema does the same, else nothing. A transaction holds the lock, so that it also
 * works through a pooler and goes with the connection.
 *
 * @param name what is done once at a time
 * @returns whether it was done
 */
export function alone(db: Database, name: string, work: () => Promise<unknown>): Promise<boolean> {
  return db.transaction(async (client) => {
    const key = lockKey(db.schema, `job:${name}`);
    const { rows } = await client.query<{ free: boolean }>('select pg_try_advisory_xact_lock($1) as free', [
      key,
    ]);
    if (rows[0]?.free !== true) {
      const others = await client.query<{ pid: number; application: string }>(strangers, [key]);
      for (const { pid, application } of others.rows)
        log.warn('a job is held up by somebody who holds its lock', { job: name, pid, application });
      return false;
    }
    await work();
    return true;
  });
}

/** Counts labels under keys that are not their own normal form any more, which is due when the server has become another one. */
export async function countChangedKeys(db: Database): Promise<void> {
  const { changed } = await db.row<{ changed: string | null }>(
    `select ${db.internal}count_changed_keys() as changed`,
  );
  if (Number(changed) > 0)
    log.warn('labels stand under keys that this server normalises otherwise: see taxon status', { changed });
}

/** Between two batches it rests, so many times as long as the batch took: what is answered meanwhile comes first. */
const rest = 3;

/** A row's place among those that wait. */
interface Place {
  last_xact: string;
  last_id: number;
}

/** Queues names of rows that came by replication or from a dump, a page of waiting rows a transaction; returns how many rows. */
export async function queueStrays(db: Database, signal: AbortSignal): Promise<number> {
  let all = 0;
  for (let after: Place | null = { last_xact: '0', last_id: 0 }; after !== null; ) {
    signal.throwIfAborted();
    const since = performance.now();
    const page: (Place | { last_xact: null }) & { strays: number } = await db.row(
      `select last_xact, last_id, strays from ${db.internal}queue_strays($1, $2)`,
      [after.last_xact, after.last_id],
    );
    all += page.strays;
    after = page.last_xact === null ? null : page;
    if (after !== null) await sleep(rest * (performance.now() - since), null, { signal });
  }
  if (all > 0) log.info('queued rows that came by replication or from a dump', { rows: all });
  return all;
}

/** Lets claims look at names again that lie before where they begin; returns whether there were any. */
export async function lookBelowFloor(db: Database): Promise<boolean> {
  return (await db.row<{ found: boolean }>(`select ${db.internal}look_below_floor() as found`)).found;
}

/** Looks for drift in the evidence since the last look; returns how many alarms are open. */
export async function watchDrift(db: Database): Promise<number> {
  const rows = await db.rows<{ alarm_id: number | null }>(`select alarm_id from ${db.internal}watch_drift()`);
  return rows.filter(({ alarm_id }) => alarm_id !== null).length;
}

/** What is kept for a time, as retention() calls it, and the calls that remove what is due. */
const kept: readonly [thing: string, calls: readonly string[]][] = [
  ['evidence', ['forget_evidence()']],
  ['names of calls', ['forget_call_names()']],
  ['names of batches', ['forget_batch_names()']],
  ['calls', ['forget_calls()']],
  ['embeddings', Array.from({ length: 256 }, (_, slice) => `forget_embeddings(${slice})`)],
  ['models', ['forget_models()']],
];

/** Removes what is past its days, a small batch a transaction, and notes how much; returns how many rows in all. */
export async function forgetOld(db: Database, signal: AbortSignal): Promise<number> {
  let all = 0;
  for (const [thing, calls] of kept) {
    let removed = 0;
    for (const call of calls) {
      for (let gone = 1; gone > 0; removed += gone) {
        signal.throwIfAborted();
        const since = performance.now();
        gone = (await db.row<{ gone: number }>(`select ${db.internal}${call} as gone`)).gone;
        await sleep(rest * (performance.now() - since), null, { signal });
      }
    }
    await db.rows(`select ${db.internal}note_retention($1, $2)`, [thing, removed]);
    all += removed;
  }
  return all;
}

/**
 * Mends rows that were answered while the taxonomy was changed, and has names of splits asked again; returns how many.
 * Two statements: the first must see what has ended before it wrote anything.
 */
export async function followTaxonomy(db: Database): Promise<number> {
  const { mended } = await db.row<{ mended: number }>(`select ${db.internal}mend_taxonomy() as mended`);
  const { asked } = await db.row<{ asked: number }>(`select ${db.internal}ask_questions() as asked`);
  return mended + asked;
}

/** Brings rows into line with the taxonomy that followTaxonomy() cannot know of; returns how many. Reads every product. */
export async function sweepTaxonomy(db: Database): Promise<number> {
  return (await db.row<{ n: number }>(`select ${db.internal}sweep_taxonomy() as n`)).n;
}

/**
 * Settles names that wait for people and that memory knows by now, forgets marks of urgency that are done with, and removes what
 * was written of forgotten names by somebody who had them in hand.
 */
export async function settleHeld(db: Database): Promise<number> {
  const { n } = await db.row<{ n: number }>(
    `select ${db.internal}settle_held() + ${db.internal}forget_urgent() + ${db.internal}sweep_forgotten() as n`,
  );
  return n;
}
