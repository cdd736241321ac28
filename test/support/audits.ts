import { until } from './processes.ts';
import type { TaxonDatabase } from './sql.ts';

export interface Drawn {
  layer: string;
  auditor: string;
  drawn: number;
}

/** Rows that a layer has answered, as settling leaves them; `similarity` of the similar layer. */
export async function answered(
  t: TaxonDatabase,
  source: string,
  path: string,
  names: readonly string[],
  similarity: number | null = null,
): Promise<void> {
  const category = await t.category(path);
  await t.owner.rows('insert into products (name) select unnest($1::text[])', names);
  await t.owner.rows(
    `update products p set state = 'done', source = $2, category_id = c.category_id, l1 = c.l1, l2 = c.l2, l3 = c.l3,
       similarity = $4, classified_at = now()
     from categories c where c.category_id = $3 and p.name = any ($1) and p.state = 'pending'`,
    names,
    source,
    category,
    similarity,
  );
  await t.owner.rows(
    `delete from queue where stage = 'local' and name_key in (select normalise(n) from unnest($1::text[]) n)`,
    names,
  );
}

/** Waits until every row inserted so far may be looked at by draw_audits(): another test file's open transaction holds it back. */
export async function drawable(t: TaxonDatabase): Promise<void> {
  await until(
    () =>
      t.owner.value<boolean>(
        'select coalesce(max(inserted_xact) < pg_snapshot_xmin(pg_current_snapshot()), true) from products',
      ),
    (passed) => passed,
  );
}

/** draw_audits() once it may look at all. */
export async function draw(t: TaxonDatabase): Promise<Drawn[]> {
  await drawable(t);
  return t.owner.rows<Drawn>('select * from draw_audits()');
}

/** A living sidecar that has a provider. */
export function provider(t: TaxonDatabase): Promise<unknown> {
  return t.owner.rows(`select heartbeat('one', 'h', 1, '1', null, 'openai gpt', true, false, null)`);
}

export interface Judged {
  layer?: string;
  strategy?: string;
  auditor?: string;
  weight?: number;
  second?: boolean | null;
  evidence?: number | null;
  name?: string;
}

/** Judged checks: so many in all, so many of them wrong. */
export async function judgedChecks(
  t: TaxonDatabase,
  checks: number,
  wrong: number,
  facts: Judged = {},
): Promise<void> {
  await t.owner.rows(
    `insert into checks (name_key, layer, strategy, weight, auditor, verdict, second_verdict, evidence_id, checked_by)
     select coalesce($9, 'n' || i), $1, $2, $3, $4, i > $5, $6, $7, 'anna' from generate_series(1, $8::integer) i`,
    facts.layer ?? 'local',
    facts.strategy ?? 'audit',
    facts.weight ?? 100,
    facts.auditor ?? 'human',
    wrong,
    facts.second ?? null,
    facts.evidence ?? null,
    checks,
    facts.name ?? null,
  );
}
