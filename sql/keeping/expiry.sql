-- taxon_internal: What is kept for how long. Each function removes a few rows a call, locks nothing that others wait for, and is called
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
grant execute on function forget_batch_names to taxon_admin, taxon_sidecar;

create or replace function forget_calls(most integer default 1000) returns integer
  language sql volatile security definer set search_path from current as $$
  with old as (
    select c.llm_call_id from llm_calls c
      where (setting('ledger_days'))::integer > 0 and c.state <> 'started'
        and c.started_at < now() - make_interval(days => (setting('ledger_days'))::integer)
        and not exists (select from llm_batch_calls k join llm_batches b using (llm_batch_id) where k.llm_call_id = c.llm_call_id
          and b.ended_at is null)
        -- what a split has spent of its budget
        and not exists (select from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id
          and k.state in ('waiting', 'asked'))
      limit most for update of c skip locked
  ), gone as (delete from llm_calls c using old o where c.llm_call_id = o.llm_call_id returning 1)
  select count(*)::integer from gone;
$$;
comment on function forget_calls(integer) is 'Removes calls of the ledger that are older than the setting ledger_days (0: none), at most so many, and returns how many; call again until it is 0. Labels and checks that came by them stay and say no longer by which; products keep pointing to what is gone. Example: select forget_calls();';
grant execute on function forget_calls to taxon_admin, taxon_sidecar;

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
grant select on unneeded_embeddings to taxon_reader, taxon_admin;

create or replace function forget_embeddings(slice integer, most integer default 10000) returns integer
  language plpgsql security definer set search_path from current
  -- a slice is looked up in the indexes; a hash of all products would be made for each of the 256
  set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
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
comment on function forget_embeddings(integer,
  integer) is 'Removes embeddings whose name no label, product, queue entry, check or regression name has any more (unless the setting forget_embeddings is off): of one slice, 0 to 255, by the first byte of the name''s digest, at most so many, and returns how many; call again until it is 0, then the next slice. Example: select forget_embeddings(0);';
grant execute on function forget_embeddings to taxon_admin, taxon_sidecar;

create or replace function models_past_days() returns setof bigint
  language sql stable security definer set search_path from current as $$
  with champions_kept as (
    select p.model_id from promotions p
      where p.rolled_back_at is null and p.model_id not in (select c.model_id from champion() c)
      group by p.model_id order by max(p.promotion_id) desc limit (setting('champions_kept'))::integer
  )
  select m.model_id from models m
    where (setting('model_days'))::integer > 0 and m.state = 'retired'
      and greatest(m.created_at, m.promoted_at, m.barred_at) < now() - make_interval(days => (setting('model_days'))::integer)
      and exists (select from model_files f where f.model_id = m.model_id)
      and m.model_id not in (select w.model_id from champions_kept w)
      and not exists (select from rollouts r where r.ended_at is null and m.model_id in (r.model_id, r.champion))
    order by m.model_id;
$$;
comment on function models_past_days() is 'Retired models whose files are due: older than the setting model_days, not among the newest champions_kept on the way of roll_back_model(), in no rollout. Example: select * from models_past_days();';

create or replace function forget_models(most integer default 1) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  gone integer;
begin
  -- as promote_model() and start_rollout(): none of these becomes of use meanwhile
  perform hold_lock('models');
  with files as (
    delete from model_files f where f.model_id in (select m from models_past_days() m limit most) returning f.model_id)
  select count(distinct f.model_id) into gone from files f;
  return gone;
end $$;
comment on function forget_models(integer) is 'Removes the files of retired models that are due (models_past_days()), at most of so many models, and returns of how many; call again until it is 0. The models stay in models, as answers point to them; they cannot be promoted any more. Example: select forget_models();';
grant execute on function forget_models to taxon_admin, taxon_sidecar;

create or replace function note_retention(thing text, removed bigint) returns void
  language sql volatile security definer set search_path from current as $$
  insert into retention_runs (thing, ran_at, removed) values (thing, clock_timestamp(), note_retention.removed)
    on conflict (thing) do update set ran_at = excluded.ran_at, removed = excluded.removed;
$$;
comment on function note_retention(text,
  bigint) is 'The nightly job says that it is through with a thing, and how many it removed. Example: select note_retention(''evidence'', 0);';
grant execute on function note_retention to taxon_sidecar;

create or replace function forgotten_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  select 'forgotten names', 'warn', c.forgotten::text,
         format('the champion, model %s, was trained on so many names that were forgotten since; the next training leaves them behind: taxon train --gated', c.model_id)
    from champion() c where c.forgotten > 0;
$$;
comment on function forgotten_health() is 'What health() says of a champion that has learnt from names that were forgotten; no row where there is none.';
