import type { Config } from '../../src/config.ts';
import { isRight, type Judged } from './names.ts';
import { openThrowAway } from './throw-away.ts';

export interface Suggestion {
  feasible: boolean;
  l1: number;
  l2: number;
  l3: number;
}

/** A throw-away database that holds the evidence of some names of one model, and no check yet. */
export interface BoundDatabase {
  /**
   * Makes checks of these names, by their place, all there are.
   *
   * @param floor what the model says at least of each name that could have been drawn; 0: they were drawn among all
   */
  check(places: readonly number[], floor: number): Promise<void>;
  /** One proof at 95 %, as the figures of docs/measured/trust.md and docs/measured/llm.md are of one. */
  suggest(maxError: number): Promise<Suggestion>;
  close(): Promise<void>;
}

const drawn = `
  with drawn as (
    insert into taxon_internal.checks (name_key, layer, strategy, weight, floor, evidence_id, model_id, category_id, verdict, checked_by, checked_at)
      select 'name ' || e.evidence_id, 'local', case when $2::real > 0 then 'surer' else 'uniform' end, 1, $2, e.evidence_id, 1,
             e.category_id, t.is_right, 'bench', now()
        from taxon_internal.evidence e join truth t using (evidence_id) where e.evidence_id = any ($1)
      returning check_id, evidence_id)
  insert into taxon_internal.check_scores (check_id, model_id, category_id, l1_said, l2_said, l3_said)
    select d.check_id, 1, e.category_id, e.l1_said, e.l2_said, e.l3_said from drawn d join taxon_internal.evidence e using (evidence_id)`;

/** Opens one with the evidence of these names, in their order. */
export async function openBoundDatabase(config: Config, names: readonly Judged[]): Promise<BoundDatabase> {
  const db = await openThrowAway(config);
  const { id } = await db.row<{ id: number }>(`select taxon_internal.make_category('{All}') as id`);
  const level = (at: 0 | 1 | 2) => names.map(({ said }) => said[at]);
  await db.rows(
    `insert into taxon_internal.evidence (product_id, model_id, category_id, l1_said, l2_said, l3_said, clears, answered)
     select i, 1, $4, l1, l2, l3, false, false from unnest($1::real[], $2::real[], $3::real[]) with ordinality u(l1, l2, l3, i) order by i`,
    [level(0), level(1), level(2), id],
  );
  await db.rows('create table truth (evidence_id bigint primary key, is_right boolean)');
  await db.rows('insert into truth select i, r from unnest($1::boolean[]) with ordinality u(r, i)', [
    names.map(isRight),
  ]);
  await db.rows('analyze');
  return {
    async check(places, floor) {
      await db.rows('truncate taxon_internal.checks cascade');
      await db.rows(drawn, [places.map((place) => place + 1), floor]);
    },
    suggest: (maxError) =>
      db.row('select feasible, l1, l2, l3 from taxon_internal.proved_thresholds($1, .95)', [maxError]),
    close: db.close,
  };
}
