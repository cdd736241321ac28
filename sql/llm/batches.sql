-- taxon_internal: Batches for a provider's batch API. A batch is a worker of its own: its leases outlive the process that submitted it,
-- and each of its calls is a row of the ledger from before it is sent.

create or replace function open_batch(provider text, model text) returns table (llm_batch_id bigint, reference uuid)
  language sql volatile security definer set search_path from current as $$
  insert into llm_batches as b (provider, model) values (provider, model) returning b.llm_batch_id, b.reference;
$$;
comment on function open_batch(text, text) is 'Begins a batch; names are claimed for the worker "batch ID". Example: open_batch(''openai'', ''gpt-6-luna'').';
grant execute on function open_batch to taxon_admin, taxon_sidecar;

create or replace function add_to_batch(llm_batch_id bigint, llm_call_id bigint, name_keys text[], offered bigint[]) returns void
  language sql volatile security definer set search_path from current as $$
  -- forgotten since its call started: its place stays, as answers come by place
  insert into llm_batch_calls (llm_batch_id, llm_call_id, name_keys, offered)
    select add_to_batch.llm_batch_id, add_to_batch.llm_call_id,
           array(select case when forgotten(name_hash(u.n)) then '' else u.n end from unnest(add_to_batch.name_keys) with ordinality u(n, i)
             order by u.i), add_to_batch.offered;
$$;
comment on function add_to_batch(bigint, bigint, text[],
  bigint[]) is 'Puts a started call into a batch: its names in the order of the prompt, the ids that an answer may use. Example: add_to_batch(3, 12, ''{kettle}'', ''{0,7}'').';
grant execute on function add_to_batch to taxon_admin, taxon_sidecar;

create or replace function note_batch(llm_batch_id bigint, provider_batch_id text default null) returns void
  language sql volatile security definer set search_path from current as $$
  update llm_batches b
    set state = case when note_batch.provider_batch_id is null then 'sending' else 'running' end,
        provider_batch_id = coalesce(note_batch.provider_batch_id, b.provider_batch_id),
        submitted_at = case when note_batch.provider_batch_id is null then b.submitted_at else clock_timestamp() end
    where b.llm_batch_id = note_batch.llm_batch_id and b.state in ('filling', 'sending');
$$;
comment on function note_batch(bigint, text) is 'Without the provider''s id: the batch is about to be sent; with it: the provider has it. Example: note_batch(3, ''batch_abc'').';
grant execute on function note_batch to taxon_admin, taxon_sidecar;

create or replace function open_batches()
  returns table (llm_batch_id bigint, reference uuid, provider text, model text, provider_batch_id text, state text,
                 cancelled boolean, created_at timestamptz, names bigint)
  language sql stable security definer set search_path from current as $$
  select b.llm_batch_id, b.reference, b.provider, b.model, b.provider_batch_id, b.state, b.cancelled, b.created_at,
         (select coalesce(sum(cardinality(c.name_keys)), 0) from llm_batch_calls c where c.llm_batch_id = b.llm_batch_id)
    from llm_batches b where b.state in ('filling', 'sending', 'running') order by b.llm_batch_id;
$$;
comment on function open_batches() is 'Batches that have not ended, oldest first. Example: select * from open_batches().';
grant execute on function open_batches to taxon_admin, taxon_sidecar;

create or replace function open_batch_calls(llm_batch_id bigint)
  returns table (llm_call_id bigint, purpose text, route text, model text, tokens_in integer, tokens_out integer, name_keys text[],
    offered bigint[], nexts text[], branches bigint[])
  language sql stable security definer set search_path from current as $$
  select c.llm_call_id, c.purpose, c.route, c.model, c.tokens_in, c.tokens_out, k.name_keys, k.offered, s.nexts, s.branches
    from llm_batch_calls k join llm_calls c using (llm_call_id)
      -- what is left of a name that was taken away meanwhile is no step
      cross join lateral (
        select array_agg(q.next order by n.place), array_agg(q.branch order by n.place)
          from unnest(k.name_keys) with ordinality n(name_key, place)
            left join queue q on q.name_hash = name_hash(n.name_key) and q.stage = 'llm' and q.purpose = c.purpose
              and q.worker = format('batch %s', k.llm_batch_id)
      ) s(nexts, branches)
    where k.llm_batch_id = open_batch_calls.llm_batch_id and c.state = 'started' order by c.llm_call_id;
$$;
comment on function open_batch_calls(bigint) is 'Calls of a batch whose outcome is not written yet, with the upper estimates of their tokens; for each name the step that it is asked in (queue.next, queue.branch). Example: select * from open_batch_calls(3).';
grant execute on function open_batch_calls to taxon_admin, taxon_sidecar;

create or replace function cancel_batches() returns integer
  language sql volatile security definer set search_path from current as $$
  with asked as (update llm_batches b set cancelled = true where b.state in ('filling', 'sending', 'running') and not b.cancelled
    returning 1)
  select count(*)::integer from asked;
$$;
comment on function cancel_batches() is 'Marks all batches that have not ended as cancelled; returns how many. Whoever looks after them next (a sidecar within a minute, taxon llm backfill) tells the provider, takes what was answered before, and gives the other names back. Example: select cancel_batches().';
grant execute on function cancel_batches to taxon_admin, taxon_sidecar;

create or replace function batch_totals(first bigint)
  returns table (batches bigint, calls bigint, names bigint, answered bigint, tokens_in bigint, tokens_cached bigint,
                 tokens_out bigint, cost numeric, simulated boolean)
  language sql stable security definer set search_path from current as $$
  select count(distinct k.llm_batch_id), count(*), coalesce(sum(c.names), 0), coalesce(sum(c.answered), 0),
         coalesce(sum(c.tokens_in), 0), coalesce(sum(c.tokens_cached), 0), coalesce(sum(c.tokens_out), 0),
         case when count(*) = count(c.cost) then sum(c.cost) end,
         coalesce(bool_or(c.simulated), false)
    from llm_batch_calls k join llm_calls c using (llm_call_id) where k.llm_batch_id >= first;
$$;
comment on function batch_totals(bigint) is 'Sums of the ledger over the batches from this one on; calls in flight and unknown ones with their upper estimates. Example: select * from batch_totals(1).';
grant execute on function batch_totals to taxon_admin, taxon_sidecar;

create or replace function batches_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  -- a provider answers within a day; an hour more is for taking the answers
  select 'llm batches', case when min(b.created_at) < now() - interval '25 h' then 'warn' else 'ok' end, count(*)::text,
         format('%s names with the batch API of %s, the oldest for %s h; a sidecar with that provider takes the answers, or taxon llm backfill',
                sum(b.names), string_agg(distinct b.provider || ' ' || b.model, ', '),
                round(extract(epoch from now() - min(b.created_at)) / 3600, 1))
    from open_batches() b having count(*) > 0;
$$;
comment on function batches_health() is 'What health() says of batches that have not ended; no row where there are none.';
