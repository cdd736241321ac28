-- taxon_internal: Names that the LLM is asked about, of every purpose, by urgency and budget.

create or replace function claim_llm(worker text, most integer, patience interval default '1 s', lease interval default '60 s',
                                     claim_id uuid default null, held uuid[] default '{}', owed uuid[] default '{}')
  returns table (name_key text, shortlist bigint[], odds real[], next text, branch bigint, asked smallint, attempts smallint, purpose text)
  -- below the 10 s after which its client gives it up: what it leaves behind would wait on
  language plpgsql security definer set search_path from current set lock_timeout = '8s' as $$
declare
  highest integer := (setting('max_attempts'))::integer;
  alone_from integer := least(2, highest);
  moment timestamptz;
  kind text;
  head record;
  alone boolean;
  size integer;
  picked bigint[];
  keys text[];
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
  -- a batch is of one purpose; what splits ask again and audits come when no answer is due, names that teach when no audit is
  foreach kind in array array['answer', 'escalate', 'audit', 'split', 'teach'] loop
    loop
      select q.queue_id, q.branch, q.next, q.shortlist, q.shortlist[1] as best, q.attempts, q.available_at into head from queue q
        where q.stage = 'llm' and q.purpose = kind and q.available_at <= moment and (q.claim_id = any (held)) is not true
          and (q.attempts < alone_from or not alone)
          and (stop is null or kind in ('answer', 'escalate') and exists (select from urgent_names u where u.name_hash = q.name_hash))
        order by q.available_at limit 1 for update skip locked;
      exit when not found or kind = 'audit' and audit_tokens_today() >= (setting('audit_tokens_a_day'))::numeric
        or kind = 'teach' and teach_tokens_today() >= (setting('teach_tokens_a_day'))::numeric;
      if head.attempts >= highest then
        perform bury(array[head.queue_id]);
        continue;
      end if;
      -- the third time a name is tried alone: it may be what breaks the batch, or ends its workers
      size := case when head.attempts >= alone_from then 1 else most end;
      with due as (
        select q.queue_id, q.name_key from queue q
          where q.stage = 'llm' and q.purpose = kind and q.available_at <= moment and (q.claim_id = any (held)) is not true
            and q.branch is not distinct from head.branch
            and q.next is not distinct from head.next
            -- a call is booked on one split, and each has a list of its own
            and (kind <> 'split' or q.shortlist is not distinct from head.shortlist)
            and (q.attempts < alone_from or q.queue_id = head.queue_id)
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
        dropped := settle_kept(keys) + settle_answered('llm', keys);
      elsif kind = 'teach' then
        delete from queue q where q.queue_id = any (picked)
          and (exists (select from labels l where l.name_hash = q.name_hash) or is_sealed_name(q.name_hash) or never_sent(q.name_key) is not null);
        get diagnostics dropped = row_count;
      else
        delete from queue q where q.queue_id = any (picked)
          and not exists (select from checks c where c.name_hash = q.name_hash and c.auditor = 'llm' and c.verdict is null);
        get diagnostics dropped = row_count;
      end if;
      continue when dropped > 0;
      -- While others still come for the batch it may fill for five times as long: in the demo 319 tokens a name in place of 469.
      exit when cardinality(picked) < size and (head.available_at > moment - patience
        or head.available_at > moment - 5 * patience
           and exists (select from queue q
                         where q.stage = 'llm' and q.purpose = kind and q.available_at > moment - patience and q.available_at <= moment
                           and q.branch is not distinct from head.branch and q.next is not distinct from head.next));
      return query
        with taken as (
          update queue q set worker = claim_llm.worker, claim_id = claim_llm.claim_id, available_at = clock_timestamp() + lease, attempts = q.attempts + 1
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
comment on function claim_llm(text, integer, interval, interval, uuid, uuid[], uuid[]) is 'Leases a batch of names of one purpose, one step and likely the same l1 for the LLM: when it is full, or its oldest name has been due for longer than patience and none has joined it for as long (at most five times patience). What the worker has in hand (held) is not given to it again, what it owes is taken back first. A name that was tried twice comes alone, one such at a time; one that was tried max_attempts times, so that its workers died, becomes a dead letter. Audits come when no answer is due, names that teach when no audit is, and only while today''s tokens are within audit_tokens_a_day and teach_tokens_a_day. Nothing is due for a worker of another deployment, nor beyond a budget but names marked urgent (llm_stop()).';
grant execute on function claim_llm to taxon_sidecar;
