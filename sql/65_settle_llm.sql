-- The ledger and layer 4. A call is committed as started before it is sent; its answers, its rows and its cost are one
-- transaction.

create or replace function start_call(worker text, purpose text, route text, provider text, model text, simulated boolean,
    names integer, tokens_in_upper integer, tokens_out_upper integer, cost_upper numeric, price jsonb, lease interval default '60 s',
    prompt_version text default null)
  returns bigint
  language sql volatile security definer set search_path from current as $$
  insert into llm_calls (worker, purpose, route, provider, model, simulated, names, tokens_in, tokens_out, cost, price, lease_until, prompt_version)
    values (worker, purpose, route, provider, model, simulated, names, tokens_in_upper, tokens_out_upper, cost_upper, price, now() + lease, prompt_version)
    returning llm_call_id;
$$;
comment on function start_call(text, text, text, text, text, boolean, integer, integer, integer, numeric, jsonb, interval, text) is
  'Writes a call into the ledger as started, with upper estimates of its tokens and cost, before it is sent.';

create or replace function settle_answers(llm_call_id bigint, answers jsonb) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  valid integer;
begin
  -- A late valid answer to a name still open is taken, whoever holds the lease by now: it was paid for.
  with given as (
    select distinct on (a.name_key) a.name_key as key, name_hash(a.name_key) as hash, a.category_id, a.confidence
      from jsonb_to_recordset(answers) a(name_key text, category_id bigint, confidence real)
      join categories c on c.category_id = a.category_id
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
    delete from queue q using answer a where q.name_hash = a.name_hash and q.purpose = 'answer'
  )
  select count(*) into valid from given;
  return valid;
end $$;
comment on function settle_answers(bigint, jsonb) is 'The LLM''s answers become labels and settle the rows that wait for them; returns how many were valid. Example: settle_answers(12, ''[{"name_key": "kettle", "category_id": 7, "confidence": 0.9}]'').';

create or replace function settle_llm(worker text, llm_call_id bigint, answers jsonb, refused jsonb, tokens_in integer,
    tokens_cached integer, tokens_out integer, cost numeric, model_version text, request_id text)
  returns integer
  language plpgsql security definer set search_path from current as $$
declare
  valid integer;
  kind text := coalesce((select c.purpose from llm_calls c where c.llm_call_id = settle_llm.llm_call_id), 'answer');
begin
  perform hold_names(array(select r ->> 'name_key' from jsonb_array_elements(answers || refused) r));
  if kind = 'audit' then
    valid := settle_audits(settle_llm.llm_call_id, answers, refused);
  elsif kind = 'compare' then  -- answers of a comparison are nobody's label
    valid := jsonb_array_length(answers);
  else
    valid := settle_answers(settle_llm.llm_call_id, answers);
  end if;
  -- "none of these": next time the whole tree is offered, which is the same for all branches and dear (15,800 tokens at
  -- 1,600 categories), so such names go together
  update queue q set shortlist = null, branch = null
    where q.worker = settle_llm.worker and q.stage = 'llm' and q.purpose = kind
      and q.name_key in (select r ->> 'name_key' from jsonb_array_elements(refused) r where (r ->> 'none')::boolean);
  perform give_back(settle_llm.worker, array_agg(r.names), 'llm', r.error, purpose => kind)
    from (select r ->> 'name_key' as names, r ->> 'error' as error from jsonb_array_elements(refused) r) r
    group by r.error;
  update llm_calls c
    set state = 'ok', answered = valid, tokens_in = settle_llm.tokens_in, tokens_cached = settle_llm.tokens_cached,
        tokens_out = settle_llm.tokens_out, cost = settle_llm.cost, model_version = settle_llm.model_version,
        request_id = settle_llm.request_id, error = null, ended_at = clock_timestamp()
    where c.llm_call_id = settle_llm.llm_call_id;
  return valid;
end $$;
comment on function settle_llm(text, bigint, jsonb, jsonb, integer, integer, integer, numeric, text, text) is
  'Layer 4''s answers: label, rows, queue and ledger in one transaction; of an audit''s call: verdicts of checks and ledger; of a comparison''s: the ledger alone. answers: [{name_key, category_id, confidence}]; refused: [{name_key, error, none}] go back to the queue, with none (none of these) without their shortlist.';

create or replace function fail_call(worker text, llm_call_id bigint, names text[], error text, arrived boolean,
                                     counts boolean, wait interval) returns void
  language plpgsql security definer set search_path from current as $$
begin
  update llm_calls c
    set state = case when arrived then 'failed' else 'unknown' end, error = fail_call.error, ended_at = clock_timestamp(),
        tokens_in = case when arrived then 0 else c.tokens_in end, tokens_out = case when arrived then 0 else c.tokens_out end,
        cost = case when arrived then 0 else c.cost end
    where c.llm_call_id = fail_call.llm_call_id and c.state = 'started';
  perform give_back(worker, names, 'llm', error, counts, wait,
                    (select c.purpose from llm_calls c where c.llm_call_id = fail_call.llm_call_id));
end $$;
comment on function fail_call(text, bigint, text[], text, boolean, boolean, interval) is
  'Closes a call that brought no answer: failed when the provider''s refusal arrived (nothing owed), unknown with the upper estimate when nothing did. Its names go back.';

create or replace function close_lost_calls() returns integer
  language sql volatile security definer set search_path from current as $$
  with lost as (
    update llm_calls c set state = 'unknown', error = 'its sidecar died', ended_at = clock_timestamp()
      where c.state = 'started' and c.lease_until < now() returning 1
  )
  select count(*)::integer from lost;
$$;
comment on function close_lost_calls() is 'Closes calls whose sidecar died as unknown, with the upper estimate that was written when they started; returns how many.';
