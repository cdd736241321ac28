-- taxon_internal: Purpose audit: an answer that was given is judged by the LLM; what it says becomes a verdict, and nobody's label.

create or replace function audit_may_claim() returns boolean
  language sql stable security definer set search_path from current as $$
  select audit_tokens_today() < (setting('audit_tokens_a_day'))::numeric;
$$;
comment on function audit_may_claim() is 'Whether audits are within the setting audit_tokens_a_day. Example: select audit_may_claim();';

create or replace function audit_drop(entries bigint[], name_keys text[]) returns integer
  language sql volatile security definer set search_path from current as $$
  with gone as (
    -- a person may have judged it
    delete from queue q where q.queue_id = any (audit_drop.entries)
      and not exists (select from checks c where c.name_hash = q.name_hash and c.auditor = 'llm' and c.verdict is null) returning 1
  )
  select count(*)::integer from gone;
$$;
comment on function audit_drop(bigint[],
  text[]) is 'Takes those queue entries of audits out that no check waits for any more; returns how many. Example: select audit_drop(array[12], array[''kettle'']);';

create or replace function audit_settle(llm_call_id bigint, answers jsonb, refused jsonb) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  valid integer;
  held bytea[];
begin
  -- a late answer is taken as long as the check is open: it was paid for
  with given as (
    select distinct on (a.name_key) name_hash(a.name_key) as hash, c.category_id
      from jsonb_to_recordset(answers) a(name_key text, category_id bigint) join categories c on c.category_id = in_use(a.category_id)
  ), judged as (
    select g.hash, g.category_id from given g
    union all
    -- the answer was among the candidates, so "none of these" says that it is wrong
    select name_hash(r ->> 'name_key'), null from jsonb_array_elements(refused) r where (r ->> 'none')::boolean
  ), free as materialized (
    -- what a person judges at this moment is kept until he is done
    select k.check_id, j.category_id as truth, j.hash from judged j join checks k on k.name_hash = j.hash
      where k.auditor = 'llm' and k.verdict is null order by k.check_id for update of k skip locked
  ), written as (
    update checks k
      set verdict = same_path(k.category_id, f.truth), truth_category_id = f.truth, checked_at = clock_timestamp(),
          llm_call_id = audit_settle.llm_call_id,
          checked_by = (select c.provider || ' ' || c.model from llm_calls c where c.llm_call_id = audit_settle.llm_call_id)
      from free f where k.check_id = f.check_id
  ), gone as (
    delete from queue q
      where q.queue_id in (select x.queue_id from queue x join judged j on j.hash = x.name_hash
                             where x.stage = 'llm' and x.purpose = 'audit' for update of x skip locked)
  )
  select (select count(*) from given), array_agg(distinct k.name_hash) into valid, held
    from judged j join checks k on k.name_hash = j.hash
    where k.auditor = 'llm' and k.verdict is null and k.check_id not in (select f.check_id from free f);
  if held is not null then
    perform keep_answers(audit_settle.llm_call_id, (
      select jsonb_agg(a) from jsonb_array_elements(answers
        || coalesce((select jsonb_agg(r) from jsonb_array_elements(refused) r where (r ->> 'none')::boolean), '[]')) a
        where name_hash(a ->> 'name_key') = any (held)));
  end if;
  return valid;
end $$;
comment on function audit_settle(bigint, jsonb,
  jsonb) is 'The LLM''s verdicts go into the open checks of their names, and nowhere else; those of checks that somebody holds are kept (kept_answers). Returns how many names got a category. Example: audit_settle(12, ''[{"name_key": "kettle", "category_id": 7}]'', ''[]'').';

create or replace function audit_bury(entries bigint[], error text) returns void
  language sql volatile security definer set search_path from current as $$
  with dead as (
    delete from queue q where q.queue_id = any (audit_bury.entries) returning q.name_hash
  )
  -- an audit that the LLM cannot do is a person's; no product waits for it
  update checks c set auditor = 'human' from dead d where c.name_hash = d.name_hash and c.auditor = 'llm' and c.verdict is null;
$$;
comment on function audit_bury(bigint[],
  text) is 'Audits that were tried too often go to people. Example: select audit_bury(''{}'', null);';

create or replace function audit_hold(name_key text) returns boolean
  language sql volatile security definer set search_path from current as $$
  update checks k set auditor = 'human' where k.name_hash = name_hash(audit_hold.name_key) and k.auditor = 'llm' and k.verdict is null;
  select false;
$$;
comment on function audit_hold(text) is 'A name that no provider may be sent is audited by people. Example: select audit_hold(''kettle'');';

select keep_purpose('audit', place => 30);
