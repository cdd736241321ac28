-- taxon_internal: Names that the LLM is asked about, of every purpose, by urgency and budget.

create or replace function claim_llm(worker text, most integer, patience interval default '1 s', lease interval default '60 s',
                                     claim_id uuid default null, held uuid[] default '{}', owed uuid[] default '{}')
  returns table (name_key text, shortlist bigint[], probabilities real[], next text, branch bigint, asked smallint, attempts smallint,
    purpose text)
  -- below the 10 s after which its client gives it up: what it leaves behind would wait on
  language plpgsql security definer set search_path from current set lock_timeout = '8s' as $$
declare
  highest integer := (setting('max_attempts'))::integer;
  alone_from integer := least(2, highest);
  moment timestamptz;
  its purposes;
  may boolean;
  head record;
  alone boolean;
  size integer;
  overdue boolean;
  picked bigint[];
  keys text[];
  settled integer;
  dropped integer;
  stop text;
begin
  perform take_back(claim_llm.worker, owed);
  moment := clock_timestamp();
  -- nothing is due: no need to add up a month's calls for its budget (14 ms at 100,000 of them)
  if not exists (select from queue q where q.stage = 'llm' and q.available_at <= moment) then return; end if;
  perform hold_taxonomy();
  moment := clock_timestamp();
  -- of names that were tried twice a worker has one in hand at a time: what ends it then does not count against the others
  alone := exists (select from queue q where q.claim_id = any (held) and q.worker = claim_llm.worker and q.attempts > alone_from);
  stop := llm_stop(worker);
  if stop = 'deployment' then return; end if;
  -- a batch is of one purpose; a later one comes when nothing of those before it is due
  for its in select * from purposes p where p.place is not null order by p.place, p.purpose loop
    loop
      select q.queue_id, q.branch, q.next, q.shortlist, q.shortlist[1] as best, q.attempts, q.available_at into head from queue q
        where q.stage = 'llm' and q.purpose = its.purpose and q.available_at <= moment and (q.claim_id = any (held)) is not true
          and (q.attempts < alone_from or not alone)
          and (stop is null or its.answers_rows and exists (select from urgent_names u where u.name_hash = q.name_hash))
        order by q.available_at limit 1 for update skip locked;
      exit when not found;
      execute format('select %I()', its.hooks || '_may_claim') into may;
      exit when not may;
      if head.attempts >= highest then
        perform give_up(array[head.queue_id]);
        continue;
      end if;
      -- the third time a name is tried alone: it may be what breaks the batch, or ends its workers
      size := case when head.attempts >= alone_from then 1 else most end;
      with due as (
        select q.queue_id, q.name_key from queue q
          where q.stage = 'llm' and q.purpose = its.purpose and q.available_at <= moment and (q.claim_id = any (held)) is not true
            and q.branch is not distinct from head.branch
            and q.next is not distinct from head.next
            -- a call is booked on one change, and each has a list of its own
            and (not its.of_one_change or q.shortlist is not distinct from head.shortlist)
            and (q.attempts < alone_from or q.queue_id = head.queue_id)
            and (stop is null or exists (select from urgent_names u where u.name_hash = q.name_hash))
          -- names of one likely category share most of their candidates
          order by q.queue_id = head.queue_id desc, q.shortlist[1] is not distinct from head.best desc,
            q.available_at limit size for update skip locked
      )
      select array_agg(d.queue_id), array_agg(d.name_key) into picked, keys from due d;
      -- While others still come for the batch it may fill for five times as long: in the demo 319 tokens a name in place of 469.
      overdue := head.available_at <= moment - patience
        and (head.available_at <= moment - 5 * patience
             or not exists (select from queue q
                              where q.stage = 'llm' and q.purpose = its.purpose and q.available_at > moment - patience
                                and q.available_at <= moment
                                and q.branch is not distinct from head.branch and q.next is not distinct from head.next));
      -- What waits in other branches shares the call then, as its frame alone is 250 tokens. Siblings have ids that follow each
      -- other: 3,000 real titles took 176 tokens a row with the nearest first, 187 with the oldest. Asked apart, as it sorts all
      -- that is due.
      if overdue and cardinality(picked) < size and head.branch is not null then
        with others as (
          select q.queue_id, q.name_key from queue q
            where q.stage = 'llm' and q.purpose = its.purpose and q.available_at <= moment and (q.claim_id = any (held)) is not true
              and q.branch <> head.branch and q.next is not distinct from head.next
              and (not its.of_one_change or q.shortlist is not distinct from head.shortlist)
              and q.attempts < alone_from
              and (stop is null or exists (select from urgent_names u where u.name_hash = q.name_hash))
            order by abs(q.branch - head.branch), q.branch, q.available_at limit size - cardinality(picked) for update skip locked
        )
        select picked || coalesce(array_agg(o.queue_id), '{}'), keys || coalesce(array_agg(o.name_key), '{}') into picked, keys
          from others o;
      end if;
      -- what is answered by now, or what nobody waits for any more, must not cost money
      settled := case when its.answers_rows then settle_kept(keys) else 0 end;
      execute format('select %I($1, $2)', its.hooks || '_drop') into dropped using picked, keys;
      continue when settled + dropped > 0;
      exit when cardinality(picked) < size and not overdue;
      return query
        with taken as (
          update queue q set worker = claim_llm.worker, claim_id = claim_llm.claim_id, available_at = clock_timestamp() + lease,
            attempts = q.attempts + 1
            where q.queue_id = any (picked) returning q.*
        )
        -- a shortlist may be older than the taxonomy, and so may the model that made it
        select t.name_key, o.offered, o.offered_probabilities, t.next, case when t.branch is not null
          then coalesce(in_use(t.branch), t.branch) end,
               t.asked, t.attempts, t.purpose
          from taken t cross join lateral offer_today(t.shortlist, t.probabilities, its.answers_rows) o;
      return;
    end loop;
  end loop;
end $$;
comment on function claim_llm(text, integer, interval, interval, uuid, uuid[],
  uuid[]) is 'Leases a batch of names of one purpose and one step for the LLM. They are likely of the same l1 when it is full of such; where its oldest name has been due for longer than patience and none has joined it for as long (at most five times patience), names of other branches fill it. What the worker has in hand (held) is not given to it again, what it owes is taken back first. A name that was tried twice comes alone, one such at a time; one that was tried max_attempts times, so that its workers died, is given up (give_up()). Purposes come in the order of purposes.place, a later one when nothing of those before it is due, and each only while its function …_may_claim() says so. Nothing is due for a worker of another deployment, nor beyond a budget but names marked urgent (llm_stop()).';
grant execute on function claim_llm to taxon_sidecar;
