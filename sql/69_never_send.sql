-- Names that no provider may be sent: they wait in the LLM stage, at a moment that never comes, for people.

create or replace function never_sent(name_key text, shortlist bigint[] default null, branch bigint default null) returns text
  language plpgsql stable security definer set search_path from current as $$
declare
  hash bytea := name_hash(never_sent.name_key);
begin
  if not exists (select from never_send_marks) then return null; end if;
  return (
    with likely as (
      -- where it seems to lie: what is handed over, what its label says, what the local model said
      select never_sent.shortlist[1] as id union select never_sent.branch
      union select l.category_id from labels l where l.name_hash = hash
      union select e.category_id from products p join evidence e using (evidence_id) where name_hash(p.name_key) = hash
      union select k.category_id from checks k where k.name_hash = hash and k.verdict is null
    )
    select coalesce(m.reason, 'marked by ' || m.marked_by) from never_send_marks m
      where m.name_hash = hash or never_sent.name_key ~* m.pattern
         or exists (select from likely y join categories c on c.category_id = y.id where c.path_ids @> array[m.category_id])
      order by m.mark_id limit 1);
end $$;
comment on function never_sent(text, bigint[], bigint) is 'Why a name may not be sent to a provider; NULL: it may. A branch''s mark counts where the first of the shortlist, the label, the local model''s answer or an open check lies in it. Example: select never_sent(''red kettle'');';

create or replace function hold_never_sent() returns trigger
  language plpgsql security definer set search_path from current as $$
declare
  why text := case when new.purpose in ('audit', 'split') then never_sent(new.name_key) else never_sent(new.name_key, new.shortlist, new.branch) end;
begin
  if why is null then return new; end if;
  -- nobody waits for it: it is not put there, and dropped when it is claimed
  if new.purpose = 'teach' then return case when tg_op = 'UPDATE' then new end; end if;
  if new.purpose = 'audit' then
    -- people audit it; the entry of an LLM's audit is not made, or dropped when it is claimed
    -- (a generated column is still NULL in a BEFORE trigger)
    update checks k set auditor = 'human' where k.name_hash = name_hash(new.name_key) and k.auditor = 'llm' and k.verdict is null;
    return case when tg_op = 'UPDATE' then new end;
  end if;
  if new.purpose = 'split' then  -- its label stays until a person says otherwise
    update taxonomy_questions k set state = 'person', settled_at = now()
      where k.name_hash = name_hash(new.name_key) and k.state in ('waiting', 'asked');
    return case when tg_op = 'UPDATE' then new end;
  end if;
  new.available_at := 'infinity';
  new.last_error := 'never send: ' || why;
  return new;
end $$;
comment on function hold_never_sent() is 'Trigger: a name that may not be sent is put into the LLM stage, or given back to it, without being due.';

select keep_trigger('create trigger hold_never_sent before insert or update on queue
    for each row when (new.stage = ''llm''::text and new.worker is null) execute function hold_never_sent()',
  'Holds names that may not be sent, whoever puts or gives them into the LLM stage; names of the local stage and leases pass by.');

create or replace function look_again(held_only boolean) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  free integer;
begin
  -- the trigger judges each anew
  with entry as materialized (
    select q.queue_id, q.available_at from queue q
      where q.stage = 'llm' and q.worker is null and (q.available_at = 'infinity' or not held_only)
      order by q.queue_id for update skip locked
  ), seen as (
    update queue q set available_at = case when e.available_at = 'infinity' then clock_timestamp() else e.available_at end,
                       last_error = case when e.available_at = 'infinity' then null else q.last_error end
      from entry e where q.queue_id = e.queue_id returning e.available_at = 'infinity' as was, q.available_at = 'infinity' as held
  )
  select count(*) filter (where held_only and was and not held or not held_only and held) into free from seen;
  return free;
end $$;
comment on function look_again(boolean) is 'Judges names in the LLM stage by the marks as they are now: those held, or all. Returns how many are released (held only), or how many are held. Example: select look_again(true);';

create or replace function never_send(branch bigint default null, pattern text default null, product_id bigint default null, reason text default null)
  returns integer
  language plpgsql security definer set search_path from current as $$
declare
  key text;
begin
  if num_nonnulls(branch, pattern, product_id) <> 1 then
    raise exception 'one of branch, pattern and product_id'
      using hint = 'select never_send(pattern => ''\miban\M'', reason => ''account numbers'');';
  elsif branch is not null and not exists (select from categories c where c.category_id = branch) then
    raise exception 'there is no category %', branch;
  elsif product_id is not null then
    select p.name_key into key from products p where p.product_id = never_send.product_id;
    if coalesce(key, '') = '' then raise exception 'there is no product % with a name', product_id; end if;
  elsif pattern is not null then
    begin
      perform '' ~* pattern;
    exception when invalid_regular_expression then
      raise exception '% is no regular expression: %', pattern, sqlerrm;
    end;
  end if;
  insert into never_send_marks as m (category_id, pattern, name_key, reason)
    select never_send.branch, never_send.pattern, key, never_send.reason
      where not exists (select from never_send_marks x where x.category_id = never_send.branch or x.pattern = never_send.pattern or x.name_hash = name_hash(key))
    on conflict do nothing;
  return look_again(false);
end $$;
comment on function never_send(bigint, text, bigint, text) is 'Names of a branch (a category: those that likely lie in it or below), names that match a pattern (a regular expression, in any case) or the name of a product are never sent to a provider, audits included: they wait for people, see waiting_for_people; confirm() settles them. What is in flight is not called back. Returns how many names of the LLM stage wait for people now. Example: select never_send(pattern => ''kettle'', reason => ''not announced yet'');';

create or replace function may_send_again(branch bigint default null, pattern text default null, product_id bigint default null) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  freed integer;
begin
  delete from never_send_marks m
    where m.category_id = may_send_again.branch or m.pattern = may_send_again.pattern
       or m.name_hash = (select name_hash(p.name_key) from products p where p.product_id = may_send_again.product_id);
  if not found then
    raise exception 'there is no such mark' using hint = 'select * from never_send_marks;';
  end if;
  freed := look_again(true);
  if freed > 0 then perform wake(); end if;
  return freed;
end $$;
comment on function may_send_again(bigint, text, bigint) is 'Takes a mark of never_send() back, given by what it was made with; returns how many names go to the LLM now. Those that another mark holds stay. Example: select mark_id, reason from never_send_marks;';

create or replace function settle_held() returns integer
  language plpgsql security definer set search_path from current as $$
begin
  return settle_kept() + fail_buried()
    + settle_answered('llm', array(select q.name_key from queue q where q.stage = 'llm' and q.available_at = 'infinity'));
end $$;
comment on function settle_held() is 'Settles names that wait for people and that memory knows by now (an import), or for which no row waits any more; writes what was kept because others held it. Returns how many. Sidecars call it every minute. Example: select settle_held();';

create or replace view waiting_for_people with (security_invoker) as
  select min(p.product_id) as product_id, q.name_key, count(p.product_id) as rows,
         category_path(coalesce(q.shortlist[1], q.branch)) as likely, q.last_error as reason, q.created_at as since
    from queue q left join products p on name_hash(p.name_key) = q.name_hash and p.state = 'pending'
    where q.stage = 'llm' and q.available_at = 'infinity'
    group by q.queue_id;
comment on view waiting_for_people is 'Names that no provider may be sent: confirm(product_id, category_id) answers them.';
comment on column waiting_for_people.product_id is 'The oldest row that waits.';
comment on column waiting_for_people.name_key is 'The name.';
comment on column waiting_for_people.rows is 'How many rows wait for it.';
comment on column waiting_for_people.likely is 'Where the local model would put it.';
comment on column waiting_for_people.reason is 'Why it is not sent.';
comment on column waiting_for_people.since is 'Since when it waits.';
