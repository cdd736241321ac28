-- taxon_internal: Settling a name settles every row that waits for it. Idempotent: only pending rows change, and the local stage's
-- functions act only on names whose lease the worker still holds, so a late worker overwrites nothing.

create or replace function candidates_below(branch bigint, shortlist bigint[]) returns bigint[]
  language sql stable
begin atomic
  select coalesce(array_agg(s.category_id order by s.place), '{}')
    from unnest(candidates_below.shortlist) with ordinality s(category_id, place) join categories c using (category_id)
    where candidates_below.branch = any (c.path_ids);
end;
comment on function candidates_below(bigint,
  bigint[]) is 'Those of a shortlist that lie in a branch, in their order. Example: select candidates_below(1, array[1, 2]);';

create or replace function pass_on(entries jsonb) returns bytea[]
  language plpgsql security definer set search_path from current set lock_timeout = '200ms' as $$
declare
  n integer := coalesce(jsonb_array_length(entries), 0);
begin
  if n = 0 then return array[]::bytea[]; end if;
  insert into queue (stage, name_key, branch, shortlist, probabilities)
    select 'llm', e.name_key, e.branch, e.shortlist, e.probabilities
      from jsonb_to_recordset(entries) e(name_key text, branch bigint, shortlist bigint[], probabilities real[])
      -- a stronger model has it
      where not exists (select from queue q where q.name_hash = name_hash(e.name_key) and q.stage = 'llm'
                          and q.purpose = any (array(select p.purpose from purposes p where p.answers_rows)))
      order by name_hash(e.name_key)
    on conflict (name_hash, purpose, step) where stage = 'llm' do nothing;
  return array[]::bytea[];
exception when lock_not_available or deadlock_detected then
  if n = 1 then return array[name_hash(entries -> 0 ->> 'name_key')]; end if;
  return array(
    select h from jsonb_array_elements(entries) e, lateral unnest(pass_on(jsonb_build_array(e))) h);
end $$;
comment on function pass_on(jsonb) is 'Puts names into the LLM stage: [{name_key, branch, shortlist, probabilities}]. Returns the digests of those that another transaction is putting there at this moment, as an open reject() does. Example: select pass_on(''[]'');';

create or replace function settle_local(worker text, model_id bigint, results jsonb)
  returns table (answered integer, passed_on integer)
  language plpgsql security definer set search_path from current as $$
declare
  keeps boolean := (setting('evidence_days'))::numeric > 0;
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
    raise exception 'model % was taken back', settle_local.model_id using errcode = 'object_not_in_prerequisite_state',
      hint = 'Ask serving() which model answers, and decide the names again.';
  end if;
  with given as materialized (
    select g.*, name_hash(g.key) as hash
      from rows from (jsonb_to_recordset(results)
        as (name_key text, shortlist bigint[], probabilities real[], confidence real[], margin real, nearest real, unknown real,
          voices smallint))
        with ordinality g(key, shortlist, probabilities, said, margin, nearest, unknown, voices, place)
  ), decided as materialized (
    select distinct on (g.hash) g.key, g.hash, g.shortlist, g.probabilities, g.said, g.margin, g.nearest, g.unknown, g.voices,
           d.category_id, d.l1, d.l1_confidence as c1, d.l2_confidence as c2, d.l3_confidence as c3, d.threshold_id, d.clear, d.clear
             and d.live as ok, d.safe,
           case when g.said is not null and keeps then nextval(pg_get_serial_sequence('evidence', 'evidence_id')) end as evidence_id
      from decide(settle_local.model_id, results) d
      join given g on g.place = d.place
      join queue q on q.name_hash = g.hash and q.stage = 'local' and q.worker = settle_local.worker and q.name_hash = any (mine)
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
      left join (select x.name_hash, min(x.product_id) filter (where x.done) as product_id, bool_or(x.done) as any_done,
        bool_or(not x.done) as late,
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
             'branch', case when d.safe is not null or d.probabilities is null or (select sum(o) from unnest(d.probabilities) o) >= .85
               then coalesce(d.l1, (select c.l1 from categories c where c.category_id = d.shortlist[1])) end,
             'shortlist', case when d.safe is null then d.shortlist
               else coalesce(nullif(candidates_below(d.safe, d.shortlist), '{}'), d.shortlist) end,
             'probabilities', case when d.safe is null then d.probabilities end)) filter (where d.goes_on),
         coalesce(array_agg(d.hash) filter (where not d.late), '{}'),
         coalesce(array_agg(d.hash order by d.hash) filter (where d.late), '{}'),
           coalesce(array_agg(d.error order by d.hash) filter (where d.late), '{}')
    into answered, onward, finished, late, errors
    from fate d;
  waits := pass_on(onward);
  passed_on := coalesce(jsonb_array_length(onward), 0) - cardinality(waits);
  delete from queue q where q.name_hash = any (finished) and q.stage = 'local' and q.name_hash <> all (waits);
  perform put_off(waits, array_fill(null::text, array[cardinality(waits)]), '{local}');
  perform put_off(late, errors, '{local}');
  return next;
end $$;
comment on function settle_local(text, bigint,
  jsonb) is 'Layer 3''s verdict on claimed names. results: [{name_key, category_id, confidence: [l1, l2, l3] as the model says, shortlist: [category_id, …], probabilities: [how likely each is], margin, nearest, unknown, voices}]. Names whose calibrated confidences clear the thresholds of their branch are answered where local_mode() is on, the others go to the LLM stage with their shortlist; both leave their evidence. A category that was merged counts as its successor, a retired one as no answer, and one below which there is a category newer than the model is asked of the LLM. With partial_answers the levels that clear are shown while the LLM is asked for the rest. Rows that another transaction holds, or that refuse what is written, are put off. A model that was taken back is refused (SQLSTATE 55000).';
grant execute on function settle_local to taxon_sidecar;

create or replace function note_shadow(model_id bigint, results jsonb) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  noted integer;
begin
  if (setting('evidence_days'))::numeric = 0 then return 0; end if;
  results := sane_results(results);
  insert into evidence (product_id, model_id, category_id, threshold_id, l1_said, l2_said, l3_said, margin, nearest, unknown, voices,
    clears, answered)
    select p.product_id, note_shadow.model_id, d.category_id, d.threshold_id, g.confidence[1], g.confidence[2], g.confidence[3],
           g.margin, g.nearest, g.unknown, g.voices, d.clear, false
      from decide(note_shadow.model_id, results) d
      join rows from (jsonb_to_recordset(results) as (name_key text, confidence real[], margin real, nearest real, unknown real,
        voices smallint))
        with ordinality g(name_key, confidence, margin, nearest, unknown, voices, place) on g.place = d.place
      -- the row that the champion's evidence stands on, or may: what is compared is what both said of one name
      join lateral (select x.product_id from products x where name_hash(x.name_key) = name_hash(g.name_key)
                      order by x.evidence_id desc nulls last, x.product_id limit 1) p on true;
  get diagnostics noted = row_count;
  return noted;
end $$;
comment on function note_shadow(bigint, jsonb) is 'Keeps what a model in shadow says of names that were just decided as evidence, and whether that would have been enough; changes no row. results: as settle_local() takes them. Returns how many. Example: select note_shadow((select model_id from champion()), ''[]'');';
grant execute on function note_shadow to taxon_admin, taxon_sidecar;
