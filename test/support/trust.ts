import type { TaxonDatabase } from './sql.ts';

/** What trust is made of, put into the database without a sidecar. */

/** A model that could be loaded; the champion unless told otherwise. */
export async function makeModel(t: TaxonDatabase, promoted = true): Promise<number> {
  const encoder = await t.owner.value(`select register_encoder('e', 2)`);
  const model = await t.owner.value<number>(`select save_model($1, null, '{}')`, encoder);
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, model);
  if (promoted) await t.owner.rows('select promote_model($1)', model);
  return model;
}

/**
 * Cache misses of a model, one a number: what it says of the whole path. l1 and l2 are said a little surer.
 *
 * @returns the ids of their evidence, in order
 */
export async function missed(
  t: TaxonDatabase,
  model: number,
  category: number,
  said: readonly number[],
): Promise<number[]> {
  const before = await t.owner.value<number>('select count(*) from products');
  const rows = await t.owner.rows<{ id: number }>(
    `with p as (
       insert into products (name) select 'name ' || n + $4 from generate_series(1, cardinality($3::real[])) n returning product_id, name
     ), e as (
       insert into evidence (product_id, model_id, category_id, l1_said, l2_said, l3_said, clears, answered)
         select p.product_id, $1, $2, sqrt(sqrt(s)), sqrt(s), s, false, false
           from unnest($3::real[]) with ordinality u(s, n) join p on p.name = 'name ' || n + $4 order by n
         returning evidence_id, product_id
     )
     select evidence_id as id from e order by 1`,
    model,
    category,
    said,
    before,
  );
  await t.owner.rows(
    'update products p set evidence_id = e.evidence_id, model_id = e.model_id from evidence e where e.product_id = p.product_id',
  );
  return rows.map(({ id }) => id);
}

interface Drawn {
  strategy?: string;
  floor?: number;
  layer?: string;
  auditor?: string;
}

/** People's verdicts on evidence: whether each whole path is right; null: drawn, not judged yet. */
export async function judge(
  t: TaxonDatabase,
  evidence: readonly number[],
  verdicts: readonly (boolean | null)[],
  { strategy = 'uniform', floor = 0, layer = 'local', auditor = 'human' }: Drawn = {},
): Promise<number[]> {
  const rows = await t.owner.rows<{ id: number }>(
    `with drawn as (
       insert into checks (name_key, product_id, layer, strategy, weight, floor, evidence_id, model_id, category_id, auditor, verdict, checked_by, checked_at)
         select p.name_key, p.product_id, $3, $4, 1, $5, e.evidence_id, e.model_id, e.category_id, $6, u.verdict, 'me', now()
           from unnest($1::bigint[], $2::boolean[]) u(id, verdict) join evidence e on e.evidence_id = u.id join products p using (product_id)
         returning check_id, evidence_id
     ), scored as (
       insert into check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
         select d.check_id, e.model_id, e.category_id, e.l1_said, e.l2_said, e.l3_said from drawn d join evidence e using (evidence_id)
     )
     select check_id as id from drawn order by 1`,
    evidence,
    verdicts,
    layer,
    strategy,
    floor,
    auditor,
  );
  return rows.map(({ id }) => id);
}

/** Numbers from just below 1 down to just above 0, evenly spread. */
export const evenly = (n: number) => Array.from({ length: n }, (_, i) => (n - i - 0.5) / n);

/** Every so many-th one is wrong. */
export const wrongEach = (n: number, each: number) =>
  Array.from({ length: n }, (_, i) => i % each !== each - 1);

/** A champion with 500 cache misses, all of them checked: right above `from`, of those below every third is wrong. */
export async function checkedModel(
  t: TaxonDatabase,
  from = 200,
): Promise<{ model: number; ids: number[]; home: number }> {
  const model = await makeModel(t);
  const home = await t.category('Home');
  const ids = await missed(t, model, home, evenly(500));
  await judge(
    t,
    ids,
    wrongEach(500, 3).map((right, i) => right || i < from),
  );
  return { model, ids, home };
}
