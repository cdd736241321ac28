import type { TaxonDatabase } from './sql.ts';

export interface Decision {
  name: string;
  category_id: number;
  /** What the model says of the whole path; l1 and l2 get the same. Default .9, which the thresholds let through. */
  said?: number;
  voices?: number | null;
}

/** Inserts names and has the local layer decide them, as a sidecar would. */
export async function decide(
  { owner, claim }: TaxonDatabase,
  model: number,
  decisions: readonly Decision[],
): Promise<void> {
  await owner.rows(
    'insert into products (name) select unnest($1::text[])',
    decisions.map(({ name }) => name),
  );
  await claim('sidecar', 100_000);
  await owner.rows(
    `select settle_local('sidecar', $1, (select jsonb_agg(r || jsonb_build_object('name_key', normalise(r ->> 'name'))) from jsonb_array_elements($2) r))`,
    model,
    JSON.stringify(
      decisions.map(({ name, category_id, said = 0.9, voices = 3 }) => ({
        ...{ name, category_id, confidence: [said, said, said], shortlist: [category_id], nearest: 0.5 },
        voices,
      })),
    ),
  );
}
