-- taxon_internal: Entries of the queue that memory can answer by now, or that no row waits for any more.

create or replace function settle_answered(stage text, names text[] default null) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  hashes bytea[] := case when names is not null then array(select distinct name_hash(n) from unnest(names) n) end;
  -- not now(): this transaction itself may have queued them
  moment timestamptz := clock_timestamp();
  known bigint[];
  answers jsonb;
  left_over record;
begin
  perform hold_taxonomy();
  -- names that memory knows by now, and names for which no row waits any more
  with entry as materialized (
    select q.queue_id, q.name_hash, q.name_key, q.llm_call_id, l.category_id, l.llm_call_id as label_call_id
      from queue q
      left join labels l on l.name_hash = q.name_hash
      where q.stage = settle_answered.stage and q.purpose = any (array(select p.purpose from purposes p where p.answers_rows))
        and (names is null and q.available_at <= moment
             -- not what was put off this very moment; what waits for people never comes due
             or q.name_hash = any (hashes) and (q.worker is not null or q.available_at <= moment or q.available_at = 'infinity'))
        and (l.name_hash is not null
             -- limit: looked up name by name; as a NOT EXISTS it read all of products once
             or (select p.product_id from products p where name_hash(p.name_key) = q.name_hash and p.state = 'pending' limit 1) is null)
      order by q.queue_id for update of q skip locked
  )
  select array_agg(e.queue_id), jsonb_agg(jsonb_build_object('name_key', e.name_key, 'category_id', e.category_id)
             -- a row that waited for the answer of this call, and could not be written when it came
             || case when e.llm_call_id = e.label_call_id then jsonb_build_object('source', 'llm', 'llm_call_id', e.llm_call_id)
               else '{"source": "exact"}' end)
           filter (where e.category_id is not null and e.first)
    into known, answers
    from (select x.*, row_number() over (partition by x.name_hash order by x.queue_id) = 1 as first from entry x) e;
  if known is null then return 0; end if;
  select * into left_over from settle_names(answers);
  delete from queue q where q.queue_id = any (known) and q.name_hash <> all (left_over.late);
  perform put_off(left_over.late, left_over.errors, array[settle_answered.stage]);
  return cardinality(known);
end $$;
comment on function settle_answered(text,
  text[]) is 'Takes out of the queue (all due entries of a stage, or those of some names) what memory can answer exactly by now and what no row waits for any more; names with rows that cannot be written at this moment are put off. Returns how many entries.';
