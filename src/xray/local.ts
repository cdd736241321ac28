import type { Database } from '../database/connection/open.ts';
import { checksToProve } from '../database/xray.ts';
import { foldOf } from '../train/data/split.ts';
import { count } from './counted.ts';
import type { LocalPart, LocalShare } from './types.ts';
import type { LastFifth } from './walk.ts';

/** Fewer answers than this above a cut say nothing of its error. */
const leastAbove = 20;
const errors = [0.05, 0.1] as const;

interface Asked {
  sure: number;
  right: boolean;
  half: number;
}

/** The lowest confidence down to which at most this share of the answers is wrong; null where no cut is as good. */
function cutOf(asked: readonly Asked[], error: number): number | null {
  const order = asked.toSorted((a, b) => b.sure - a.sure);
  let wrong = 0;
  let cut: number | null = null;
  for (const [i, { sure, right }] of order.entries()) {
    if (!right) wrong++;
    if (i + 1 >= leastAbove && order[i + 1]?.sure !== sure && wrong / (i + 1) <= error) cut = sure;
  }
  return cut;
}

/** Each half is answered by the cut that was tuned on the other one. */
async function shareAt(db: Database, asked: readonly Asked[], error: number): Promise<LocalShare> {
  const cuts = [0, 1].map((half) =>
    cutOf(
      asked.filter((one) => one.half !== half),
      error,
    ),
  );
  const answered = asked.filter(({ half, sure }) => sure >= (cuts[half] ?? Number.POSITIVE_INFINITY));
  const wrong = answered.filter(({ right }) => !right).length;
  const share = answered.length / Math.max(1, asked.length);
  return {
    error,
    answered: await count(db, answered.length, asked.length),
    wrong: await count(db, wrong, answered.length),
    checks: share === 0 ? null : await checksToProve(db, error, share),
  };
}

/** What letters could answer of the newest fifth's cache misses, for 5 and 10 % of error against the labels. */
export async function localOf(db: Database, last: LastFifth): Promise<LocalPart> {
  const asked = [...last.said].map(([at, { path, confidence }]): Asked => {
    const key = last.keys[at] as string;
    return {
      sure: confidence[2],
      right: path.join() === last.routed[at]?.label.join(),
      half: foldOf(key, 2),
    };
  });
  return {
    learnt: last.learnt,
    asked: asked.length,
    shares: await Promise.all(errors.map((error) => shareAt(db, asked, error))),
  };
}
