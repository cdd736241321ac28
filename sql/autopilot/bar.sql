-- taxon_internal: A model that may not become champion again.

create or replace function bar_model(model_id bigint) returns void
  language plpgsql security definer set search_path from current set lock_timeout = '500ms' as $$
begin
  -- What is being settled is written before this commits, what comes later sees it and is refused. Settling that itself waits
  -- for somebody's transaction is not waited for.
  begin
    perform hold_lock('settling', patience => '500 ms');
  exception when lock_not_available then null;
  end;
  update models m set barred_at = clock_timestamp() where m.model_id = bar_model.model_id;
end $$;
comment on function bar_model(bigint) is 'Takes a model back: what sidecars have in hand from it is refused from this commit on.';
