import { refusing } from '../connection/refusals.ts';
import type { Asking } from './as-role.ts';
import type { ModelRow, ModelsScreen, TaxonomyScreen, TreeRow } from './model-shapes.ts';

/** What the screens models and taxonomy show. */

/** So many models and changes, the newest. */
const listed = 20;

export async function models(ask: Asking): Promise<ModelsScreen> {
  const each = (of: (level: string) => string) =>
    ['l1', 'l2', 'l3'].map((level) => `'${level}', (${of(level)})::float8`).join(', ');
  const rows = await ask.rows<ModelRow>(
    `select m.model_id, m.state, m.created_at, m.promoted_at, split_part(m.encoder, ' ', 1) as encoder, m.labels, m.files, m.bytes, m.l1, m.l2, m.l3,
            m.certified, m.code_version,
            json_build_object('names', (m.metrics #>> '{names,valid}')::bigint, ${each((level) => `m.metrics #>> '{levels,${level},validAccuracy}'`)}) as heads,
            -- a first model's training judged it as it answers, a full one's report did
            json_build_object('names', coalesce(m.metrics #>> '{agreement,names}', r.report #>> '{diagnostics,names}')::bigint, ${each(
              (level) =>
                `coalesce(m.metrics #>> '{agreement,${level}}', case when m.encoder is not null then r.report #>> '{diagnostics,levels,${level},top1}' end)`,
            )}) as whole,
            g.passed, g.reasons, g.judged_at
       from ${ask.at}models_readable m
       left join lateral (select * from ${ask.at}gate_report(m.model_id) limit 1) g on true
       left join ${ask.internal}training_runs r on r.run_id = m.run_id
       order by m.model_id desc limit ${listed}`,
  );
  const [rollout] = await ask.rows<NonNullable<ModelsScreen['rollout']>>(
    `select r.model_id, r.champion, r.stage, r.stage_at,
            (select count(*) from ${ask.internal}evidence e where e.evidence_id > r.from_evidence_id and e.model_id = r.model_id) as seen,
            (${ask.at}setting(r.stage || '_names'))::integer as of
       from ${ask.internal}rollouts r where r.ended_at is null`,
  );
  const autopilot = await ask.rows<ModelsScreen['autopilot'][number]>(`select * from ${ask.at}autopilot()`);
  const [ahead] = await refusing(
    ask.rows<ModelsScreen['ahead']>(
      `select labels_trained, labels_now, labels_then, verdict from ${ask.at}learning_curve()`,
    ),
  );
  const points = await ask.rows<ModelsScreen['points'][number]>(
    `select names, all_right, passed_on, llm_share from ${ask.at}learning_readable`,
  );
  return { models: rows, rollout: rollout ?? null, autopilot, ahead: ahead as ModelsScreen['ahead'], points };
}

/** The tree with what lies in each category itself, and what people found of the answers that named it. */
export async function taxonomy(ask: Asking): Promise<TaxonomyScreen> {
  const tree = await ask.rows<TreeRow>(
    `select c.category_id, c.parent_id, c.name, c.level, c.external_id, coalesce(l.n, 0) as labels, coalesce(p.n, 0) as products,
            coalesce(k.checked, 0) as checked, coalesce(k.wrong, 0) as wrong
       from ${ask.at}categories c
       left join (select category_id, count(*) as n from ${ask.at}labels group by 1) l using (category_id)
       left join (select category_id, count(*) as n from ${ask.at}products where category_id is not null group by 1) p using (category_id)
       left join (select category_id, count(*) as checked, count(*) filter (where not verdict) as wrong
                    from ${ask.internal}checks where verdict is not null and auditor = 'human' group by 1) k using (category_id)
       where c.retired_at is null order by c.level, c.name`,
  );
  const history = await ask.rows<TaxonomyScreen['history'][number]>(
    `select taxonomy_change_id, kind, path, path_now, labels, products, note, reason, changed_by, changed_at, undone_at, undo_of
       from ${ask.at}taxonomy_history order by taxonomy_change_id desc limit ${listed}`,
  );
  const progress = await ask.rows<TaxonomyScreen['progress'][number]>(
    `select taxonomy_change_id, path, waiting, asked, moved, kept, tokens, max_tokens, state from ${ask.at}taxonomy_progress limit ${listed}`,
  );
  return { tree, history, progress };
}
