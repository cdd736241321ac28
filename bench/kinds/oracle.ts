import type { Database } from '../../src/database/connection/open.ts';
import type { Kind } from '../../src/database/kind-types.ts';
import { decideKind, type KindWord, listKinds, openKind } from '../../src/database/kinds.ts';

/** How a made-up person who knows the truth goes through kinds. */
export interface Person {
  /** How many names he looks at before he decides, drawn at random. */
  looks: number;
  /** He stops after so many screens. */
  screens: number;
}

export interface Step {
  screens: number;
  /** Names read on these screens. */
  read: number;
  /** Labels that were wrong and are right now, and the other way round. */
  corrected: number;
  spoiled: number;
  /** Share of the labels that is wrong. */
  wrong: number;
}

/** Screens after which it is counted. */
const counted = [1, 2, 5, 10, 20, 50, 100, 200, 400, 800];

/** What most of some names are, by the truth. */
function mostOf(truths: readonly number[]): { category: number; times: number } {
  const times = new Map<number, number>();
  for (const truth of truths) times.set(truth, (times.get(truth) ?? 0) + 1);
  const [category, n] = [...times].reduce((best, next) => (next[1] > best[1] ? next : best));
  return { category, times: n };
}

/**
 * Decides kinds as their list has them. Where at least half of the names shown are of one category he says so and unmarks the
 * others; where not, he has the kind split, or put aside where that cannot be. Kinds against which nothing speaks end it.
 *
 * @param truth the category of each name key
 */
export async function decideAll(
  db: Database,
  truth: ReadonlyMap<string, number>,
  { looks, screens }: Person,
  onStep: (step: Step) => void,
): Promise<void> {
  let read = 0;
  async function next(): Promise<Kind | undefined> {
    const [first] = await listKinds(db, 1, null);
    return first?.likely_wrong ? openKind(db, first.kind_id, looks) : undefined;
  }
  for (let screen = 1; screen <= screens; screen++) {
    const kind = await next();
    if (kind === undefined) break;
    const truths = kind.members.map(({ name }) => truth.get(name) as number);
    read += truths.length;
    const { category, times } = mostOf(truths);
    const unmarked = kind.members.filter((_, i) => truths[i] !== category).map(({ n }) => n);
    const all: KindWord = { mode: 'decide', categoryId: category, unmarked, shown: looks };
    if (times * 2 >= truths.length) await decideKind(db, kind.kind_id, all);
    else
      await decideKind(db, kind.kind_id, { mode: 'split' }).catch(() =>
        decideKind(db, kind.kind_id, { mode: 'not_sure' }),
      );
    if (counted.includes(screen)) onStep({ screens: screen, read, ...(await count(db)) });
  }
}

/** How the labels stand to the table `bench_truth`, which also has what they were. */
export async function count(db: Database): Promise<Pick<Step, 'corrected' | 'spoiled' | 'wrong'>> {
  return db.row(
    `select count(*) filter (where t.given <> t.category_id and l.category_id = t.category_id) as corrected,
            count(*) filter (where t.given = t.category_id and l.category_id <> t.category_id) as spoiled,
            avg((l.category_id <> t.category_id)::integer)::float8 as wrong
       from bench_truth t join taxon.labels l using (name_hash)`,
  );
}
