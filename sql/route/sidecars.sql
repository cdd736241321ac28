-- taxon_internal: Is everything well? Sidecars write their own rows; nothing here needs one to be alive.

create or replace function fills_embeddings() returns boolean
  language sql stable security definer set search_path from current as $$
  -- names that wait come first
  select (setting('fill_embeddings'))::boolean and not names_wait();
$$;
comment on function fills_embeddings() is 'Whether sidecars may encode memory in the background now: the setting fill_embeddings says so and no name waits for the local layer. Example: select fills_embeddings();';
grant execute on function fills_embeddings to taxon_admin, taxon_sidecar;

create or replace function heartbeat(worker text, host text, pid integer, version text, model_id bigint, llm text,
                                     listening boolean, idle boolean, notice text, deployment text default null) returns void
  language sql volatile security definer set search_path from current as $$
  insert into sidecars (worker, host, pid, version, model_id, llm, listening, idle, notice, deployment)
    values (worker, host, pid, version, model_id, llm, listening, idle and listening and (setting('notify'))::boolean, notice, deployment)
    on conflict (worker) do update set model_id = excluded.model_id, llm = excluded.llm, listening = excluded.listening,
      idle = excluded.idle, notice = excluded.notice, deployment = excluded.deployment, seen_at = clock_timestamp();
  select note_idle();
$$;
comment on function heartbeat(text, text, integer, text, bigint, text, boolean, boolean, text,
  text) is 'A sidecar says that it lives and how it is. idle asks inserts for a NOTIFY, unless it would not be heard or the setting notify is off. deployment: where its calls are paid, under which name.';
grant execute on function heartbeat to taxon_sidecar;

create or replace function end_sidecar(worker text) returns void
  language sql volatile security definer set search_path from current as $$
  with held as (
    update queue q set worker = null, claim_id = null, available_at = clock_timestamp(), attempts = greatest(q.attempts - 1, 0)
      where q.worker = end_sidecar.worker
  )
  delete from sidecars s where s.worker = end_sidecar.worker;
  select note_idle();
$$;
comment on function end_sidecar(text) is 'A sidecar says good-bye: leases that it still holds are given back, uncounted.';
grant execute on function end_sidecar to taxon_sidecar;

create or replace function forget_dead_sidecars() returns integer
  language sql volatile security definer set search_path from current as $$
  with gone as (delete from sidecars s where s.seen_at < now() - interval '1 day' returning 1)
  select count(*)::integer from gone;
$$;
comment on function forget_dead_sidecars() is 'Removes the rows of sidecars that were not seen for a day.';
grant execute on function forget_dead_sidecars to taxon_sidecar;

grant select on sidecars to taxon_sidecar;
