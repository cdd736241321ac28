-- taxon_internal: Layer 3 or layer 4: the one place where confidences are compared with thresholds. What is asked of many names at
-- once, as a simulation does, takes the rules of the categories and clears(); what decides names calls decide().

create or replace function clears(may boolean, l1_confidence real, l2_confidence real, l3_confidence real, l1 real, l2 real, l3 real)
  returns boolean
  language sql immutable parallel safe
begin atomic
  -- compared as they are stored (real): .75 must clear .75; a broken model's NaN is greater than all numbers and must not
  select coalesce(may and l1_confidence >= l1 and l2_confidence >= l2 and l3_confidence >= l3
    and greatest(l1_confidence, l2_confidence, l3_confidence) < 'infinity', false);
end;
comment on function clears(boolean, real, real, real, real, real,
  real) is 'Three confidences against three thresholds: all must clear, where the local layer may answer with the category at all (may, t1, t2 and t3 of decision_rules()). Example: select clears(true, .9, .8, .7, .75, .55, .4);';

create or replace function passes(may boolean, l1_said real, l2_said real, l3_said real, thresholds real[], low real[], high real[],
    offsets real[], slopes real[]) returns boolean
  language sql immutable parallel safe
begin atomic
  select may and l1_said <= 1
    and (l3_said >= high[3] and l3_said <= 1 or l3_said >= low[3] and l3_said <= 1
      and calibrate(l3_said, offsets[3], slopes[3]) >= thresholds[3])
    and (l2_said >= high[2] or l2_said >= low[2] and calibrate(l2_said, offsets[2], slopes[2]) >= thresholds[2])
    and (l1_said >= high[1] or l1_said >= low[1] and calibrate(l1_said, offsets[1], slopes[1]) >= thresholds[1]);
end;
comment on function passes(boolean, real, real, real, real[], real[], real[], real[],
  real[]) is 'clears() for many rows: what was said from high on passes, below low it does not, and only between the two it is calibrated. Example: select passes(true, .9, .8, .7, array[.5, .5, .5], array[0, 0, 0], array[2, 2, 2], null, null);';

create or replace function decision_rules(model_id bigint, category_ids bigint[] default null, thresholds real[] default null)
  returns table (said_id bigint, category_id bigint, l1 bigint, l2 bigint, l3 bigint, t1 real, t2 real, t3 real, threshold_id bigint,
                 own boolean, may boolean, live boolean)
  language sql stable
begin atomic
  with once as materialized (
    select trained_from(decision_rules.model_id) as trained, local_mode(null, decision_rules.model_id) = 'on' as answers,
           setting('shadow_branches') as watched
  ), branches as materialized (
    select * from overridden(decision_rules.model_id)
  )
  select k.category_id, c.category_id, c.l1, c.l2, c.l3,
         -- a branch is only ever stricter: when all thresholds are tightened, its own do not stay behind
         greatest(coalesce(decision_rules.thresholds[1], f.l1), o.l1), greatest(coalesce(decision_rules.thresholds[2], f.l2), o.l2),
         greatest(coalesce(decision_rules.thresholds[3], f.l3), o.l3), coalesce(o.threshold_id, f.threshold_id), o.category_id is not null,
         -- a category was made below it that the model does not know: only the LLM can tell them apart
         c.category_id is not null and o.never_local is not true and not exists (
           select from categories n where n.parent_id = c.category_id and n.retired_at is null and n.in_use_since > once.trained),
         coalesce(once.answers and not once.watched @> to_jsonb(c.l1), false)
    from once cross join thresholds_in_force(decision_rules.model_id) f
    join categories k on k.category_id = any (coalesce(decision_rules.category_ids, array(select x.category_id from categories x)))
    -- a model, or a name claimed before a change, may know it by an id that was merged away, or is of no use any more
    left join categories c on c.category_id = coalesce(k.merged_into, k.category_id) and c.retired_at is null
    left join branches o on o.category_id = c.category_id;
end;
comment on function decision_rules(bigint, bigint[],
  real[]) is 'What the local layer needs to answer with a category, for each category id that a model may say (category_ids; all by default): the category in use that it stands for (NULL: none), the thresholds (those in force, or given ones, and the nearest branch''s own where these are stricter: own), whether the local layer may answer with it (not below a branch with never_local, no category below it that is newer than the model), and whether it answers there at present (local_mode(), shadow_branches). model_id NULL: the champion. Example: select category_id, t1, t2, t3, may, live from decision_rules(1);';

create or replace function decide(model_id bigint, answers jsonb)
  returns table (place bigint, name_key text, category_id bigint, l1 bigint, l2 bigint, l3 bigint, l1_confidence real, l2_confidence real,
                 l3_confidence real, threshold_id bigint, clear boolean, live boolean, safe bigint)
  -- PL/pgSQL keeps the plan, and one plan for all: making it takes longer than deciding a lone name
  language plpgsql stable set search_path from current set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  in_parts boolean := (setting('partial_answers'))::boolean;
begin
  -- one statement, one snapshot: a recalibration in between would judge new thresholds by old confidences
  return query
    with given as materialized (
      select g.* from rows from (jsonb_to_recordset(answers) as (name_key text, category_id bigint, confidence real[]))
        with ordinality g(name_key, category_id, said, place)
    ), judged as (
      select g.place, g.name_key, coalesce(r.category_id, g.category_id) as category_id, r.l1, r.l2, r.l3,
             calibrate(g.said[1], k.offsets[1], k.slopes[1]) as c1, calibrate(g.said[2], k.offsets[2], k.slopes[2]) as c2,
             calibrate(g.said[3], k.offsets[3], k.slopes[3]) as c3, coalesce(r.threshold_id, f.threshold_id) as threshold_id,
             r.may, coalesce(r.live, false) as live, r.t1, r.t2, r.t3
        from given g
        left join thresholds_in_force(decide.model_id) f on true
        left join calibration_in_force(decide.model_id) k on true
        left join decision_rules(decide.model_id, array(select distinct x.category_id from given x)) r on r.said_id = g.category_id
    )
    select j.place, j.name_key, j.category_id, j.l1, j.l2, j.l3, j.c1, j.c2, j.c3, j.threshold_id, v.clear, j.live,
           -- the deepest category that is sure although the path is not
           case when not in_parts or not j.live or v.clear then null
                when clears(j.may, j.c1, j.c2, j.c2, j.t1, j.t2, 0) then coalesce(j.l2, j.l1)
                when clears(j.may, j.c1, j.c1, j.c1, j.t1, 0, 0) then j.l1 end
      from judged j cross join lateral (select clears(j.may, j.c1, j.c2, j.c3, j.t1, j.t2, j.t3) as clear) v;
end $$;
comment on function decide(bigint, jsonb) is 'The decision "layer 3 or layer 4" for what a model says of names, in their order: answers: [{name_key, category_id, confidence: [l1, l2, l3] as the model says}]. clear: the calibrated confidences clear the thresholds of the category''s branch; the local layer answers where it is live as well, in shadow it only records. safe: with partial_answers the category that is sure where the path is not. A category that was merged counts as its successor, a retired one as no answer. model_id NULL: no model. Example: select clear, live from decide(1, ''[{"category_id": 7, "confidence": [0.9, 0.8, 0.7]}]'');';
grant execute on function decide to taxon_admin, taxon_sidecar;
