-- taxon_internal: Purpose teach: a name is labelled because its label teaches; no row waits for it.

create or replace function teach_may_claim() returns boolean
  language sql stable security definer set search_path from current as $$
  select teach_tokens_today() < (setting('teach_tokens_a_day'))::numeric;
$$;
comment on function teach_may_claim() is 'Whether names that teach are within the setting teach_tokens_a_day. Example: select teach_may_claim();';

create or replace function teach_drop(entries bigint[], name_keys text[]) returns integer
  language sql volatile security definer set search_path from current as $$
  with gone as (
    -- labelled meanwhile, drawn as a check, or not to be sent
    delete from queue q where q.queue_id = any (teach_drop.entries)
      and (exists (select from labels l where l.name_hash = q.name_hash) or is_sealed_name(q.name_hash)
        or never_sent(q.name_key) is not null) returning 1
  )
  select count(*)::integer from gone;
$$;
comment on function teach_drop(bigint[],
  text[]) is 'Takes those queue entries out whose label would teach nothing any more, or whose name may not be sent; returns how many. Example: select teach_drop(array[12], array[''kettle'']);';

create or replace function teach_settle(llm_call_id bigint, answers jsonb, refused jsonb) returns integer
  language sql volatile security definer set search_path from current as $$
  select settle_answers(teach_settle.llm_call_id, teach_settle.answers);
$$;
comment on function teach_settle(bigint, jsonb,
  jsonb) is 'settle_answers(): the label answers rows that came meanwhile, too. Example: select teach_settle(12, ''[]'', ''[]'');';

create or replace function teach_bury(entries bigint[], error text) returns void
  language sql volatile security definer set search_path from current as $$
  delete from queue q where q.queue_id = any (teach_bury.entries);
$$;
comment on function teach_bury(bigint[],
  text) is 'A name that was to teach and was tried too often is dropped. Example: select teach_bury(''{}'', null);';

create or replace function teach_hold(name_key text) returns boolean
  language sql immutable
begin atomic
  select false;
end;
comment on function teach_hold(text) is 'A name that no provider may be sent does not teach; nobody waits for it. Example: select teach_hold(''kettle'');';

select keep_purpose('teach', place => 50, wants_label => true);
