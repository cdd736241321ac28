-- taxon_internal: The ledger and layer 4. A call is committed as started before it is sent; its answers, its rows and its cost are one
-- transaction.

create or replace function start_call(worker text, purpose text, route text, provider text, model text, simulated boolean,
    names integer, tokens_in_upper integer, tokens_out_upper integer, cost_upper numeric default null, price jsonb default null,
    lease interval default '60 s', name_keys text[] default null, steps smallint[] default null, deployment text default 'default',
    batch boolean default false, reason text default null,
    prompt_version text default null, claim_id uuid default null, token uuid default null)
  returns bigint
  language plpgsql security definer set search_path from current set lock_timeout = '8s' as $$
declare
  in_force jsonb := coalesce(price, llm_price(provider, model, now(), batch));
  id bigint;
begin
  -- asked again, as the answer of the first time was lost: its call is there, perhaps closed as a dead sidecar's
  update llm_calls c set state = 'started', error = null, ended_at = null, lease_until = clock_timestamp() + lease
    where c.token = start_call.token and c.state in ('started', 'unknown') returning c.llm_call_id into id;
  -- the lease ended before the call could start, and another worker asks about a name by now
  if start_call.claim_id is not null and not hold_lease(worker, start_call.claim_id, name_keys, lease) then
    perform close_call(worker, id, 'its names were not held any more before it was sent', true);
    return null;
  elsif id is not null then
    return id;
  end if;
  perform refuse_call(start_call.simulated, start_call.deployment, name_keys);
  insert into llm_calls (claim_id, token, worker, purpose, route, provider, model, simulated, names, tokens_in, tokens_out, cost, price,
    lease_until, reason, prompt_version, taxonomy_change_id, attempt)
    values (start_call.claim_id, start_call.token, worker, purpose, route, provider, model, start_call.simulated, names, tokens_in_upper,
      tokens_out_upper,
            coalesce(cost_upper, llm_cost(in_force, tokens_in_upper, 0, tokens_out_upper, tokens_in_upper),
              llm_cost(in_force, tokens_in_upper, 0, tokens_out_upper)), in_force, clock_timestamp() + lease, reason, prompt_version,
            case when (select p.of_one_change from purposes p where p.purpose = start_call.purpose) then
              (select max(k.taxonomy_change_id) from taxonomy_questions k
                 where k.name_hash in (select name_hash(n) from unnest(name_keys) n) and k.state = 'asked') end,
            (select max(q.attempts) from queue q
               where q.name_hash in (select name_hash(n) from unnest(name_keys) n) and q.worker = start_call.worker and q.stage = 'llm'))
    on conflict on constraint llm_calls_token_key do nothing
    returning llm_call_id into id;
  if id is null then  -- the first time was still under way
    return (select c.llm_call_id from llm_calls c where c.token = start_call.token);
  end if;
  insert into llm_call_names (llm_call_id, name_hash, step)
    select id, name_hash(n), max(coalesce(s, 1)) from unnest(name_keys, steps) u(n, s) group by 2;
  return id;
end $$;
comment on function start_call(text, text, text, text, text, boolean, integer, integer, integer, numeric, jsonb, interval, text[],
  smallint[], text, boolean, text, text, uuid, uuid) is
  'Writes a call and its names into the ledger as started, with upper estimates of its tokens and cost, before it is sent. Cost and price default to those of llm_prices, with batch those of the batch API. Asked again with a token it finds the call that it made before. NULL: the claim does not hold all of these names any more, and the call must not be sent. Refuses what refuse_call() refuses.';
grant execute on function start_call to taxon_admin, taxon_sidecar;

create or replace function mark_names(llm_call_ids bigint[], outcome text) returns integer
  language sql volatile security definer set search_path from current as $$
  with marked as (
    update llm_call_names n set outcome = mark_names.outcome
      -- an open forget() holds the name that it removes
      where n.ctid = any (array(select x.ctid from llm_call_names x where x.llm_call_id = any (llm_call_ids) for update skip locked))
      returning 1
  )
  select count(*)::integer from marked;
$$;
comment on function mark_names(bigint[],
  text) is 'Writes one outcome to all names of some calls; returns how many. Example: select mark_names(array[12], ''lost'');';

create or replace function leave_no_names(llm_call_id bigint) returns void
  language sql volatile security definer set search_path from current as $$
  delete from llm_call_names n
    where (setting('ledger_names_days'))::numeric = 0
      and n.ctid = any (array(select x.ctid from llm_call_names x where x.llm_call_id = leave_no_names.llm_call_id for update skip locked));
$$;
comment on function leave_no_names(bigint) is 'Removes the names of a call that has ended, where the setting ledger_names_days is 0. Example: select leave_no_names(12);';

create or replace function names_of_call(c llm_calls) returns bytea[]
  language sql stable security definer set search_path from current as $$
  select array(
    select n.name_hash from llm_call_names n where n.llm_call_id = c.llm_call_id
    union
    -- a call that was begun without its names has those that its worker has leased for it
    select q.name_hash from queue q where q.worker = c.worker and q.stage = 'llm' and q.purpose = c.purpose
      and not exists (select from llm_call_names n where n.llm_call_id = c.llm_call_id));
$$;
comment on function names_of_call(llm_calls) is 'Digests of the names whose answers a call may bring. Example: select names_of_call(c) from llm_calls c where c.llm_call_id = 12;';

create or replace function close_call(worker text, llm_call_id bigint, error text, arrived boolean) returns void
  language plpgsql security definer set search_path from current as $$
begin
  update llm_calls c
    set state = case when arrived then 'failed' else 'unknown' end, error = close_call.error, ended_at = clock_timestamp(),
        tokens_in = case when arrived then 0 else c.tokens_in end, tokens_out = case when arrived then 0 else c.tokens_out end,
        cost = case when arrived then 0 else c.cost end
    where c.llm_call_id = close_call.llm_call_id and c.state = 'started' and c.worker = close_call.worker;
  if found then perform mark_names(array[close_call.llm_call_id], case when arrived then 'failed' else 'lost' end); end if;
  if arrived then perform leave_no_names(close_call.llm_call_id); end if;
end $$;
comment on function close_call(text, bigint, text,
  boolean) is 'Closes a call that brought no answer: failed when the provider''s refusal arrived (nothing owed), unknown with the upper estimate when nothing did. Example: select close_call(''worker'', 12, ''HTTP 429'', true);';

create or replace function close_lost_calls() returns integer
  language sql volatile security definer set search_path from current as $$
  with lost as (
    update llm_calls c set state = 'unknown', error = 'its sidecar died', ended_at = clock_timestamp()
      where c.state = 'started' and c.lease_until < now() returning c.llm_call_id
  )
  select cardinality(x.ids) from (select array(select l.llm_call_id from lost l) as ids) x where mark_names(x.ids, 'lost') >= 0;
$$;
comment on function close_lost_calls() is 'Closes calls whose sidecar died as unknown, with the upper estimate that was written when they started; returns how many.';
grant execute on function close_lost_calls to taxon_sidecar;
