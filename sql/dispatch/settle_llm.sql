-- taxon_internal: The answers of a call, each settled by its purpose. A call is committed as started before it is sent; its answers, its rows and its cost are one transaction.

create or replace function settle_llm(worker text, llm_call_id bigint, answers jsonb, refused jsonb, tokens_in integer,
    tokens_cached integer, tokens_out integer, cost numeric, model_version text, request_id text,
    tokens_written integer default 0, doubt text default null)
  returns integer
  language plpgsql security definer set search_path from current as $$
declare
  valid integer;
  call llm_calls;
  its purposes;
  mine bytea[];
  booked numeric;
  its_names bytea[];
begin
  perform hold_taxonomy();
  select * into call from llm_calls c where c.llm_call_id = settle_llm.llm_call_id for update;
  if not found or call.worker <> settle_llm.worker then
    raise exception 'worker "%" has no call %', settle_llm.worker, coalesce(settle_llm.llm_call_id::text, 'NULL')
      using errcode = 'no_data_found';
  elsif call.state = 'ok' then
    return coalesce(call.answered, 0);  -- the reply to the first time was lost
  elsif call.state = 'failed' then
    raise exception 'call % has failed: nothing of it is owed, and no answer of it is taken', settle_llm.llm_call_id
      using errcode = 'invalid_parameter_value';
  elsif least(tokens_in, tokens_cached, tokens_written, tokens_out) < 0 or tokens_in is null or tokens_out is null
    or coalesce(tokens_cached, 0) + coalesce(tokens_written, 0) > tokens_in or not (cost >= 0 and cost < 'infinity') then
    raise exception 'a call cannot have % tokens in, % of them cached and % written, % out, for % dollars', tokens_in, tokens_cached,
      tokens_written, tokens_out, cost
      using errcode = 'invalid_parameter_value';
  end if;
  select * into strict its from purposes p where p.purpose = call.purpose;
  its_names := names_of_call(call);
  -- what was not asked in this call is not answered by it
  select coalesce(jsonb_agg(a) filter (where not u.refused), '[]'), coalesce(jsonb_agg(a) filter (where u.refused), '[]') into answers,
    refused
    from (select a, false from jsonb_array_elements(answers) a union all select r, true from jsonb_array_elements(refused) r) u(a, refused)
    where name_hash(a ->> 'name_key') = any (its_names);
  mine := take_names(array(select r ->> 'name_key' from jsonb_array_elements(answers || refused) r));
  -- a category that was retired, or removed with its import, while the call was in flight is no answer: the whole tree of
  -- today is asked
  select coalesce(jsonb_agg(x.a) filter (where not x.gone), '[]'),
         refused || coalesce(jsonb_agg(jsonb_build_object('name_key', x.a -> 'name_key', 'moved', true, 'none', its.of_one_change))
                               filter (where x.gone), '[]')
    into answers, refused
    from (select a, c.retired_at is not null and in_use(c.category_id) is null
                    or c.category_id is null
                      and exists (select from label_runs r where (a ->> 'category_id')::bigint = any (r.categories)) as gone
            from jsonb_array_elements(answers) a left join categories c on c.category_id = (a ->> 'category_id')::bigint) x;
  execute format('select %I($1, $2, $3)', its.hooks || '_settle') into valid using settle_llm.llm_call_id, answers, refused;
  -- "none of these", or the first of two stages: not a failure of the name, the next step is due
  update queue q
    set shortlist = null, probabilities = null, purpose = coalesce(r.purpose, q.purpose), next = r.next, branch = r.branch,
      asked = asked + 1, attempts = 0, worker = null, claim_id = null, available_at = clock_timestamp()
    from jsonb_to_recordset(refused) r(name_key text, next text, branch bigint, purpose text, moved boolean)
    where r.moved and q.worker = settle_llm.worker and q.stage = 'llm' and q.purpose = its.purpose and q.name_hash = name_hash(r.name_key)
      and q.name_hash = any (mine);
  perform give_back(settle_llm.worker, array_agg(r.names), 'llm', r.error, purpose => its.purpose)
    from (select r ->> 'name_key' as names, r ->> 'error' as error from jsonb_array_elements(refused) r
            where (r ->> 'moved')::boolean is not true) r
    group by r.error;
  perform note_outcomes(settle_llm.llm_call_id, answers, refused);
  perform leave_no_names(settle_llm.llm_call_id);
  -- the version that answered may have a price of its own
  booked := coalesce(settle_llm.cost, settled_cost(
    coalesce(llm_price(call.provider, settle_llm.model_version, call.started_at, coalesce((call.price ->> 'batch')::boolean, false)),
      call.price),
    settle_llm.tokens_in, coalesce(settle_llm.tokens_cached, 0), settle_llm.tokens_out, coalesce(settle_llm.tokens_written, 0),
      settle_llm.doubt));
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
  'Layer 4''s answers: what they bring to labels, rows or checks (the function …_settle() of the call''s purpose), queue and ledger in one transaction. Only answers to names of this call are taken, also after it was given up as lost; a call that is settled already stays as it is, and its number of answers is returned again. Ids that were merged meanwhile count as their successors; a name whose category was retired is asked again, or, of a taxonomy change, stays what it was. answers: [{name_key, category_id, confidence}]; refused: [{name_key, error}] go back to the queue, [{name_key, moved: true, next, branch, purpose}] with their next step; none: true says that no candidate fits. cost: what the provider itself says; NULL: by the price, and with a doubt about the counts not known. SQLSTATE P0002: the worker has no such call; 22023: the call has failed, or counts or cost are none.';
grant execute on function settle_llm to taxon_admin, taxon_sidecar;
