import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './open.ts';

/**
 * Does `work` while no other process of this schema does the same, else nothing. A transaction holds the lock, so that it also
 * works through a pooler and goes with the connection.
 *
 * @param name what is done once at a time
 * @returns whether it was done
 */
export function alone(db: Database, name: string, work: () => Promise<unknown>): Promise<boolean> {
  return db.transaction(async (client) => {
    const { rows } = await client.query<{ free: boolean }>(
      'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as free',
      [`pgtaxon ${db.schema} job ${name}`],
    );
    if (rows[0]?.free !== true) return false;
    await work();
    return true;
  });
}

/** Looks for drift in the evidence since the last look; returns how many alarms are open. */
export async function watchDrift(db: Database): Promise<number> {
  const rows = await db.rows<{ alarm_id: number | null }>(`select alarm_id from ${db.at}watch_drift()`);
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

/** Between two batches it rests, so many times as long as the batch took: what is answered meanwhile comes first. */
const rest = 3;

/** Removes what is past its days, a small batch a transaction, and notes how much; returns how many rows in all. */
export async function forgetOld(db: Database, signal: AbortSignal): Promise<number> {
  let all = 0;
  for (const [thing, calls] of kept) {
    let removed = 0;
    for (const call of calls) {
      for (let gone = 1; gone > 0; removed += gone) {
        signal.throwIfAborted();
        const since = performance.now();
        gone = (await db.row<{ gone: number }>(`select ${db.at}${call} as gone`)).gone;
        await sleep(rest * (performance.now() - since), null, { signal });
      }
    }
    await db.rows(`select ${db.at}note_retention($1, $2)`, [thing, removed]);
    all += removed;
  }
  return all;
}

/**
 * Mends rows that were answered while the taxonomy was changed, and has names of splits asked again; returns how many.
 * Two statements: the first must see what has ended before it wrote anything.
 */
export async function followTaxonomy(db: Database): Promise<number> {
  const { mended } = await db.row<{ mended: number }>(`select ${db.at}mend_taxonomy() as mended`);
  const { asked } = await db.row<{ asked: number }>(`select ${db.at}ask_questions() as asked`);
  return mended + asked;
}

/** Brings rows into line with the taxonomy that followTaxonomy() cannot know of; returns how many. Reads every product. */
export async function sweepTaxonomy(db: Database): Promise<number> {
  return (await db.row<{ n: number }>(`select ${db.at}sweep_taxonomy() as n`)).n;
}

/**
 * Settles names that wait for people and that memory knows by now, forgets marks of urgency that are done with, and removes what
 * was written of forgotten names by somebody who had them in hand.
 */
export async function settleHeld(db: Database): Promise<number> {
  const { n } = await db.row<{ n: number }>(
    `select ${db.at}settle_held() + ${db.at}forget_urgent() + ${db.at}sweep_forgotten() as n`,
  );
  return n;
}
