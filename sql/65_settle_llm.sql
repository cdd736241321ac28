-- The ledger and layer 4. A call is committed as started before it is sent; its answers, its rows and its cost are one
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
    perform fail_call(worker, id, '{}', 'its names were not held any more before it was sent', true, false, interval '0');
    return null;
  elsif id is not null then
    return id;
  end if;
  perform refuse_call(start_call.simulated, start_call.deployment, name_keys);
  insert into llm_calls (claim_id, token, worker, purpose, route, provider, model, simulated, names, tokens_in, tokens_out, cost, price, lease_until, reason, prompt_version, taxonomy_change_id, attempt)
    values (start_call.claim_id, start_call.token, worker, purpose, route, provider, model, start_call.simulated, names, tokens_in_upper, tokens_out_upper,
            coalesce(cost_upper, llm_cost(in_force, tokens_in_upper, 0, tokens_out_upper, tokens_in_upper), llm_cost(in_force, tokens_in_upper, 0, tokens_out_upper)), in_force, clock_timestamp() + lease, reason, prompt_version,
            case when start_call.purpose = 'split' then
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
comment on function start_call(text, text, text, text, text, boolean, integer, integer, integer, numeric, jsonb, interval, text[], smallint[], text, boolean, text, text, uuid, uuid) is
  'Writes a call and its names into the ledger as started, with upper estimates of its tokens and cost, before it is sent. Cost and price default to those of llm_prices, with batch those of the batch API. Asked again with a token it finds the call that it made before. NULL: the claim does not hold all of these names any more, and the call must not be sent. Refuses what refuse_call() refuses.';

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
comment on function mark_names(bigint[], text) is 'Writes one outcome to all names of some calls; returns how many. Example: select mark_names(array[12], ''lost'');';

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

create or replace function settle_llm(worker text, llm_call_id bigint, answers jsonb, refused jsonb, tokens_in integer,
    tokens_cached integer, tokens_out integer, cost numeric, model_version text, request_id text,
    tokens_written integer default 0, doubt text default null)
  returns integer
  language plpgsql security definer set search_path from current as $$
declare
  valid integer;
  call llm_calls;
  kind text;
  mine bytea[];
  booked numeric;
  its_names bytea[];
begin
  perform hold_taxonomy();
  select * into call from llm_calls c where c.llm_call_id = settle_llm.llm_call_id for update;
  if not found or call.worker <> settle_llm.worker then
    raise exception 'worker "%" has no call %', settle_llm.worker, coalesce(settle_llm.llm_call_id::text, 'NULL') using errcode = 'no_data_found';
  elsif call.state = 'ok' then
    return coalesce(call.answered, 0);  -- the reply to the first time was lost
  elsif call.state = 'failed' then
    raise exception 'call % has failed: nothing of it is owed, and no answer of it is taken', settle_llm.llm_call_id using errcode = 'invalid_parameter_value';
  elsif least(tokens_in, tokens_cached, tokens_written, tokens_out) < 0 or tokens_in is null or tokens_out is null or coalesce(tokens_cached, 0) + coalesce(tokens_written, 0) > tokens_in or not (cost >= 0 and cost < 'infinity') then
    raise exception 'a call cannot have % tokens in, % of them cached and % written, % out, for % dollars', tokens_in, tokens_cached, tokens_written, tokens_out, cost
      using errcode = 'invalid_parameter_value';
  end if;
  kind := call.purpose;
  its_names := names_of_call(call);
  -- what was not asked in this call is not answered by it
  select coalesce(jsonb_agg(a) filter (where not u.refused), '[]'), coalesce(jsonb_agg(a) filter (where u.refused), '[]') into answers, refused
    from (select a, false from jsonb_array_elements(answers) a union all select r, true from jsonb_array_elements(refused) r) u(a, refused)
    where name_hash(a ->> 'name_key') = any (its_names);
  mine := take_names(array(select r ->> 'name_key' from jsonb_array_elements(answers || refused) r));
  -- a category that was retired while the call was in flight is no answer: the whole tree of today is asked
  select coalesce(jsonb_agg(a) filter (where c.retired_at is null or in_use(c.category_id) is not null), '[]'),
         refused || coalesce(jsonb_agg(jsonb_build_object('name_key', a -> 'name_key', 'moved', true, 'none', kind = 'split'))
                               filter (where c.retired_at is not null and in_use(c.category_id) is null), '[]')
    into answers, refused
    from jsonb_array_elements(answers) a left join categories c on c.category_id = (a ->> 'category_id')::bigint;
  if kind = 'audit' then
    valid := settle_audits(settle_llm.llm_call_id, answers, refused);
  elsif kind = 'split' then
    valid := settle_split(settle_llm.llm_call_id, answers, refused);
  elsif kind = 'compare' then  -- answers of a comparison are nobody's label
    valid := jsonb_array_length(answers);
  else
    valid := settle_answers(settle_llm.llm_call_id, answers);
  end if;
  -- "none of these", or the first of two stages: not a failure of the name, the next step is due
  update queue q
    set shortlist = null, odds = null, purpose = coalesce(r.purpose, q.purpose), next = r.next, branch = r.branch, asked = asked + 1, attempts = 0, worker = null, claim_id = null, available_at = clock_timestamp()
    from jsonb_to_recordset(refused) r(name_key text, next text, branch bigint, purpose text, moved boolean)
    where r.moved and q.worker = settle_llm.worker and q.stage = 'llm' and q.purpose = kind and q.name_hash = name_hash(r.name_key)
      and q.name_hash = any (mine);
  perform give_back(settle_llm.worker, array_agg(r.names), 'llm', r.error, purpose => kind)
    from (select r ->> 'name_key' as names, r ->> 'error' as error from jsonb_array_elements(refused) r
            where (r ->> 'moved')::boolean is not true) r
    group by r.error;
  perform note_outcomes(settle_llm.llm_call_id, answers, refused);
  perform leave_no_names(settle_llm.llm_call_id);
  -- the version that answered may have a price of its own
  booked := coalesce(settle_llm.cost, settled_cost(
    coalesce(llm_price(call.provider, settle_llm.model_version, call.started_at, coalesce((call.price ->> 'batch')::boolean, false)), call.price),
    settle_llm.tokens_in, coalesce(settle_llm.tokens_cached, 0), settle_llm.tokens_out, coalesce(settle_llm.tokens_written, 0), settle_llm.doubt));
  update llm_calls c
    set state = 'ok', answered = valid, tokens_in = settle_llm.tokens_in, tokens_cached = coalesce(settle_llm.tokens_cached, 0),
        tokens_out = settle_llm.tokens_out, model_version = settle_llm.model_version,
        tokens_written = coalesce(settle_llm.tokens_written, 0), doubt = settle_llm.doubt,
        cost = case when booked > 999999 then 999999 else booked end,  -- what the column can hold
        request_id = settle_llm.request_id, error = null, ended_at = clock_timestamp()
    where c.llm_call_id = settle_llm.llm_call_id;
  return valid;
end $$;
comment on function settle_llm(text, bigint, jsonb, jsonb, integer, integer, integer, numeric, text, text, integer, text) is
  'Layer 4''s answers: label, rows, queue and ledger in one transaction; of an audit''s call: verdicts of checks and ledger; of a split''s: labels and rows that still are what was split; of a comparison''s: the ledger alone. Only answers to names of this call are taken, also after it was given up as lost; a call that is settled already stays as it is, and its number of answers is returned again. Ids that were merged meanwhile count as their successors; a name whose category was retired is asked again. answers: [{name_key, category_id, confidence}]; refused: [{name_key, error}] go back to the queue, [{name_key, moved: true, next, branch, purpose}] with their next step; of an audit, none: true says that no candidate fits. cost: what the provider itself says; NULL: by the price, and with a doubt about the counts not known. SQLSTATE P0002: the worker has no such call; 22023: the call has failed, or counts or cost are none.';

create or replace function fail_call(worker text, llm_call_id bigint, names text[], error text, arrived boolean,
                                     counts boolean, wait interval, claim_id uuid default null) returns void
  language plpgsql security definer set search_path from current as $$
begin
  update llm_calls c
    set state = case when arrived then 'failed' else 'unknown' end, error = fail_call.error, ended_at = clock_timestamp(),
        tokens_in = case when arrived then 0 else c.tokens_in end, tokens_out = case when arrived then 0 else c.tokens_out end,
        cost = case when arrived then 0 else c.cost end
    where c.llm_call_id = fail_call.llm_call_id and c.state = 'started' and c.worker = fail_call.worker;
  if found then perform mark_names(array[fail_call.llm_call_id], case when arrived then 'failed' else 'lost' end); end if;
  if arrived then perform leave_no_names(fail_call.llm_call_id); end if;
  perform give_back(worker, names, 'llm', error, counts, wait,
                    (select c.purpose from llm_calls c where c.llm_call_id = fail_call.llm_call_id), fail_call.claim_id);
end $$;
comment on function fail_call(text, bigint, text[], text, boolean, boolean, interval, uuid) is
  'Closes a call that brought no answer: failed when the provider''s refusal arrived (nothing owed), unknown with the upper estimate when nothing did. Its names go back, those of one claim or all.';

create or replace function close_lost_calls() returns integer
  language sql volatile security definer set search_path from current as $$
  with lost as (
    update llm_calls c set state = 'unknown', error = 'its sidecar died', ended_at = clock_timestamp()
      where c.state = 'started' and c.lease_until < now() returning c.llm_call_id
  )
  select cardinality(x.ids) from (select array(select l.llm_call_id from lost l) as ids) x where mark_names(x.ids, 'lost') >= 0;
$$;
comment on function close_lost_calls() is 'Closes calls whose sidecar died as unknown, with the upper estimate that was written when they started; returns how many.';
