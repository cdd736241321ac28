-- taxon_internal: Calls and batches that brought no answer; their names go back.

create or replace function fail_call(worker text, llm_call_id bigint, names text[], error text, arrived boolean,
                                     counts boolean, wait interval, claim_id uuid default null) returns void
  language plpgsql security definer set search_path from current as $$
begin
  perform close_call(worker, llm_call_id, error, arrived);
  perform give_back(worker, names, 'llm', error, counts, wait,
                    (select c.purpose from llm_calls c where c.llm_call_id = fail_call.llm_call_id), fail_call.claim_id);
end $$;
comment on function fail_call(text, bigint, text[], text, boolean, boolean, interval, uuid) is
  'Closes a call that brought no answer: failed when the provider''s refusal arrived (nothing owed), unknown with the upper estimate when nothing did. Its names go back, those of one claim or all.';
grant execute on function fail_call to taxon_admin, taxon_sidecar;

create or replace function end_batch(llm_batch_id bigint, failed boolean, error text default null, owed boolean default true) returns void
  language plpgsql security definer set search_path from current as $$
declare
  batch_worker text := format('batch %s', end_batch.llm_batch_id);
begin
  perform fail_call(batch_worker, c.llm_call_id, c.name_keys, coalesce(end_batch.error, 'the batch has no result of it'), not owed, false,
    interval '0')
    from open_batch_calls(end_batch.llm_batch_id) c;
  -- a call that was begun and, as the answer of that was lost, never put into the batch: it was not sent
  perform fail_call(batch_worker, c.llm_call_id, '{}', 'it was never sent', true, false, interval '0')
    from llm_calls c
    where c.worker = batch_worker and c.state = 'started'
      and not exists (select from llm_batch_calls k where k.llm_call_id = c.llm_call_id);
  -- what was claimed and is in no call
  perform end_sidecar(batch_worker);
  delete from llm_batches b
    where b.llm_batch_id = end_batch.llm_batch_id
      and not exists (select from llm_batch_calls c where c.llm_batch_id = end_batch.llm_batch_id);
  update llm_batches b
    set state = case when end_batch.failed then 'failed' else 'ended' end, error = end_batch.error, ended_at = clock_timestamp()
    where b.llm_batch_id = end_batch.llm_batch_id;
end $$;
comment on function end_batch(bigint, boolean, text,
  boolean) is 'Closes a batch: calls that are still open are failed, or with owed unknown with their upper estimate, and every name that it still holds goes back, uncounted. One without calls is forgotten. Example: end_batch(3, failed => true, error => ''its account is gone'').';
grant execute on function end_batch to taxon_admin, taxon_sidecar;
