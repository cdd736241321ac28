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
  if (setting('ledger_names_days'))::numeric > 0 then
    insert into llm_call_names (llm_call_id, name_hash, step)
      select id, name_hash(n), max(coalesce(s, 1)) from unnest(name_keys, steps) u(n, s) group by 2;
  end if;
  return id;
end $$;
comment on function start_call(text, text, text, text, text, boolean, integer, integer, integer, numeric, jsonb, interval, text[], smallint[], text, boolean, text, text, uuid, uuid) is
  'Writes a call and its names into the ledger as started, with upper estimates of its tokens and cost, before it is sent. Cost and price default to those of llm_prices, with batch those of the batch API. Asked again with a token it finds the call that it made before. NULL: the claim does not hold all of these names any more, and the call must not be sent. Refuses what refuse_call() refuses.';

create or replace function settle_answers(llm_call_id bigint, answers jsonb) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  valid integer;
begin
  -- A late valid answer to a name still open is taken, whoever holds the lease by now: it was paid for. That of a name
  -- forgotten meanwhile is not ('': its place in a batch).
  with given as (
    select distinct on (a.name_key) a.name_key as key, name_hash(a.name_key) as hash, c.category_id, a.confidence
      from jsonb_to_recordset(answers) a(name_key text, category_id bigint, confidence real)
      join categories c on c.category_id = in_use(a.category_id) and c.retired_at is null
      where a.name_key <> '' and not forgotten(name_hash(a.name_key))
  ), label as (
    insert into labels (name_key, category_id, source, confidence, llm_call_id, labelled_at)
      select g.key, g.category_id, 'llm', g.confidence, settle_answers.llm_call_id, now() from given g
      order by g.hash  -- two sidecars that write the same names must not wait for each other in a circle
      on conflict (name_hash) do nothing
      returning name_hash, category_id
  ), answer as materialized (
    select l.name_hash, l.category_id, 'llm' as source, settle_answers.llm_call_id as call from label l
    union all
    -- where memory has a label already (a person's of this very minute), that one stands and is what answers the rows
    select l.name_hash, l.category_id, 'exact', null from labels l join given g on g.hash = l.name_hash
  ), rows as (
    update products p
      set category_id = a.category_id, l1 = c.l1, l2 = c.l2, l3 = c.l3, source = a.source, state = 'done',
          llm_call_id = a.call, classified_at = now()
      from answer a join categories c on c.category_id = a.category_id
      where name_hash(p.name_key) = a.name_hash and p.state = 'pending'
      returning p.evidence_id, p.source, p.category_id
  ), opinion as (
    insert into opinions (evidence_id, levels)
      select distinct on (e.evidence_id) e.evidence_id, agreed_levels(e.category_id, r.category_id)
        from rows r join evidence e using (evidence_id) where r.source = 'llm' and e.category_id is not null
      on conflict do nothing
  ), gone as (
    delete from queue q using answer a where q.name_hash = a.name_hash and q.purpose in ('answer', 'escalate', 'teach')
  )
  select count(*) into valid from given;
  return valid;
end $$;
comment on function settle_answers(bigint, jsonb) is 'The LLM''s answers become labels and settle the rows that wait for them; returns how many were valid. Example: settle_answers(12, ''[{"name_key": "kettle", "category_id": 7, "confidence": 0.9}]'').';

create or replace function settle_llm(worker text, llm_call_id bigint, answers jsonb, refused jsonb, tokens_in integer,
    tokens_cached integer, tokens_out integer, cost numeric, model_version text, request_id text,
    tokens_written integer default 0, doubt text default null)
  returns integer
  language plpgsql security definer set search_path from current as $$
declare
  valid integer;
  kind text := coalesce((select c.purpose from llm_calls c where c.llm_call_id = settle_llm.llm_call_id), 'answer');
begin
  perform hold_taxonomy();
  -- asked again, as the answer of the first time was lost: it is done. (The call is locked first: the first may be under way.)
  select c.answered into valid from llm_calls c where c.llm_call_id = settle_llm.llm_call_id for update;
  if exists (select from llm_calls c where c.llm_call_id = settle_llm.llm_call_id and c.state = 'ok') then return valid; end if;
  perform hold_names(array(select r ->> 'name_key' from jsonb_array_elements(answers || refused) r));
  -- a category that was retired while the call was in flight is no answer: the whole tree of today is asked
  select coalesce(jsonb_agg(a) filter (where c.retired_at is null or in_use(c.category_id) is not null), '[]'),
         refused || coalesce(jsonb_agg(jsonb_build_object('name_key', a -> 'name_key', 'moved', true, 'none', kind = 'split'))
                               filter (where c.retired_at is not null and in_use(c.category_id) is null), '[]')
    into answers, refused
    from jsonb_array_elements(answers) a left join categories c on c.category_id = (a ->> 'category_id')::bigint;
  if kind = 'audit' then
    valid := settle_audits(settle_llm.llm_call_id, answers, refused);
  elsif kind = 'split' then
    valid := settle_questions(settle_llm.llm_call_id, answers, refused);
  elsif kind = 'compare' then  -- answers of a comparison are nobody's label
    valid := jsonb_array_length(answers);
  else
    valid := settle_answers(settle_llm.llm_call_id, answers);
  end if;
  -- "none of these", or the first of two stages: not a failure of the name, the next step is due
  update queue q
    set shortlist = null, odds = null, purpose = coalesce(r.purpose, q.purpose), next = r.next, branch = r.branch, asked = asked + 1, attempts = 0, worker = null, available_at = now()
    from jsonb_to_recordset(refused) r(name_key text, next text, branch bigint, purpose text, moved boolean)
    where r.moved and q.worker = settle_llm.worker and q.stage = 'llm' and q.purpose = kind and q.name_hash = name_hash(r.name_key);
  perform give_back(settle_llm.worker, array_agg(r.names), 'llm', r.error, purpose => kind)
    from (select r ->> 'name_key' as names, r ->> 'error' as error from jsonb_array_elements(refused) r
            where (r ->> 'moved')::boolean is not true) r
    group by r.error;
  perform note_outcomes(settle_llm.llm_call_id, answers, refused);
  update llm_calls c
    set state = 'ok', answered = valid, tokens_in = settle_llm.tokens_in, tokens_cached = settle_llm.tokens_cached,
        tokens_out = settle_llm.tokens_out, model_version = settle_llm.model_version,
        tokens_written = settle_llm.tokens_written, doubt = settle_llm.doubt,
        cost = coalesce(settle_llm.cost, settled_cost(
          -- the version that answered may have a price of its own
          coalesce(llm_price(c.provider, settle_llm.model_version, c.started_at, coalesce((c.price ->> 'batch')::boolean, false)), c.price),
          settle_llm.tokens_in, settle_llm.tokens_cached, settle_llm.tokens_out, settle_llm.tokens_written, settle_llm.doubt)),
        request_id = settle_llm.request_id, error = null, ended_at = clock_timestamp()
    where c.llm_call_id = settle_llm.llm_call_id;
  return valid;
end $$;
comment on function settle_llm(text, bigint, jsonb, jsonb, integer, integer, integer, numeric, text, text, integer, text) is
  'Layer 4''s answers: label, rows, queue and ledger in one transaction; of an audit''s call: verdicts of checks and ledger; of a split''s: labels and rows that still are what was split; of a comparison''s: the ledger alone. Ids that were merged meanwhile count as their successors; a name whose category was retired is asked again. answers: [{name_key, category_id, confidence}]; refused: [{name_key, error}] go back to the queue, [{name_key, moved: true, next, branch, purpose}] with their next step; of an audit, none: true says that no candidate fits. cost: what the provider itself says; NULL: by the price, and with a doubt about the counts not known.';

create or replace function fail_call(worker text, llm_call_id bigint, names text[], error text, arrived boolean,
                                     counts boolean, wait interval, claim_id uuid default null) returns void
  language plpgsql security definer set search_path from current as $$
begin
  with closed as (
    update llm_calls c
      set state = case when arrived then 'failed' else 'unknown' end, error = fail_call.error, ended_at = clock_timestamp(),
          tokens_in = case when arrived then 0 else c.tokens_in end, tokens_out = case when arrived then 0 else c.tokens_out end,
          cost = case when arrived then 0 else c.cost end
      where c.llm_call_id = fail_call.llm_call_id and c.state = 'started' returning 1
  )
  update llm_call_names n set outcome = case when arrived then 'failed' else 'lost' end
    from closed where n.llm_call_id = fail_call.llm_call_id;
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
  ), names as (
    update llm_call_names n set outcome = 'lost' from lost l where n.llm_call_id = l.llm_call_id
  )
  select count(*)::integer from lost;
$$;
comment on function close_lost_calls() is 'Closes calls whose sidecar died as unknown, with the upper estimate that was written when they started; returns how many.';
