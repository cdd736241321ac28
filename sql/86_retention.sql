-- What is kept for how long. Each function removes a few rows a call, locks nothing that others wait for, and is called
-- again until it returns 0; sidecars do so every night (src/database/jobs.ts).

create or replace function forget_batch_names(most integer default 1000) returns integer
  language sql volatile security definer set search_path from current as $$
  with old as (
    select k.llm_call_id from llm_batch_calls k join llm_batches b using (llm_batch_id)
      where b.ended_at < now() - make_interval(days => (setting('ledger_names_days'))::integer) and k.name_keys <> '{}'
      limit most for update of k skip locked
  ), gone as (update llm_batch_calls k set name_keys = '{}' from old o where k.llm_call_id = o.llm_call_id returning 1)
  select count(*)::integer from gone;
$$;
comment on function forget_batch_names(integer) is 'Empties the names of calls of batches that ended longer ago than the setting ledger_names_days, at most so many calls, and returns how many; call again until it is 0. Example: select forget_batch_names();';

create or replace function forget_calls(most integer default 1000) returns integer
  language sql volatile security definer set search_path from current as $$
  with old as (
    select c.llm_call_id from llm_calls c
      where (setting('ledger_days'))::integer > 0 and c.state <> 'started'
        and c.started_at < now() - make_interval(days => (setting('ledger_days'))::integer)
        and not exists (select from llm_batch_calls k join llm_batches b using (llm_batch_id) where k.llm_call_id = c.llm_call_id and b.ended_at is null)
        -- what a split has spent of its budget
        and not exists (select from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id and k.state in ('waiting', 'asked'))
      limit most for update of c skip locked
  ), gone as (delete from llm_calls c using old o where c.llm_call_id = o.llm_call_id returning 1)
  select count(*)::integer from gone;
$$;
comment on function forget_calls(integer) is 'Removes calls of the ledger that are older than the setting ledger_days (0: none), at most so many, and returns how many; call again until it is 0. Labels and checks that came by them stay and say no longer by which; products keep pointing to what is gone. Example: select forget_calls();';

create or replace view unneeded_embeddings with (security_invoker) as
  select e.encoder_id, e.name_hash from embeddings e
    where not e.labelled
      and not exists (select from labels l where l.name_hash = e.name_hash)
      and not exists (select from products p where name_hash(p.name_key) = e.name_hash)
      and not exists (select from queue q where q.name_hash = e.name_hash)
      and not exists (select from checks k where k.name_hash = e.name_hash)
      and not exists (select from regression_names r where r.name_hash = e.name_hash);
comment on view unneeded_embeddings is 'Embeddings whose name no label, product, queue entry, check or regression name has any more.';
comment on column unneeded_embeddings.encoder_id is 'The encoder.';
comment on column unneeded_embeddings.name_hash is 'Digest of the name key.';

create or replace function forget_embeddings(slice integer, most integer default 10000) returns integer
  language plpgsql security definer set search_path from current
  -- a slice is looked up in the indexes; a hash of all products would be made for each of the 256
  set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  from_hash bytea := set_byte('\x00', 0, slice);
  to_hash bytea := case when slice < 255 then set_byte('\x00', 0, slice + 1) end;
  gone integer;
begin
  if not (setting('forget_embeddings'))::boolean then return 0; end if;
  delete from embeddings e using (
      select u.encoder_id, u.name_hash from encoders c join unneeded_embeddings u using (encoder_id)
        where u.name_hash >= from_hash and (to_hash is null or u.name_hash < to_hash)
        limit most for update of u skip locked) lost
    where e.encoder_id = lost.encoder_id and e.name_hash = lost.name_hash;
  get diagnostics gone = row_count;
  return gone;
end $$;
comment on function forget_embeddings(integer, integer) is 'Removes embeddings whose name no label, product, queue entry, check or regression name has any more (unless the setting forget_embeddings is off): of one slice, 0 to 255, by the first byte of the name''s digest, at most so many, and returns how many; call again until it is 0, then the next slice. Example: select forget_embeddings(0);';

create or replace function models_past_days() returns setof bigint
  language sql stable security definer set search_path from current as $$
  with way_back as (
    select p.model_id from promotions p
      where p.rolled_back_at is null and p.model_id not in (select c.model_id from champion() c)
      group by p.model_id order by max(p.promotion_id) desc limit (setting('way_back'))::integer
  )
  select m.model_id from models m
    where (setting('model_days'))::integer > 0 and m.state = 'retired'
      and greatest(m.created_at, m.promoted_at, m.barred_at) < now() - make_interval(days => (setting('model_days'))::integer)
      and exists (select from model_files f where f.model_id = m.model_id)
      and m.model_id not in (select w.model_id from way_back w)
      and not exists (select from rollouts r where r.ended_at is null and m.model_id in (r.model_id, r.champion))
    order by m.model_id;
$$;
comment on function models_past_days() is 'Retired models whose files are due: older than the setting model_days, not among the newest way_back on the way of roll_back_model(), in no rollout. Example: select * from models_past_days();';

create or replace function forget_models(most integer default 1) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  gone integer;
begin
  -- as promote() and start_rollout(): none of these becomes of use meanwhile
  perform hold_lock('models');
  with files as (
    delete from model_files f where f.model_id in (select m from models_past_days() m limit most) returning f.model_id)
  select count(distinct f.model_id) into gone from files f;
  return gone;
end $$;
comment on function forget_models(integer) is 'Removes the files of retired models that are due (models_past_days()), at most of so many models, and returns of how many; call again until it is 0. The models stay in models, as answers point to them; they cannot be promoted any more. Example: select forget_models();';

create or replace function note_retention(thing text, removed bigint) returns void
  language sql volatile security definer set search_path from current as $$
  insert into retention_runs (thing, ran_at, removed) values (thing, clock_timestamp(), note_retention.removed)
    on conflict (thing) do update set ran_at = excluded.ran_at, removed = excluded.removed;
$$;
comment on function note_retention(text, bigint) is 'The nightly job says that it is through with a thing, and how many it removed. Example: select note_retention(''evidence'', 0);';

create or replace function retention()
  returns table (thing text, kept text, setting text, rows bigint, bytes bigint, due bigint, ran_at timestamptz, removed bigint)
  language plpgsql stable security definer set search_path from current as $$
declare
  evidence_days integer := (setting('evidence_days'))::integer;
  names_days integer := (setting('ledger_names_days'))::integer;
  ledger_days integer := (setting('ledger_days'))::integer;
  model_days integer := (setting('model_days'))::integer;
begin
  return query
    select x.thing, x.kept, x.setting, x.rows, x.bytes, x.due, r.ran_at, r.removed
      from (
        select 1 as place, 'evidence' as thing, format('%s days', evidence_days) as kept, 'evidence_days' as setting,
               (select count(*) from evidence) as rows, pg_total_relation_size('evidence') as bytes,
               (select count(*) from evidence e where e.decided_at < now() - make_interval(days => evidence_days)) as due
        union all
        select 2, 'names of calls', format('%s days', names_days), 'ledger_names_days',
               (select count(*) from llm_call_names), pg_total_relation_size('llm_call_names'),
               (select count(*) from llm_call_names n join llm_calls c using (llm_call_id) where c.started_at < now() - make_interval(days => names_days))
        union all
        select 3, 'names of batches', format('%s days', names_days), 'ledger_names_days',
               (select count(*) from llm_batch_calls k where k.name_keys <> '{}'), pg_total_relation_size('llm_batch_calls'),
               (select count(*) from llm_batch_calls k join llm_batches b using (llm_batch_id)
                  where k.name_keys <> '{}' and b.ended_at < now() - make_interval(days => names_days))
        union all
        select 4, 'calls', case when ledger_days = 0 then 'for ever' else format('%s days', ledger_days) end, 'ledger_days',
               (select count(*) from llm_calls), pg_total_relation_size('llm_calls'),
               (select count(*) from llm_calls c where ledger_days > 0 and c.state <> 'started' and c.started_at < now() - make_interval(days => ledger_days))
        union all
        select 5, 'embeddings', case when (setting('forget_embeddings'))::boolean then 'while a label, product, queue entry, check or regression name has the name' else 'for ever' end,
               'forget_embeddings', (select count(*) from embeddings), pg_total_relation_size('embeddings'),
               (select count(*) from unneeded_embeddings where (setting('forget_embeddings'))::boolean)
        union all
        select 6, 'models', case when model_days = 0 then 'for ever' else format('%s days; the champion, what is in a rollout and %s champions before it longer', model_days, setting('way_back')) end,
               'model_days, way_back', (select count(distinct f.model_id) from model_files f), pg_total_relation_size('model_files'),
               (select count(*) from models_past_days())
        union all
        select 7, 'forgotten names', '2 days', null, (select count(*) from forgotten_names), pg_total_relation_size('forgotten_names'),
               (select count(*) from forgotten_names f where f.forgotten_at < now() - interval '2 days')
      ) x left join retention_runs r using (thing) order by x.place;
end $$;
comment on function retention() is 'What is removed by itself: for how long each thing is kept and by which setting, its rows and bytes now, how many are due, when the nightly job of the sidecars last ran and how many it removed. rows of models: those that have files. All else (labels, products, history, checks) is kept until somebody removes it. Example: select thing, kept, rows, due from retention();';

create or replace function forgotten_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  select 'forgotten names', 'warn', c.forgotten::text,
         format('the champion, model %s, was trained on so many names that were forgotten since; the next training leaves them behind: taxon train --gated', c.model_id)
    from champion() c where c.forgotten > 0;
$$;
comment on function forgotten_health() is 'What health() says of a champion that has learnt from names that were forgotten; no row where there is none.';
