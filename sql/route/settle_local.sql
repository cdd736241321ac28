-- taxon_internal: Settling a name settles every row that waits for it. Idempotent: only pending rows change, and the local stage's
-- functions act only on names whose lease the worker still holds, so a late worker overwrites nothing.

create or replace function candidates_below(branch bigint, shortlist bigint[]) returns bigint[]
  language sql stable
begin atomic
  select coalesce(array_agg(s.category_id order by s.place), '{}')
    from unnest(candidates_below.shortlist) with ordinality s(category_id, place) join categories c using (category_id)
    where candidates_below.branch = any (c.path_ids);
end;
comment on function candidates_below(bigint, bigint[]) is 'Those of a shortlist that lie in a branch, in their order. Example: select candidates_below(1, array[1, 2]);';

create or replace function pass_on(entries jsonb) returns bytea[]
  language plpgsql security definer set search_path from current set lock_timeout = '200ms' as $$
declare
  n integer := coalesce(jsonb_array_length(entries), 0);
begin
  if n = 0 then return array[]::bytea[]; end if;
  insert into queue (stage, name_key, branch, shortlist, odds)
    select 'llm', e.name_key, e.branch, e.shortlist, e.odds
      from jsonb_to_recordset(entries) e(name_key text, branch bigint, shortlist bigint[], odds real[])
      -- a stronger model has it
      where not exists (select from queue q where q.name_hash = name_hash(e.name_key) and q.stage = 'llm' and q.purpose = 'escalate')
      order by name_hash(e.name_key)
    on conflict (name_hash, purpose, step) where stage = 'llm' do nothing;
  return array[]::bytea[];
exception when lock_not_available or deadlock_detected then
  if n = 1 then return array[name_hash(entries -> 0 ->> 'name_key')]; end if;
  return array(
    select h from jsonb_array_elements(entries) e, lateral unnest(pass_on(jsonb_build_array(e))) h);
end $$;
comment on function pass_on(jsonb) is 'Puts names into the LLM stage: [{name_key, branch, shortlist, odds}]. Returns the digests of those that another transaction is putting there at this moment, as an open reject() does. Example: select pass_on(''[]'');';

create or replace function settle_local(worker text, model_id bigint, results jsonb)
  returns table (answered integer, passed_on integer)
  language plpgsql security definer set search_path from current as $$
declare
  t record;
  answers boolean := local_mode(null, settle_local.model_id) = 'on';
  watched jsonb := setting('shadow_branches');
  in_parts boolean := (setting('partial_answers'))::boolean;
  keeps boolean := (setting('evidence_days'))::numeric > 0;
  trained timestamptz := trained_from(settle_local.model_id);
  mine bytea[];
  onward jsonb;
  finished bytea[];
  waits bytea[];
  late bytea[];
  errors text[];
begin
  perform hold_taxonomy();
  results := sane_results(results);
  mine := take_names(array(select r ->> 'name_key' from jsonb_array_elements(results) r));
  -- Against bar_model(): what was taken back answers nothing more, and a model just replaced may finish what is in hand. Two
  -- statements, as the second must see what was committed while the first waited.
  if settle_local.model_id is not null then perform hold_lock('settling', shared => true); end if;
  if exists (select from models m where m.model_id = settle_local.model_id and m.barred_at is not null) then
    raise exception 'model % was taken back', settle_local.model_id using errcode = 'object_not_in_prerequisite_state', hint = 'Ask serving() which model answers, and decide the names again.';
  end if;
  -- one statement, one snapshot: a recalibration in between would judge new thresholds by old confidences
  select f.*, k.offsets, k.slopes into t
    from thresholds_in_force(settle_local.model_id) f left join calibration_in_force(settle_local.model_id) k on true;
  with given as materialized (
    select g.name_key as key, name_hash(g.name_key) as hash, g.category_id, g.shortlist, g.odds, g.confidence as said,
           calibrate(g.confidence[1], t.offsets[1], t.slopes[1]) as c1,
           calibrate(g.confidence[2], t.offsets[2], t.slopes[2]) as c2,
           calibrate(g.confidence[3], t.offsets[3], t.slopes[3]) as c3,
           g.margin, g.nearest, g.unknown, g.voices
      from jsonb_to_recordset(results)
        g(name_key text, category_id bigint, confidence real[], shortlist bigint[], odds real[], margin real, nearest real, unknown real, voices smallint)
  ), own as materialized (
    select * from overridden(settle_local.model_id)
  ), judged as materialized (
    -- thresholds_for(), once a batch; where the local layer may answer at all, as local_mode() says it of the branch
    select distinct on (g.hash) g.key, g.hash, coalesce(c.category_id, g.category_id) as category_id, g.shortlist, g.odds, g.said,
           g.c1, g.c2, g.c3, g.margin, g.nearest, g.unknown, g.voices, c.l1, c.l2, c.l3, coalesce(o.threshold_id, t.threshold_id) as threshold_id,
           greatest(t.l1, o.l1) as t1, greatest(t.l2, o.l2) as t2, greatest(t.l3, o.l3) as t3,
           -- a category was made below it that the model does not know: only the LLM can tell them apart
           c.category_id is not null and o.never_local is not true and not exists (
             select from categories f where f.parent_id = c.category_id and f.retired_at is null and f.in_use_since > trained) as may,
           answers and not watched @> to_jsonb(c.l1) as live
      from given g
      join queue q on q.name_hash = g.hash and q.stage = 'local' and q.worker = settle_local.worker and q.name_hash = any (mine)
      -- a model, or a name claimed before a change, may know it by an id that was merged away, or is of no use any more
      left join categories k on k.category_id = g.category_id
      left join categories c on c.category_id = coalesce(k.merged_into, k.category_id) and c.retired_at is null
      left join own o on o.category_id = c.category_id
  ), decided as materialized (
    select j.*, v.clear, v.clear and coalesce(j.live, false) as ok,
           -- partial answers: the deepest category that is sure although the path is not
           case when not in_parts or not j.may or not coalesce(j.live, false) or v.clear then null
                when clears(j.c1, j.c2, j.c2, j.t1, j.t2, 0) then coalesce(j.l2, j.l1)
                when clears(j.c1, j.c1, j.c1, j.t1, 0, 0) then j.l1 end as safe,
           case when j.said is not null and keeps then nextval(pg_get_serial_sequence('evidence', 'evidence_id')) end as evidence_id
      from judged j cross join lateral (select j.may and clears(j.c1, j.c2, j.c3, j.t1, j.t2, j.t3) as clear) v
  ), written as materialized (
    select * from settle_rows((
      select jsonb_agg(jsonb_build_object('name_key', d.key, 'category_id', case when d.ok then d.category_id else d.safe end,
               'source', case when d.ok then 'local' end, 'c1', d.c1, 'c2', d.c2, 'c3', d.c3,
               'model_id', case when d.c1 is not null then settle_local.model_id end, 'evidence_id', d.evidence_id)) from decided d), true)
  ), fate as materialized (
    select d.*, w.product_id, coalesce(w.late, false) as late, w.error,
           -- a name whose rows are all held, or refuse what the local layer says, is not asked about yet
           not d.ok and coalesce(w.any_done, true) as goes_on
      from decided d
      left join (select x.name_hash, min(x.product_id) filter (where x.done) as product_id, bool_or(x.done) as any_done, bool_or(not x.done) as late,
                        max(x.error) as error from written x group by 1) w on w.name_hash = d.hash
  ), seen as (
    insert into evidence (evidence_id, product_id, model_id, category_id, threshold_id, l1_said, l2_said, l3_said, margin, nearest,
                          unknown, voices, clears, answered)
      overriding system value
      select d.evidence_id, d.product_id, settle_local.model_id, d.category_id, d.threshold_id, d.said[1], d.said[2], d.said[3],
             d.margin, d.nearest, d.unknown, d.voices, d.clear, d.ok
        from fate d where d.evidence_id is not null and d.product_id is not null
  )
  select (count(*) filter (where d.ok and (d.product_id is not null or not d.late)))::integer,
         jsonb_agg(jsonb_build_object('name_key', d.key,
             -- Names that may well be elsewhere are asked in two stages, and not among those that a short list does for: on 900
             -- real titles 155 tokens a name with .85, 186 with 0 and 162 with .9.
             'branch', case when d.safe is not null or d.odds is null or (select sum(o) from unnest(d.odds) o) >= .85
               then coalesce(d.l1, (select c.l1 from categories c where c.category_id = d.shortlist[1])) end,
             'shortlist', case when d.safe is null then d.shortlist else coalesce(nullif(candidates_below(d.safe, d.shortlist), '{}'), d.shortlist) end,
             'odds', case when d.safe is null then d.odds end)) filter (where d.goes_on),
         coalesce(array_agg(d.hash) filter (where not d.late), '{}'),
         coalesce(array_agg(d.hash order by d.hash) filter (where d.late), '{}'), coalesce(array_agg(d.error order by d.hash) filter (where d.late), '{}')
    into answered, onward, finished, late, errors
    from fate d;
  waits := pass_on(onward);
  passed_on := coalesce(jsonb_array_length(onward), 0) - cardinality(waits);
  delete from queue q where q.name_hash = any (finished) and q.stage = 'local' and q.name_hash <> all (waits);
  perform put_off(waits, array_fill(null::text, array[cardinality(waits)]), '{local}');
  perform put_off(late, errors, '{local}');
  return next;
end $$;
comment on function settle_local(text, bigint, jsonb) is 'Layer 3''s verdict on claimed names. results: [{name_key, category_id, confidence: [l1, l2, l3] as the model says, shortlist: [category_id, …], odds: [how likely each is], margin, nearest, unknown, voices}]. Names whose calibrated confidences clear the thresholds of their branch are answered where local_mode() is on, the others go to the LLM stage with their shortlist; both leave their evidence. A category that was merged counts as its successor, a retired one as no answer, and one below which there is a category newer than the model is asked of the LLM. With partial_answers the levels that clear are shown while the LLM is asked for the rest. Rows that another transaction holds, or that refuse what is written, are put off. A model that was taken back is refused (SQLSTATE 55000).';
grant execute on function settle_local to taxon_sidecar;

create or replace function note_shadow(model_id bigint, results jsonb) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  t record;
  noted integer;
begin
  if (setting('evidence_days'))::numeric = 0 then return 0; end if;
  select f.*, k.offsets, k.slopes into t
    from thresholds_in_force(note_shadow.model_id) f left join calibration_in_force(note_shadow.model_id) k on true;
  insert into evidence (product_id, model_id, category_id, threshold_id, l1_said, l2_said, l3_said, margin, nearest, unknown, voices, clears, answered)
    select p.product_id, note_shadow.model_id, coalesce(c.category_id, g.category_id), coalesce(o.threshold_id, t.threshold_id), g.confidence[1], g.confidence[2], g.confidence[3],
           g.margin, g.nearest, g.unknown, g.voices,
           c.category_id is not null and o.never_local is not true
             and clears(calibrate(g.confidence[1], t.offsets[1], t.slopes[1]), calibrate(g.confidence[2], t.offsets[2], t.slopes[2]),
                        calibrate(g.confidence[3], t.offsets[3], t.slopes[3]), greatest(t.l1, o.l1), greatest(t.l2, o.l2), greatest(t.l3, o.l3)), false
      from jsonb_to_recordset(sane_results(results)) g(name_key text, category_id bigint, confidence real[], margin real, nearest real, unknown real, voices smallint)
      -- the row that the champion's evidence stands on, or may: what is compared is what both said of one name
      join lateral (select x.product_id from products x where name_hash(x.name_key) = name_hash(g.name_key)
                      order by x.evidence_id desc nulls last, x.product_id limit 1) p on true
      left join categories c on c.category_id = in_use(g.category_id) and c.retired_at is null
      left join overridden(note_shadow.model_id) o on o.category_id = c.category_id;
  get diagnostics noted = row_count;
  return noted;
end $$;
comment on function note_shadow(bigint, jsonb) is 'Keeps what a model in shadow says of names that were just decided as evidence, and whether that would have been enough; changes no row. results: as settle_local() takes them. Returns how many. Example: select note_shadow((select model_id from champion()), ''[]'');';
grant execute on function note_shadow to taxon_admin, taxon_sidecar;
