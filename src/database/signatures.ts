import { setTimeout as sleep } from 'node:timers/promises';
import { log } from '../log.ts';
import { type Progress, progress } from '../progress.ts';
import type { Database } from './connection/open.ts';
import { alone } from './jobs.ts';

/** How many labels are signed in one transaction: a third of a second. */
const page = 2000;

interface Signing {
  /** Rests after each page as long as it took, and draws no bar: nobody waits for it. */
  background: boolean;
  /** Looks for labels that came while triggers were off, too, where all seem to be signed. */
  again: boolean;
  signal: AbortSignal | undefined;
}

/** Does one page after the other until `next` returns null; returns how many labels were signed. */
async function pages(
  { background, signal }: Signing,
  bar: Progress | null,
  next: () => Promise<number | null>,
): Promise<number> {
  for (let all = 0; ; ) {
    signal?.throwIfAborted();
    const since = performance.now();
    const signed = await next();
    if (signed === null) return all;
    all += signed;
    bar?.at(all);
    // what is signed already takes no time
    if (background && signed > 0) await sleep(performance.now() - since, null, { signal });
  }
}

/** Signs labels category by category, so that what is alike lies together; what moves meanwhile is left to the walks. */
async function byCategory(db: Database, options: Signing, bar: Progress | null): Promise<number> {
  const categories = await db.rows<{ id: number }>(
    `select c.category_id as id from ${db.at}categories c
       where exists (select from ${db.at}labels l where l.category_id = c.category_id) order by c.path_ids`,
  );
  let at = 0;
  return pages(options, bar, async () => {
    const category = categories[at];
    if (category === undefined) return null;
    const sql = `select ${db.internal}sign_category($1, $2) as signed`;
    const { signed } = await db.row<{ signed: number }>(sql, [category.id, page]);
    if (signed < page) at++;
    return signed;
  });
}

/** A walk over all labels by digest, which nothing escapes. */
async function walk(db: Database, options: Signing): Promise<number> {
  let after: Buffer | null = null;
  let ended = false;
  return pages(options, null, async () => {
    if (ended) return null;
    const { last_hash, signed }: { last_hash: Buffer | null; signed: number } = await db.row(
      `select last_hash, signed from ${db.internal}sign_labels($1, $2)`,
      [after, page],
    );
    after = last_hash;
    ended = after === null;
    return signed;
  });
}

/** Whether every label has its signature, or memory is too small for them. */
async function isSigned(db: Database): Promise<boolean> {
  return (await db.row<{ done: boolean }>(`select ${db.internal}signed() as done`)).done;
}

async function sign(db: Database, options: Signing): Promise<number> {
  if (!(await db.row<{ kept: boolean }>(`select ${db.internal}begin_signing() as kept`)).kept) return 0;
  const { labels } = await db.row<{ labels: number }>(`select count(*) as labels from ${db.at}labels`);
  const bar = options.background ? null : progress('signing labels', labels, 'labels');
  try {
    let all = (await isSigned(db)) ? 0 : await byCategory(db, options, bar);
    // The second finds little: it is there for what others were writing when the first began.
    for (let walks = 0; walks < 2; walks++) {
      all += await walk(db, options);
      if (await isSigned(db)) break;
    }
    return all;
  } finally {
    bar?.end();
  }
}

/**
 * Signs all labels that have no signature, so that the similar layer need not look through the index of trigrams; nothing where
 * memory is small, or another process does it. Each page is a transaction: an interruption loses nothing.
 *
 * @returns how many were signed
 */
export async function signLabels(db: Database, options: Signing): Promise<number> {
  // asked before a connection is held for the lock: a small memory's import needs no second one
  if (!options.again && (await isSigned(db))) return 0;
  let all = 0;
  await alone(db, 'sign labels', async () => {
    all = await sign(db, options);
  });
  if (all > 0) log.info('labels signed for similar look-up', { labels: all });
  return all;
}
