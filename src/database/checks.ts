import type { Database } from './connection/open.ts';
import { refusing } from './connection/refusals.ts';

/** Checks by people: drawing answers, judging them, taking a verdict back. */

/** An answer that waits for a person. */
export interface OpenCheck {
  check_id: number;
  /** Null or of another name by now: the row is gone or was renamed. */
  product_id: number | null;
  name: string;
  /** The answer to judge. */
  path: string;
  l1_confidence: number | null;
  l2_confidence: number | null;
  l3_confidence: number | null;
  similarity: number | null;
  layer: string;
  /** How many names it stands for. */
  weight: number;
  strategy: string;
  category_id: number;
  drawn_by: string;
  drawn_at: Date;
}

/** The oldest open checks; `most` null: all of them. */
export function openChecks(db: Database, most: number | null): Promise<OpenCheck[]> {
  return db.rows(`select * from ${db.at}open_checks() limit $1`, [most]);
}

/**
 * Draws answers of the champion; they are open checks from then on.
 *
 * @param categoryId the branch, for strategy `category`
 * @throws TaxonError where there is no champion, or no such strategy
 */
export async function spotCheck(
  db: Database,
  n: number,
  strategy: string,
  categoryId: number | null,
): Promise<void> {
  await refusing(db.rows(`select from ${db.at}draw_checks($1, $2, $3)`, [n, strategy, categoryId]));
}

/** What a verdict changed. */
export interface Verdict {
  verdict: boolean | null;
  label_before: string | null;
  label_after: string | null;
  /** Rows that say another category now. */
  corrected: number;
  /** Rows that are decided again. */
  asked_again: number;
}

/**
 * Says whether a check's answer is right; committed when this returns.
 *
 * @param categoryId what it is instead; null: not known
 * @throws TaxonError where the check or category is none
 */
export function judge(
  db: Database,
  checkId: number,
  right: boolean,
  categoryId: number | null,
): Promise<Verdict> {
  return refusing(db.row(`select * from ${db.internal}judge($1, $2, $3)`, [checkId, right, categoryId]));
}

/** Takes a verdict back. */
export function undoCheck(
  db: Database,
  checkId: number,
): Promise<{ label_after: string | null; undone: number; kept: number }> {
  return refusing(db.row(`select * from ${db.at}undo_check($1)`, [checkId]));
}

/** Another answer that a name might have, and who says so. */
export interface Alternative {
  category_id: number;
  path: string;
  says: string;
}

/**
 * What else a checked name might be: memory's label, the categories that the LLM would be offered, and the labels of the
 * nearest names where the champion's embedding of it is stored. Each category once, never the answer itself.
 *
 * @param also    further SELECTs of category_id, says, place and rank, over `checked` (name_key, name_hash, category_id)
 * @param longest so many letters of another name are shown; default: all
 */
export function alternativesTo(
  db: Pick<Database, 'at' | 'internal' | 'rows'>,
  checkId: number,
  most: number,
  { also = [], longest }: { also?: readonly string[]; longest?: number } = {},
): Promise<Alternative[]> {
  const said = [
    `select l.category_id, 'memory (' || l.source || ')' as says, 1 as place, 0::float8 as rank
       from checked k join ${db.at}labels l using (name_hash)`,
    `select s.category_id, 'candidate of the model', 2, s.rank
       from checked k join ${db.internal}queue q on q.name_hash = k.name_hash and q.stage = 'llm'
       cross join unnest(q.shortlist) with ordinality s(category_id, rank)`,
    `select n.category_id, 'as "' || ${longest === undefined ? 'n.neighbour_key' : `left(n.neighbour_key, ${longest})`} || '"', 3, -n.cosine
       from checked k cross join ${db.internal}neighbours(array[k.name_key], 10) n`,
    ...also,
  ];
  return db.rows(
    `with checked as (
       select k.name_key, k.name_hash, k.category_id from ${db.internal}checks k where k.check_id = $1
     ), said as (
       ${said.join('\n       union all\n       ')}
     ), once as (
       select distinct on (s.category_id) s.* from said s order by s.category_id, s.place, s.rank
     )
     select o.category_id, ${db.at}category_path(o.category_id) as path, o.says
       from once o join ${db.at}categories c on c.category_id = o.category_id and c.retired_at is null
       where o.category_id <> (select category_id from checked) order by o.place, o.rank limit $2`,
    [checkId, most],
  );
}
