import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { messageOf, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { newClient } from './connect.ts';

/** How long a statement may wait for a lock: all that come after it wait behind it for as long. */
const lockTimeout = '1s';
/** Between two attempts, so that those who waited behind the first get through. */
const pauseMs = 500;
/** Work that is done sooner needs nobody who looks: a migration is six such works, five of them over by then. */
const firstLookMs = 200;
/** How often it is looked who is in the way, and how often that is said again. */
const lookMs = 100;
const sayMs = 10_000;

/** How long is tried in all, where nothing else is said. */
const defaultLockWaitSeconds = 120;

/** SQLSTATEs of an attempt that others were in the way of: lock_timeout ran out, a deadlock. Nothing of it is left. */
const beaten = new Set(['55P03', '40P01']);

/** Who holds the lock. */
interface Blocker {
  /** 0: a prepared transaction. */
  pid: number;
  application: string | null;
  login: string | null;
  state: string | null;
  /** How old its transaction is; null where this login may not see it. */
  seconds: number | null;
}

/** Whether an attempt failed only since others were in the way. */
export function wasBeaten(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause)
    if (beaten.has((e as { code?: string }).code ?? '')) return true;
  return false;
}

function inWords(blockers: readonly Blocker[]): string {
  const one = ({ pid, application, login, state, seconds }: Blocker) => {
    if (pid === 0) return 'a prepared transaction (select * from pg_prepared_xacts)';
    const facts = [
      application ? `application "${application}"` : 'application not named',
      login && `login ${login}`,
      state,
      seconds === null ? 'age not shown to this login' : `its transaction is ${Math.round(seconds)} s old`,
    ];
    return `pid ${pid} (${facts.filter(Boolean).join(', ')})`;
  };
  return blockers.length === 0 ? 'somebody who was gone when it was looked' : blockers.map(one).join('; ');
}

/** Looks, over a connection that it opens when work takes longer, who blocks `client`, until it is told to stop. */
async function watch(client: pg.Client, url: string) {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const over = new AbortController();
  let seen: Blocker[] = [];
  async function look(): Promise<void> {
    await sleep(firstLookMs, undefined, { signal: over.signal });
    const eye = newClient(url, { application_name: 'taxon: who is in the way' });
    try {
      await eye.connect();
      while (!over.signal.aborted) {
        const found = await eye.query<Blocker>(
          `select b.pid, a.application_name as application, a.usename as login, a.state,
                extract(epoch from clock_timestamp() - a.xact_start)::float8 as seconds
         from unnest(pg_blocking_pids($1)) b(pid) left join pg_stat_activity a on a.pid = b.pid`,
          [rows[0]?.pid],
        );
        if (found.rows.length > 0) seen = found.rows;
        await sleep(lookMs, undefined, { signal: over.signal });
      }
    } finally {
      await eye.end().catch(() => {});
    }
  }
  // without it only the names are missing
  const looking = look().catch((error) => {
    if (!over.signal.aborted) log.debug('nobody looks who blocks', { error: messageOf(error) });
  });
  return {
    /** Who blocked last. */
    seen: () => seen,
    async close() {
      over.abort();
      await looking;
    },
  };
}

/**
 * Does work that takes strong locks (DDL) without holding others up: a statement of it waits a second at most, then all of it is
 * rolled back, those who came after it get through, and it is tried again.
 *
 * @param client a direct connection, on which `work` runs
 * @param url    the same database, for a look at who is in the way
 * @param what   what is done, as a person calls it
 * @param work   all in transactions of its own, so that it can be done again from its start
 * @throws TaxonError when somebody was in the way all the time, naming him
 */
export async function givingWay<T>(
  client: pg.Client,
  url: string,
  what: string,
  work: () => Promise<T>,
  lockWaitSeconds = defaultLockWaitSeconds,
): Promise<T> {
  await client.query(`set lock_timeout = '${lockTimeout}'`);
  const eye = await watch(client, url);
  const started = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  let said = '';
  try {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!wasBeaten(error)) throw error;
        const seconds = (performance.now() - started) / 1000;
        const who = inWords(eye.seen());
        if (seconds >= lockWaitSeconds)
          throw new TaxonError(`${what} found no moment in ${lockWaitSeconds} s: in the way is ${who}`, {
            hint: 'Nothing was changed. End that transaction (select pg_terminate_backend(PID);), or try for longer: TAXON_LOCK_WAIT_SECONDS=600',
            cause: error,
          });
        const pids = eye.seen().map(({ pid }) => pid);
        if (String(pids) !== said || performance.now() - saidAt > sayMs) {
          said = String(pids);
          saidAt = performance.now();
          log.warn(`${what} lets others through and tries again: in the way is ${who}`, {
            tried: `${Math.round(seconds)} s of ${lockWaitSeconds} s`,
          });
        }
        await sleep(pauseMs);
      }
    }
  } finally {
    await eye.close();
    await client.query('reset lock_timeout').catch(() => {});
  }
}
