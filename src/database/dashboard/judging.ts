import { alternativesTo } from '../checks.ts';
import { refusing } from '../connection/refusals.ts';
import type { Asking } from './as-role.ts';
import type {
  Candidate,
  CategoryChoice,
  DecisionRow,
  MistakeRow,
  OpenCheckRow,
  ReviewScreen,
  Simulated,
  Suggestion,
  ThresholdsScreen,
} from './judging-shapes.ts';
import { cutName } from './screens.ts';

/** What the screens thresholds and review show. */

/** So many open checks are on the screen's list at a time. */
const listed = 50;

export async function thresholds(
  ask: Asking,
  maxError: number,
  confidence: number,
): Promise<ThresholdsScreen> {
  const [now] = await ask.rows<NonNullable<ThresholdsScreen['now']>>(
    `select model_id, l1, l2, l3, certified, reason from ${ask.at}models_readable where state = 'champion'`,
  );
  const [mode] = await ask.rows<{ value: string }>(
    `select h.value from ${ask.at}health() h where h.item = 'local layer'`,
  );
  const [promise] = await ask.rows<NonNullable<ThresholdsScreen['promise']>>(
    `select promise_id, max_error, confidence, reason, made_at from ${ask.internal}promises where ended_at is null`,
  );
  const curve = await ask.rows<ThresholdsScreen['curve'][number]>(
    `select coverage, l1, l2, l3, names, expected_error, checked, wrong, measured_error, lower, upper from ${ask.at}coverage_curve()`,
  );
  const [today] =
    now === undefined
      ? []
      : await ask.rows<{ share_after: number | null }>(
          `select share_after from ${ask.at}simulate_thresholds()`,
        );
  const trust = await ask.rows<ThresholdsScreen['trust'][number]>(`select * from ${ask.at}trust()`);
  const [suggestion] = await refusing(
    ask.rows<Suggestion>(`select * from ${ask.at}suggest_thresholds($1, $2)`, [maxError, confidence]),
  );
  const history = await ask.rows<ThresholdsScreen['history'][number]>(
    `select threshold_id, l1, l2, l3, reason, set_by, set_at, branch_path, certified, undone_at
       from ${ask.at}threshold_history where model_state = 'champion' order by threshold_id desc limit 10`,
  );
  return {
    now: now ?? null,
    mode: mode?.value ?? 'on',
    share_now: today?.share_after ?? null,
    promise: promise ?? null,
    curve,
    trust,
    suggestion: { ...(suggestion as Suggestion), max_error: maxError, confidence },
    history,
  };
}

/** What other thresholds would change, over the evidence that is kept. */
export async function simulate(ask: Asking, l1: number, l2: number, l3: number): Promise<Simulated> {
  const [row] = await refusing(
    ask.rows<Simulated>(`select * from ${ask.at}simulate_thresholds($1::real, $2::real, $3::real)`, [
      l1,
      l2,
      l3,
    ]),
  );
  return row as Simulated;
}

/**
 * Open checks whose product is still there under the same name, and the last decisions of whoever asks.
 *
 * @param mine   ids of his last checks, the newest last; null: those that this login decided last
 * @param others ids that this login decided for other people
 */
export async function review(
  ask: Asking,
  kind: 'checks' | 'audits',
  { mine, others }: { mine: readonly number[] | null; others: readonly number[] },
): Promise<ReviewScreen> {
  const isAudit = `o.strategy = 'audit'`;
  const [open] = await ask.rows<ReviewScreen['open']>(
    `select count(*) filter (where p.product_id is not null and not ${isAudit}) as checks,
            count(*) filter (where p.product_id is not null and ${isAudit}) as audits, count(*) filter (where p.product_id is null) as gone
       from ${ask.at}open_checks() o
       left join ${ask.at}products p on p.product_id = o.product_id and p.name_key = ${ask.at}normalise(o.name)`,
  );
  const list = await ask.rows<OpenCheckRow>(
    `select o.check_id, o.product_id, ${cutName('o.name')}, o.path, o.l1_confidence, o.l2_confidence, o.l3_confidence, o.similarity, o.layer,
            o.strategy, o.category_id
       from ${ask.at}open_checks() o
       join ${ask.at}products p on p.product_id = o.product_id and p.name_key = ${ask.at}normalise(o.name)
       where (${isAudit}) = $1 order by o.check_id limit ${listed}`,
    [kind === 'audits'],
  );
  const recent = await ask.rows<DecisionRow>(
    `select k.check_id, k.product_id, left(k.name_key, 300) as name, ${ask.at}category_path(k.category_id) as path, k.category_id,
            coalesce(k.second_verdict, k.verdict) as verdict, ${ask.at}category_path(coalesce(k.second_truth_category_id, k.truth_category_id)) as truth,
            coalesce(k.second_by, k.checked_by) as by, coalesce(k.second_at, k.checked_at) as at
       from ${ask.internal}checks k
       where k.verdict is not null and k.auditor = 'human'
         and case when $1::bigint[] is null then coalesce(k.second_by, k.checked_by) = session_user and k.check_id <> all ($2::bigint[]) else k.check_id = any ($1) end
       order by case when $1::bigint[] is null then extract(epoch from coalesce(k.second_at, k.checked_at)) else array_position($1, k.check_id) end desc
       limit 10`,
    [mine, others],
  );
  return { open: open as ReviewScreen['open'], list, recent };
}

/** Every category in use, for typing ahead. */
export function choices(ask: Asking): Promise<CategoryChoice[]> {
  return ask.rows(`select category_id, path from ${ask.at}categories_readable where in_use order by path`);
}

/** Labels that are most likely wrong, with the row of products that a person's word would be given to. */
export function mistakes(ask: Asking): Promise<MistakeRow[]> {
  return ask.rows(
    `select ${cutName('m.name')}, m.label, h.category_id as label_id, m.predicted, s.category_id as predicted_id, m.level, m.confidence, m.source,
            (select min(p.product_id) from ${ask.at}products p
               where ${ask.internal}name_hash(p.name_key) = ${ask.internal}name_hash(m.name)) as product_id
       from ${ask.at}confident_mistakes(100) m
       left join ${ask.at}categories_readable h on h.path = m.label and h.in_use
       left join ${ask.at}categories_readable s on s.path = m.predicted and s.in_use
       where m.source <> 'human'
       order by m.confidence desc, m.name`,
  );
}

/** So many of the categories beside the answer are offered, where nothing points at another. */
const besides = 5;

/** Letters of another name that are shown. */
const shownLetters = 80;

/** Other answers that a checked name might have, as many as there are digits; each category once, never the answer itself. */
export function candidates(ask: Asking, checkId: number): Promise<Candidate[]> {
  return alternativesTo(ask, checkId, 9, {
    longest: shownLetters,
    also: [
      `select m.category_id, 'as "' || left(m.matched_key, ${shownLetters}) || '"', 3, -m.similarity
         from checked k cross join ${ask.at}look_up(k.name_key) m where length(k.name_key) <= 500`,
      `(select c.category_id, 'beside the answer', 4, (c.parent_id is distinct from a.parent_id)::integer
          from checked k join ${ask.at}categories a on a.category_id = k.category_id
          join ${ask.at}categories c on c.l1 = a.l1 and c.level = a.level and c.category_id <> a.category_id and c.retired_at is null
          order by 4, c.category_id limit ${besides})`,
    ],
  });
}
