import { setTimeout as sleep } from 'node:timers/promises';
import { log } from '../log.ts';
import { progress } from '../progress.ts';
import { alone } from './jobs.ts';
import type { Database } from './open.ts';

/** How many labels a walk looks at in one transaction: a third of a second where none is signed. */
const page = 2000;

interface Signing {
  /** Rests after each page as long as it took, and draws no bar: nobody waits for it. */
  background: boolean;
  /** Looks for labels that came while triggers were off, too, where all seem to be signed. */
  again: boolean;
  signal: AbortSignal | undefined;
}

/** One walk over all labels; returns how many it signed. */
async function walk(
  db: Database,
  { background, signal }: Signing,
  at: (labels: number) => void,
): Promise<number> {
  let all = 0;
  let after: Buffer | null = null;
  for (let seen = page; ; seen += page) {
    signal?.throwIfAborted();
    const since = performance.now();
    const { last_hash, signed }: { last_hash: Buffer | null; signed: number } = await db.row(
      `select last_hash, signed from ${db.at}sign_labels($1, $2)`,
      [after, page],
    );
    all += signed;
    at(seen);
    after = last_hash;
    if (after === null) return all;
    // what is signed already takes no time
    if (background && signed > 0) await sleep(performance.now() - since, null, { signal });
  }
}

/** Whether every label has its signature, or memory is too small for them. */
async function isSigned(db: Database): Promise<boolean> {
  return (await db.row<{ done: boolean }>(`select ${db.at}signed() as done`)).done;
}

async function sign(db: Database, options: Signing): Promise<number> {
  const { labels } = await db.row<{ labels: number }>(`select count(*) as labels from ${db.at}labels`);
  const bar = options.background ? null : progress('signing labels', labels, 'labels');
  let all = 0;
  try {
    // The later walks find little: they are there for what others wrote while the first began.
    for (let walks = 0; walks < 3; walks++) {
      all += await walk(db, options, (seen) => (walks === 0 ? bar?.at(Math.min(seen, labels)) : null));
      if (await isSigned(db)) break;
    }
  } finally {
    bar?.end();
  }
  return all;
}

/**
 * Signs all labels that have no signature, so that the similar layer need not look through the index of trigrams; nothing where
 * memory is small, or another process does it. Each page is a transaction: an interruption loses nothing.
 *
 * @returns how many were signed
 */
export async function signLabels(db: Database, options: Signing): Promise<number> {
  let all = 0;
  await alone(db, 'sign labels', async () => {
    if (options.again || !(await isSigned(db))) all = await sign(db, options);
  });
  if (all > 0) log.info('labels signed for similar look-up', { labels: all });
  return all;
}
