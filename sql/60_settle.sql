-- Settling a name settles every row that waits for it. Idempotent: only pending rows change, and the local stage's
-- functions act only on names whose lease the worker still holds, so a late worker overwrites nothing.

create or replace function settle_answered(stage text, names text[] default null) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  settled integer;
begin
  perform hold_taxonomy();
  -- names that memory knows by now, and names for which no row waits any more
  with known as materialized (
    select q.queue_id, q.name_hash, l.category_id, c.l1, c.l2, c.l3
      from queue q
      left join labels l on l.name_hash = q.name_hash
      left join categories c on c.category_id = l.category_id
      where q.stage = settle_answered.stage and q.purpose in ('answer', 'escalate')
        and (names is null and q.available_at <= now() or q.name_hash in (select name_hash(n) from unnest(names) n))
        and (l.name_hash is not null
             or not exists (select from products p where name_hash(p.name_key) = q.name_hash and p.state = 'pending'))
      order by q.queue_id for update of q skip locked
  ), answered as (
    update products p
      set category_id = k.category_id, l1 = k.l1, l2 = k.l2, l3 = k.l3, source = 'exact', state = 'done', classified_at = now()
      from (select distinct on (name_hash) * from known where category_id is not null) k
      where name_hash(p.name_key) = k.name_hash and p.state = 'pending'
  ), done as (
    delete from queue q using known k where q.queue_id = k.queue_id returning 1
  )
  select count(*) into settled from done;
  return settled;
end $$;
comment on function settle_answered(text, text[]) is 'Takes out of the queue (all due entries of a stage, or those of some names) what memory can answer exactly by now and what no row waits for any more.';

create or replace function settle_from_memory(worker text, names text[], encoder_id integer default null)
  returns table (name_key text, embedding halfvec)
  language plpgsql security definer set search_path from current as $$
begin
  perform hold_taxonomy();
  perform hold_names(names);
  perform settle_answered('local', names);
  -- one row a name that the worker still holds, with what layer 2 says of it
  with held as materialized (
    select distinct q.name_key as key, q.name_hash as hash from queue q
      where q.worker = settle_from_memory.worker and q.stage = 'local'
        and q.name_hash in (select name_hash(n) from unnest(names) n)
  ), hit as materialized (
    select h.hash, s.matched_key, s.category_id, s.similarity, c.l1, c.l2, c.l3
      from held h cross join lateral similar_label(h.key) s join categories c on c.category_id = s.category_id
  ), answered as (
    update products p
      set category_id = h.category_id, l1 = h.l1, l2 = h.l2, l3 = h.l3, source = 'similar', similarity = h.similarity,
          matched_key = h.matched_key, state = 'done', classified_at = now()
      from hit h where name_hash(p.name_key) = h.hash and p.state = 'pending'
  )
  delete from queue q using hit h where q.name_hash = h.hash and q.stage = 'local';
  return query
    select distinct on (q.name_hash) q.name_key, e.embedding
      from queue q
      left join embeddings e on e.encoder_id = settle_from_memory.encoder_id and e.name_hash = q.name_hash
      where q.worker = settle_from_memory.worker and q.stage = 'local'
        and q.name_hash in (select name_hash(n) from unnest(names) n);
end $$;
comment on function settle_from_memory(text, text[], integer) is 'Layers 1 and 2 for claimed names; returns the cache misses, each with its embedding by that encoder if there is one.';

create or replace function clears(l1_confidence real, l2_confidence real, l3_confidence real, l1 real, l2 real, l3 real)
  returns boolean
  language sql immutable parallel safe
begin atomic
  -- compared as they are stored (real): .75 must clear .75; a broken model's NaN is greater than all numbers and must not
  select coalesce(l1_confidence >= l1 and l2_confidence >= l2 and l3_confidence >= l3
    and greatest(l1_confidence, l2_confidence, l3_confidence) < 'infinity', false);
end;
comment on function clears(real, real, real, real, real, real) is 'The decision "layer 3 or layer 4": three confidences against three thresholds; all must clear.';

create or replace function candidates_below(branch bigint, shortlist bigint[]) returns bigint[]
  language sql stable
begin atomic
  select coalesce(array_agg(s.category_id order by s.place), '{}')
    from unnest(candidates_below.shortlist) with ordinality s(category_id, place) join categories c using (category_id)
    where candidates_below.branch = any (c.path_ids);
end;
comment on function candidates_below(bigint, bigint[]) is 'Those of a shortlist that lie in a branch, in their order. Example: select candidates_below(1, array[1, 2]);';

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
begin
  perform hold_taxonomy();
  perform hold_names(array(select r ->> 'name_key' from jsonb_array_elements(results) r));
  -- Against bar_model(): what was taken back answers nothing more, and a model just replaced may finish what is in hand. Two
  -- statements, as the second must see what was committed while the first waited.
  if settle_local.model_id is not null then perform hold_lock('settling', shared => true); end if;
  if exists (select from models m where m.model_id = settle_local.model_id and m.barred_at is not null) then
    raise exception 'model % was taken back', settle_local.model_id using errcode = 'object_not_in_prerequisite_state', hint = 'Ask serving() which model answers, and decide the names again.';
  end if;
  -- one statement, one snapshot: a recalibration in between would judge new thresholds by old confidences
  select f.*, k.offsets, k.slopes into t
    from thresholds_in_force(settle_local.model_id) f left join calibration_in_force(settle_local.model_id) k on true;
  with given as (
    select g.name_key as key, name_hash(g.name_key) as hash, g.category_id, g.shortlist, g.odds, g.confidence as said,
           calibrate(g.confidence[1], t.offsets[1], t.slopes[1]) as c1,
           calibrate(g.confidence[2], t.offsets[2], t.slopes[2]) as c2,
           calibrate(g.confidence[3], t.offsets[3], t.slopes[3]) as c3,
           g.margin, g.nearest, g.unknown, g.voices
      from jsonb_to_recordset(results)
        g(name_key text, category_id bigint, confidence real[], shortlist bigint[], odds real[], margin real, nearest real, unknown real, voices smallint)
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
      join queue q on q.name_hash = g.hash and q.stage = 'local' and q.worker = settle_local.worker
      -- a model, or a name claimed before a change, may know it by an id that was merged away, or is of no use any more
      left join categories c on c.category_id = in_use(g.category_id) and c.retired_at is null
      left join overridden(settle_local.model_id) o on o.category_id = c.category_id
  ), decided as materialized (
    select j.*, v.clear, v.clear and coalesce(j.live, false) as ok,
           -- partial answers: the deepest category that is sure although the path is not
           case when not in_parts or not j.may or not coalesce(j.live, false) or v.clear then null
                when clears(j.c1, j.c2, j.c2, j.t1, j.t2, 0) then coalesce(j.l2, j.l1)
                when clears(j.c1, j.c1, j.c1, j.t1, 0, 0) then j.l1 end as safe,
           case when j.said is not null and keeps then nextval(pg_get_serial_sequence('evidence', 'evidence_id')) end as evidence_id
      from judged j cross join lateral (select j.may and clears(j.c1, j.c2, j.c3, j.t1, j.t2, j.t3) as clear) v
  ), rows as (
    update products p
      set l1_confidence = d.c1, l2_confidence = d.c2, l3_confidence = d.c3,
          model_id = case when d.c1 is not null then settle_local.model_id end, evidence_id = d.evidence_id,
          category_id = case when d.ok then d.category_id else d.safe end,
          l1 = case when d.ok or d.safe is not null then d.l1 end,
          l2 = case when d.ok or d.safe = d.l2 then d.l2 end,
          l3 = case when d.ok then d.l3 end,
          source = case when d.ok then 'local' end,
          state = case when d.ok then 'done' else 'pending' end,
          classified_at = case when d.ok then now() end
      from decided d where name_hash(p.name_key) = d.hash and p.state = 'pending'
      returning p.product_id, d.evidence_id
  ), seen as (
    insert into evidence (evidence_id, product_id, model_id, category_id, threshold_id, l1_said, l2_said, l3_said, margin, nearest,
                          unknown, voices, clears, answered)
      overriding system value
      select d.evidence_id, r.product_id, settle_local.model_id, d.category_id, d.threshold_id, d.said[1], d.said[2], d.said[3],
             d.margin, d.nearest, d.unknown, d.voices, d.clear, d.ok
        from decided d
        join (select evidence_id, min(product_id) as product_id from rows group by 1) r using (evidence_id)
  ), queued as (
    insert into queue (stage, name_key, branch, shortlist, odds)
      select 'llm', d.key,
             -- Names that may well be elsewhere are asked in two stages, and not among those that a short list does for: on 900
             -- real titles 155 tokens a name with .85, 186 with 0 and 162 with .9.
             case when d.safe is not null or d.odds is null or (select sum(o) from unnest(d.odds) o) >= .85
               then coalesce(d.l1, (select c.l1 from categories c where c.category_id = d.shortlist[1])) end,
             case when d.safe is null then d.shortlist else coalesce(nullif(candidates_below(d.safe, d.shortlist), '{}'), d.shortlist) end,
             case when d.safe is null then d.odds end
        from decided d where not d.ok
          -- a stronger model has it
          and not exists (select from queue q where q.name_hash = d.hash and q.stage = 'llm' and q.purpose = 'escalate')
      on conflict (name_hash, purpose, step) where stage = 'llm' do nothing
  ), gone as (
    delete from queue q using decided d where q.name_hash = d.hash and q.stage = 'local'
  )
  select (count(*) filter (where d.ok))::integer, (count(*) filter (where not d.ok))::integer into answered, passed_on from decided d;
  return next;
end $$;
comment on function settle_local(text, bigint, jsonb) is 'Layer 3''s verdict on claimed names. results: [{name_key, category_id, confidence: [l1, l2, l3] as the model says, shortlist: [category_id, …], odds: [how likely each is], margin, nearest, unknown, voices}]. Names whose calibrated confidences clear the thresholds of their branch are answered where local_mode() is on, the others go to the LLM stage with their shortlist; both leave their evidence. A category that was merged counts as its successor, a retired one as no answer, and one below which there is a category newer than the model is asked of the LLM. With partial_answers the levels that clear are shown while the LLM is asked for the rest.';

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
      from jsonb_to_recordset(results) g(name_key text, category_id bigint, confidence real[], margin real, nearest real, unknown real, voices smallint)
      -- the row that the champion's evidence stands on, or may: what is compared is what both said of one name
      join lateral (select x.product_id from products x where name_hash(x.name_key) = name_hash(g.name_key)
                      order by x.evidence_id desc nulls last, x.product_id limit 1) p on true
      left join categories c on c.category_id = in_use(g.category_id) and c.retired_at is null
      left join overridden(note_shadow.model_id) o on o.category_id = c.category_id;
  get diagnostics noted = row_count;
  return noted;
end $$;
comment on function note_shadow(bigint, jsonb) is 'Keeps what a model in shadow says of names that were just decided as evidence, and whether that would have been enough; changes no row. results: as settle_local() takes them. Returns how many. Example: select note_shadow((select model_id from champion()), ''[]'');';
