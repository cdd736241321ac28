-- taxon_internal: Audits: a random share of the answered rows is judged anyway, by the LLM or by people. Nothing here is on the insert
-- path, and no verdict of the LLM changes a label or a row: that it disagrees is evidence, not truth.

create or replace function audit_tokens_today() returns bigint
  language sql stable security definer set search_path from current as $$
  select coalesce(sum(c.tokens_in + c.tokens_out), 0)::bigint from llm_calls c
    where c.purpose = 'audit' and c.state <> 'failed' and c.started_at >= date_trunc('day', now(), 'UTC');
$$;
comment on function audit_tokens_today() is 'LLM tokens that audits have cost since midnight UTC, calls in flight with their upper estimate. Example: select audit_tokens_today(), setting(''audit_tokens_a_day'');';
grant execute on function audit_tokens_today to taxon_admin;

create or replace function audit_candidates(name_key text, category_id bigint) returns bigint[]
  language sql stable security definer set search_path from current as $$
  -- in the order of ids, which says nothing about which of them was answered
  select array_agg(distinct x.category_id order by x.category_id) from (
    select c.category_id from categories a join categories c on c.l1 = a.l1 and c.retired_at is null
      where a.category_id = audit_candidates.category_id
        and (not exists (select from categories d where d.parent_id = c.category_id and d.retired_at is null)
             or exists (select from labels l where l.category_id = c.category_id))
    union all select audit_candidates.category_id
    union all select m.category_id from similar_matches(audit_candidates.name_key) m
    union all select n.category_id from neighbours(array[audit_candidates.name_key]) n
  ) x;
$$;
comment on function audit_candidates(text,
  bigint) is 'What the LLM may choose from when it audits: the whole top branch of the answer (leaves, and whatever else memory uses) and the categories of near names, so that it is asked blind. Where none fits it says so. Example: select audit_candidates(''red kettle'', 7);';

create or replace function queue_audits() returns integer
  language plpgsql security definer set search_path from current as $$
declare
  queued integer;
begin
  insert into queue (stage, name_key, purpose, branch, shortlist)
    select 'llm', o.name_key, 'audit', o.l1, audit_candidates(o.name_key, o.category_id)
      from (select distinct on (c.name_hash) c.name_hash, c.name_key, c.category_id, a.l1
              from checks c join categories a on a.category_id = c.category_id
              where c.auditor = 'llm' and c.verdict is null
              order by c.name_hash, c.check_id) o
      where not exists (select from queue q where q.name_hash = o.name_hash and q.stage = 'llm' and q.purpose = 'audit')
        -- answered already, and about to be written
        and not exists (select from kept_answers k join llm_calls c using (llm_call_id) where k.name_hash = o.name_hash
          and c.purpose = 'audit')
    on conflict (name_hash, purpose, step) where stage = 'llm' do nothing;
  get diagnostics queued = row_count;
  if queued > 0 then perform wake(); end if;
  return queued;
end $$;
comment on function queue_audits() is 'Puts the names of open LLM audits into the LLM stage, those that are not there; returns how many. Example: select queue_audits();';

create or replace function pick_audits() returns boolean
  language plpgsql security definer set search_path from current as $$
declare
  mark audit_watermark;
  newest bigint;
  snapshot pg_snapshot;
  share double precision := audit_share_now();
begin
  select * into mark from audit_watermark for update skip locked;
  if not found then return false; end if;  -- another one draws at this moment
  select coalesce(max(p.product_id), 0) into newest from products p;
  snapshot := pg_current_snapshot();  -- after newest: what comes later has a higher id
  -- a restored or emptied database counts from another start
  if mark.seen_xact > pg_snapshot_xmax(snapshot)
    then mark.seen_xact := pg_snapshot_xmin(snapshot); mark.next_xact := mark.seen_xact; end if;
  if mark.from_id > newest then mark.from_id := 0; end if;
  -- 1,000 ids of slack: an id is taken a moment before its transaction gets its number
  insert into audit_waiting as w (product_id, weight)
    select p.product_id, 1 / nullif(share, 0) from products p
      where p.product_id > mark.from_id - 1000 and p.inserted_xact >= mark.seen_xact
        and p.inserted_xact < pg_snapshot_xmin(snapshot) and p.state <> 'failed' and random() < share
    on conflict (product_id) do update set weight = excluded.weight;
  if mark.next_xact <= pg_snapshot_xmin(snapshot) then
    mark.from_id := least(mark.next_id, newest);
    mark.next_xact := pg_snapshot_xmax(snapshot);
    mark.next_id := newest;
  end if;
  update audit_watermark set seen_xact = pg_snapshot_xmin(snapshot), from_id = mark.from_id, next_xact = mark.next_xact,
    next_id = mark.next_id, drawn_at = clock_timestamp();
  return true;
end $$;
comment on function pick_audits() is 'Picks a share of the rows whose inserting transactions have ended since the last call, whatever their state. False: another session is at it. Example: select pick_audits();';

create or replace function affordable_audits() returns numeric
  language sql stable security definer set search_path from current as $$
  -- until an audit was paid for, a name counts 1,000 tokens
  select case when setting('auditor') = '"llm"'
    and exists (select from sidecars s where s.llm is not null and s.seen_at > now() - interval '1 min')
    then greatest(((setting('audit_tokens_a_day'))::numeric - audit_tokens_today())
                    / coalesce(sum(c.tokens_in + c.tokens_out)::numeric / nullif(sum(c.names), 0), 1000)
                  - (select count(distinct k.name_hash) from checks k where k.auditor = 'llm' and k.verdict is null), 0)
    else 0 end
    from llm_calls c where c.purpose = 'audit' and c.state = 'ok' and c.started_at > now() - interval '30 days';
$$;
comment on function affordable_audits() is 'How many more names the LLM may be asked to audit today: tokens left by what a name has cost in 30 days, less those that wait; 0 where nobody has a provider or the setting auditor says human. Example: select floor(affordable_audits());';

create or replace function draw_audits() returns table (layer text, auditor text, drawn integer)
  language plpgsql security definer set search_path from current as $$
declare
  affordable numeric;
  people numeric := (setting('audit_people_a_day'))::numeric;
  -- how many of each of the four layers people are given now; they get their turn when it is one at least
  each_layer bigint;
begin
  if not pick_audits() then return; end if;
  affordable := affordable_audits();
  select floor(case when people = 0 then 0
                    when m.people_at is null then greatest(people, 4)
                    else least(people * extract(epoch from clock_timestamp() - m.people_at) / 86400, greatest(people, 4)) end / 4)
    into each_layer from audit_watermark m;
  return query
    with picked as materialized (
      -- offset: one look-up a row; a join reads all of products
      select w.product_id, w.weight, p.name_key, p.source, p.category_id, p.similarity, p.model_id, p.evidence_id, p.state
        from audit_waiting w left join lateral (select * from products x where x.product_id = w.product_id offset 0) p on true
    ), ready as (
      select p.*,
             -- the LLM errs alike when it is asked again, so answers of its own go to people
             p.source in ('similar', 'local') or p.source = 'exact' and l.source is not distinct from 'import' as may,
             case when l.source = 'human' and looked_at(name_hash(p.name_key)) then l.category_id end as label
        from picked p
        left join lateral (select y.source, y.category_id from labels y where y.name_hash = name_hash(p.name_key) offset 0) l on true
        where p.state = 'done' and p.source in ('exact', 'similar', 'local', 'llm')
    ), known as (
      select r.*, coalesce(r.label, a.truth_category_id) as truth, case when r.label is null then a.llm_call_id end as call,
             case when r.label is null then a.checked_by end as judge
        from ready r
        left join lateral (
          select k.truth_category_id, k.llm_call_id, k.checked_by from checks k
            where k.name_hash = name_hash(r.name_key) and k.auditor = 'llm' and k.truth_category_id is not null and r.may
            order by k.check_id desc limit 1
        ) a on true
    ), dealt as (
      -- who is asked beyond the budget is chance
      select k.*, case when k.truth is not null then 'memory'
                       when k.may and row_number() over (partition by k.may and k.truth is null order by random()) <= affordable then 'llm'
                       else 'people' end as judged_by
        from known k
    ), turned as (
      select d.*, row_number() over (partition by d.judged_by, d.source order by random()) as turn,
             count(*) over (partition by d.judged_by, d.source) as n from dealt d
    ), made as (
      insert into checks as k (name_key, product_id, layer, strategy, weight, evidence_id, model_id, category_id, similarity, auditor,
                               verdict, truth_category_id, checked_by, checked_at, llm_call_id)
        -- of n, people get some: each stands for the others
        select t.name_key, t.product_id, t.source, 'audit',
               t.weight * case when t.judged_by = 'people' then greatest(t.n::float8 / each_layer, 1) else 1 end,
               t.evidence_id, t.model_id, t.category_id, t.similarity,
               case when t.judged_by = 'llm' or t.judge is not null then 'llm' else 'human' end,
               case when t.truth is not null then same_path(t.category_id, t.truth) end, t.truth,
               case when t.truth is not null then coalesce(t.judge, 'memory') end,
               case when t.truth is not null then clock_timestamp() end, t.call
          from turned t where t.judged_by <> 'people' or t.turn <= each_layer
        returning k.layer, k.auditor
    ), gone as (
      delete from audit_waiting w using picked p
        where p.product_id = w.product_id and p.state is distinct from 'pending'
          and not exists (select from dealt d where d.product_id = w.product_id and d.judged_by = 'people' and each_layer < 1)
    ), given as (
      update audit_watermark set people_at = clock_timestamp()
        where each_layer >= 1 and exists (select from dealt d where d.judged_by = 'people')
    )
    select m.layer, m.auditor, count(*)::integer from made m group by 1, 2 order by 1, 2;
  -- what nobody has judged in 30 days is out of every report's sight
  delete from checks k where k.strategy = 'audit' and k.auditor = 'human' and k.verdict is null and k.drawn_at < now() - interval '30 days';
  perform queue_audits();
end $$;
comment on function draw_audits() is 'Draws a share (audit_share_now()) of the rows that were inserted since the last call, each with the same chance whatever layer answers it and however late, as checks of strategy audit. Rows answered by similar or local, or from imported labels, go to the LLM within the setting audit_tokens_a_day. What the LLM said itself, and all beyond the budget or without a provider, is people''s: audit_people_a_day of it, spread over the day and alike for each layer. Names that a person has labelled are judged by that label, names that the LLM has audited before by that. Sidecars call it every minute. Example: select * from draw_audits();';
grant execute on function draw_audits to taxon_admin, taxon_sidecar;

create or replace function audit_share_now() returns double precision
  language sql stable
begin atomic
  select greatest((setting('audit_share'))::float8, case when exists (select from alarms a where a.ended_at is null) then .2 else 0 end);
end;
comment on function audit_share_now() is 'The share of answered rows that is audited now: the setting audit_share, at least .2 while an alarm is open. Example: select audit_share_now();';
grant execute on function audit_share_now to taxon_admin;
