-- taxon_internal: Answers that were paid for and could not be written are written later, each by its purpose.

create or replace function settle_kept(names text[] default null) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  c record;
  settled integer := 0;
begin
  if not exists (select from kept_answers) then return 0; end if;
  perform hold_taxonomy();
  for c in
    with taken as (
      delete from kept_answers k
        where k.kept_id in (select x.kept_id from kept_answers x
                              where names is null or x.name_hash in (select name_hash(n) from unnest(names) n)
                              for update skip locked)
        returning k.*
    )
    select t.llm_call_id, p.hooks, count(*) as n,
           coalesce(jsonb_agg(jsonb_build_object('name_key', t.name_key, 'category_id', t.category_id, 'confidence', t.confidence)
             order by t.kept_id)
                      filter (where t.category_id is not null), '[]') as answers,
           coalesce(jsonb_agg(jsonb_build_object('name_key', t.name_key, 'none', true)
             order by t.kept_id) filter (where t.category_id is null), '[]') as refused
      from taken t join llm_calls l using (llm_call_id) join purposes p using (purpose) group by 1, 2 order by 1
  loop
    -- what still cannot be written is kept again
    execute format('select %I($1, $2, $3)', c.hooks || '_settle') using c.llm_call_id, c.answers, c.refused;
    settled := settled + c.n;
  end loop;
  return settled;
end $$;
comment on function settle_kept(text[]) is 'Tries again to write answers that were paid for and that another transaction stood in the way of: all, or those of some names. Returns how many it has tried. Example: select settle_kept();';

create or replace function settle_held() returns integer
  language plpgsql security definer set search_path from current as $$
begin
  return settle_kept() + fail_buried()
    + settle_answered('llm', array(select q.name_key from queue q where q.stage = 'llm' and q.available_at = 'infinity'));
end $$;
comment on function settle_held() is 'Settles names that wait for people and that memory knows by now (an import), or for which no row waits any more; writes what was kept because others held it. Returns how many. Sidecars call it every minute. Example: select settle_held();';
grant execute on function settle_held to taxon_sidecar;
