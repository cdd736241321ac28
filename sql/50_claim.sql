-- Claims are leases: a row is taken by moving available_at into the future under a worker's name, and becomes free by
-- itself when that moment comes. A claim commits the lease and the attempt, nothing else.

create or replace function claim(worker text, most integer, lease interval default '60 s')
  returns table (name_key text, attempts smallint)
  language sql volatile security definer set search_path from current as $$
  with due as (
    select q.queue_id from queue q
      where q.stage = 'local' and q.available_at <= now()
      order by q.available_at limit claim.most for update skip locked
  ), taken as (
    update queue q set worker = claim.worker, available_at = now() + claim.lease, attempts = q.attempts + 1
      from due where q.queue_id = due.queue_id
      returning q.name_key, q.attempts
  )
  select t.name_key, max(t.attempts) from taken t group by t.name_key;
$$;
comment on function claim(text, integer, interval) is 'Leases up to so many entries of the local stage to a worker; returns their distinct names.';

create or replace function claim_llm(worker text, most integer, patience interval default '1 s', lease interval default '60 s')
  returns table (name_key text, shortlist bigint[], odds real[], next text, branch bigint, asked smallint, attempts smallint, purpose text)
  language plpgsql security definer set search_path from current as $$
declare
  kind text;
  head record;
  size integer;
  picked bigint[];
  keys text[];
  dropped integer;
  stop text;
begin
  -- nothing is due: no need to add up a month's calls for its budget (14 ms at 100,000 of them)
  if not exists (select from queue q where q.stage = 'llm' and q.available_at <= now()) then return; end if;
  perform hold_taxonomy();
  stop := llm_stop(worker);
  if stop = 'deployment' then return; end if;
  -- a batch is of one purpose; what splits ask again and audits come when no answer is due, names that teach when no audit is
  foreach kind in array array['answer', 'escalate', 'audit', 'split', 'teach'] loop
    loop
      select q.queue_id, q.branch, q.next, q.shortlist, q.shortlist[1] as best, q.attempts, q.available_at into head from queue q
        where q.stage = 'llm' and q.purpose = kind and q.available_at <= now()
          and (stop is null or kind in ('answer', 'escalate') and exists (select from urgent_names u where u.name_hash = q.name_hash))
        order by q.available_at limit 1 for update skip locked;
      exit when not found or kind = 'audit' and audit_tokens_today() >= (setting('audit_tokens_a_day'))::numeric
        or kind = 'teach' and teach_tokens_today() >= (setting('teach_tokens_a_day'))::numeric;
      -- the third time a name is tried alone: it may be what breaks the batch
      size := case when head.attempts >= 2 then 1 else most end;
      with due as (
        select q.queue_id, q.name_key from queue q
          where q.stage = 'llm' and q.purpose = kind and q.available_at <= now() and q.branch is not distinct from head.branch
            and q.next is not distinct from head.next
            -- a call is booked on one split, and each has a list of its own
            and (kind <> 'split' or q.shortlist is not distinct from head.shortlist)
            and (q.attempts < 2 or q.queue_id = head.queue_id)
            and (stop is null or exists (select from urgent_names u where u.name_hash = q.name_hash))
          -- names of one likely category share most of their candidates
          order by q.queue_id = head.queue_id desc, q.shortlist[1] is not distinct from head.best desc, q.available_at limit size for update skip locked
      )
      select array_agg(d.queue_id), array_agg(d.name_key) into picked, keys from due d;
      -- memory may have learnt a name, every row that waited for it may be gone, a person may have judged it: that must
      -- not cost money
      if kind = 'split' then
        dropped := drop_questions(picked);
      elsif kind in ('answer', 'escalate') then
        dropped := settle_answered('llm', keys);
      elsif kind = 'teach' then
        delete from queue q where q.queue_id = any (picked)
          and (exists (select from labels l where l.name_hash = q.name_hash) or sealed(q.name_hash) or never_sent(q.name_key) is not null);
        get diagnostics dropped = row_count;
      else
        delete from queue q where q.queue_id = any (picked)
          and not exists (select from checks c where c.name_hash = q.name_hash and c.auditor = 'llm' and c.verdict is null);
        get diagnostics dropped = row_count;
      end if;
      continue when dropped > 0;
      exit when cardinality(picked) < size and head.available_at > now() - patience;
      return query
        with taken as (
          update queue q set worker = claim_llm.worker, available_at = now() + lease, attempts = q.attempts + 1
            where q.queue_id = any (picked) returning q.*
        )
        -- a shortlist may be older than the taxonomy, and so may the model that made it
        select t.name_key, o.offered, o.offered_odds, t.next, case when t.branch is not null then coalesce(in_use(t.branch), t.branch) end,
               t.asked, t.attempts, t.purpose
          from taken t cross join lateral offer_today(t.shortlist, t.odds, kind in ('answer', 'escalate')) o;
      return;
    end loop;
  end loop;
end $$;
comment on function claim_llm(text, integer, interval, interval) is 'Leases a batch of names of one purpose, one step and likely the same l1 for the LLM: when it is full, or its oldest name has been due for longer than patience. A name that failed twice comes alone. Audits come when no answer is due, names that teach when no audit is, and only while today''s tokens are within audit_tokens_a_day and teach_tokens_a_day. Nothing is due for a worker of another deployment, nor beyond a budget but names marked urgent (llm_stop()).';

create or replace function renew(worker text, lease interval default '60 s') returns integer
  language sql volatile security definer set search_path from current as $$
  with calls as (
    update llm_calls c set lease_until = now() + renew.lease
      where c.worker = renew.worker and c.state = 'started'
  ), held as (
    -- what is being settled at this moment needs no longer lease, and waiting for it could be in a circle
    select q.queue_id from queue q where q.worker = renew.worker for update skip locked
  ), renewed as (
    update queue q set available_at = now() + renew.lease from held where q.queue_id = held.queue_id returning 1
  )
  select count(*)::integer from renewed;
$$;
comment on function renew(text, interval) is 'Extends all leases of a worker, calls in flight included.';

create or replace function hold_names(names text[]) returns void
  language sql volatile set search_path from current as $$
  select from queue q where q.name_hash in (select name_hash(n) from unnest(names) n) order by q.queue_id for update;
$$;
comment on function hold_names(text[]) is 'Locks all queue entries of some names, always in the same order. What settles names begins with it: two that share a name (queued twice, or inserted again while the LLM is asked) wait here instead of for each other''s rows in a circle.';

create or replace function give_back(worker text, names text[], stage text, error text default null,
                                     counts boolean default true, wait interval default '0 s', purpose text default null)
  returns void
  language plpgsql security definer set search_path from current as $$
declare
  highest integer := (setting('max_attempts'))::integer;
  mine bytea[] := take_names(names);
begin
  with held as (
    select q.queue_id from queue q
      where q.worker = give_back.worker and q.stage = give_back.stage
        and (give_back.purpose is null or q.purpose = give_back.purpose)
        and q.name_hash = any (mine)
  ), dead as (
    delete from queue q using held
      where q.queue_id = held.queue_id and counts and q.attempts >= highest
      returning q.stage, q.name_key, q.name_hash, q.attempts, q.purpose
  ), buried as (
    insert into dead_letters (stage, name_key, attempts, error)
      select d.stage, d.name_key, max(d.attempts), give_back.error from dead d where d.purpose not in ('audit', 'teach', 'split') group by 1, 2
      on conflict (name_hash) do update set attempts = excluded.attempts, error = excluded.error, stage = excluded.stage, created_at = now()
  ), unasked as (
    update taxonomy_questions k set state = 'failed', settled_at = now()
      from dead d where d.purpose = 'split' and k.name_hash = d.name_hash and k.state = 'asked'
  ), passed as (
    -- an audit that the LLM cannot do is a person's; no product waits for it
    update checks c set auditor = 'human'
      from dead d where d.purpose = 'audit' and c.name_hash = d.name_hash and c.auditor = 'llm' and c.verdict is null
  )
  update queue q
    set worker = null, available_at = now() + give_back.wait, last_error = coalesce(give_back.error, q.last_error),
        attempts = case when counts then q.attempts else greatest(q.attempts - 1, 0) end
    from held where q.queue_id = held.queue_id and not (counts and q.attempts >= highest);
  if counts then perform fail_buried(mine); end if;
end $$;
comment on function give_back(text, text[], text, text, boolean, interval, text) is 'Returns leased names to the queue (those of one purpose, or all). With counts (the name''s own failure) a name past max_attempts becomes a dead letter and its rows failed (an audit goes to people instead, a name that was to teach is dropped, what a split asks keeps its label); without (a provider''s fault, a shutdown) the attempt is forgotten.';

create or replace function requeue(product_id bigint) returns text
  language plpgsql security definer set search_path from current as $$
declare
  key text;
  hit labels;
  answered boolean;
begin
  perform hold_taxonomy();
  select p.name_key into key from products p where p.product_id = requeue.product_id for update;
  if not found then raise exception 'there is no product %', requeue.product_id; end if;
  if coalesce(key, '') = '' then return 'failed'; end if;
  select * into hit from exact(key);
  answered := found;  -- not "hit is not null": that is false where any column is NULL
  update products p set
      state = case when answered then 'done' else 'pending' end,
      source = case when answered then 'exact' end, category_id = hit.category_id,
      (l1, l2, l3) = (select c.l1, c.l2, c.l3 from categories c where c.category_id = hit.category_id),
      similarity = null, matched_key = null, llm_call_id = null, failure = null, inserted_xact = pg_current_xact_id(),
      classified_at = case when answered then now() end
    where p.product_id = requeue.product_id;
  if answered then return 'done'; end if;
  -- also where the name is queued: that entry may be settled and gone before this row is seen as pending
  insert into queue (name_key) values (key);
  perform wake();
  return 'pending';
end $$;
comment on function requeue(bigint) is 'Decides a product again from the first layer on; returns its new state.';

create or replace function retry_dead(name_key text default null) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  hashes bytea[];
  p record;
begin
  with back as (
    delete from dead_letters d
      where retry_dead.name_key is null or d.name_hash = name_hash(normalise(retry_dead.name_key)) returning d.name_key, d.name_hash
  ), queued as (
    insert into queue (name_key) select b.name_key from back b
  )
  select coalesce(array_agg(b.name_hash), '{}') into hashes from back b;
  for p in select x.product_id from products x where name_hash(x.name_key) = any (hashes) and x.state = 'failed' order by x.product_id loop
    begin
      update products x set state = 'pending', failure = null, inserted_xact = pg_current_xact_id() where x.product_id = p.product_id and x.state = 'failed';
    exception when others then
      if sqlstate ~ '^(40|53|55|57|58|XX)' then raise; end if;
      raise warning 'product % stays failed: %', p.product_id, sqlerrm;
    end;
  end loop;
  if hashes <> '{}' then perform wake(); end if;
  return cardinality(hashes);
end $$;
comment on function retry_dead(text) is 'Puts dead letters (or the one of this name) back into the queue; returns how many. A row that refuses (a trigger of the application) stays failed, with a WARNING.';
