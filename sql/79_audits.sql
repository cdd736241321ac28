-- Audits: a random share of the answered rows is judged anyway, by the LLM or by people. Nothing here is on the insert
-- path, and no verdict of the LLM changes a label or a row: that it disagrees is evidence, not truth.

create or replace function same_path(a bigint, b bigint) returns boolean
  language sql stable
begin atomic
  select coalesce((select (x.l1, x.l2, x.l3) is not distinct from (y.l1, y.l2, y.l3)
                     from categories x, categories y where x.category_id = a and y.category_id = b), false);
end;
comment on function same_path(bigint, bigint) is 'Whether two categories have the same l1, l2 and l3: what "right" means for an answer.';

create or replace function audit_tokens_today() returns bigint
  language sql stable security definer set search_path from current as $$
  select coalesce(sum(c.tokens_in + c.tokens_out), 0)::bigint from llm_calls c
    where c.purpose = 'audit' and c.state <> 'failed' and c.started_at >= date_trunc('day', now(), 'UTC');
$$;
comment on function audit_tokens_today() is 'LLM tokens that audits have cost since midnight UTC, calls in flight with their upper estimate. Example: select audit_tokens_today(), setting(''audit_tokens_a_day'');';

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
comment on function audit_candidates(text, bigint) is 'What the LLM may choose from when it audits: the whole top branch of the answer (leaves, and whatever else memory uses) and the categories of near names, so that it is asked blind. Where none fits it says so.';

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
    on conflict (name_hash, purpose, step) where stage = 'llm' do nothing;
  get diagnostics queued = row_count;
  if queued > 0 then perform wake(); end if;
  return queued;
end $$;
comment on function queue_audits() is 'Puts the names of open LLM audits into the LLM stage, those that are not there; returns how many.';

create or replace function draw_audits() returns table (layer text, auditor text, drawn integer)
  language plpgsql security definer set search_path from current as $$
declare
  mark audit_watermark;
  newest bigint;
  snapshot pg_snapshot;
  share double precision := (setting('audit_share'))::double precision;
  -- how many names the LLM may still be asked today, beyond those that wait; until an audit was paid for, a name counts 1,000
  affordable numeric := 0;
begin
  select * into mark from audit_watermark for update skip locked;
  if not found then return; end if;  -- another one draws at this moment
  select coalesce(max(p.product_id), 0) into newest from products p;
  snapshot := pg_current_snapshot();  -- after newest: what comes later has a higher id
  -- a restored or emptied database counts from another start
  if mark.seen_xact > pg_snapshot_xmax(snapshot) then mark.seen_xact := pg_snapshot_xmin(snapshot); mark.next_xact := mark.seen_xact; end if;
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

  if setting('auditor') = '"llm"' and exists (select from sidecars s where s.llm is not null and s.seen_at > now() - interval '1 min') then
    select ((setting('audit_tokens_a_day'))::numeric - audit_tokens_today())
             / coalesce(sum(c.tokens_in + c.tokens_out)::numeric / nullif(sum(c.names), 0), 1000)
           - (select count(distinct k.name_hash) from checks k where k.auditor = 'llm' and k.verdict is null)
      into affordable
      from llm_calls c where c.purpose = 'audit' and c.state = 'ok' and c.started_at > now() - interval '30 days';
  end if;
  return query
    with gone as (
      delete from audit_waiting w where not exists (select from products p where p.product_id = w.product_id)
    ), ready as (
      delete from audit_waiting w using products p where p.product_id = w.product_id and p.state <> 'pending'
        returning p.product_id, p.name_key, p.source, p.category_id, p.similarity, p.model_id, p.evidence_id, p.state, w.weight
    ), known as (
      select r.*, l.source as taught_by,
             case when l.source = 'human' then l.category_id when r.source in ('similar', 'local') then a.truth_category_id end as truth,
             case when l.source is distinct from 'human' and r.source in ('similar', 'local') then a.llm_call_id end as call,
             case when l.source is distinct from 'human' and r.source in ('similar', 'local') then a.checked_by end as judge
        from ready r
        left join labels l on l.name_hash = name_hash(r.name_key)
        left join lateral (
          select k.truth_category_id, k.llm_call_id, k.checked_by from checks k
            where k.name_hash = name_hash(r.name_key) and k.auditor = 'llm' and k.truth_category_id is not null
            order by k.check_id desc limit 1
        ) a on true
        where r.state = 'done' and r.source in ('exact', 'similar', 'local', 'llm')
    ), dealt as (
      -- the LLM errs alike when it is asked again, so answers of its own go to people; who is asked beyond the budget is chance
      select k.*, k.source in ('similar', 'local') or k.source = 'exact' and k.taught_by = 'import' as may,
             row_number() over (partition by k.truth is null and (k.source in ('similar', 'local') or k.source = 'exact' and k.taught_by = 'import')
                                order by random()) as place
        from known k
    ), made as (
      insert into checks as k (name_key, product_id, layer, strategy, weight, evidence_id, model_id, category_id, similarity, auditor,
                          verdict, truth_category_id, checked_by, checked_at, llm_call_id)
        select d.name_key, d.product_id, d.source, 'audit', d.weight, d.evidence_id, d.model_id, d.category_id, d.similarity,
               case when d.judge is not null or d.truth is null and d.may and d.place <= affordable then 'llm' else 'human' end,
               case when d.truth is not null then same_path(d.category_id, d.truth) end, d.truth,
               case when d.truth is not null then coalesce(d.judge, 'memory') end,
               case when d.truth is not null then clock_timestamp() end, d.call
          from dealt d
        returning k.layer, k.auditor
    )
    select m.layer, m.auditor, count(*)::integer from made m group by 1, 2 order by 1, 2;
  -- what nobody has judged in 30 days is out of every report's sight
  delete from checks k where k.strategy = 'audit' and k.auditor = 'human' and k.verdict is null and k.drawn_at < now() - interval '30 days';
  perform queue_audits();
end $$;
comment on function draw_audits() is 'Draws a share (setting audit_share) of the rows that were inserted since the last call, each with the same chance whatever layer answers it and however late, as checks of strategy audit. Rows answered by similar or local, or from imported labels, go to the LLM within the setting audit_tokens_a_day; what the LLM said itself, and all beyond the budget or without a provider, to people. Names that a person has labelled are judged by that label, names that the LLM has audited before by that. Sidecars call it every minute. Example: select * from draw_audits();';

create or replace function settle_audits(llm_call_id bigint, answers jsonb, refused jsonb) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  valid integer;
begin
  -- a late answer is taken as long as the check is open: it was paid for
  with given as (
    select distinct on (a.name_key) name_hash(a.name_key) as hash, a.category_id
      from jsonb_to_recordset(answers) a(name_key text, category_id bigint) join categories c on c.category_id = a.category_id
  ), judged as (
    select g.hash, g.category_id from given g
    union all
    -- the answer was among the candidates, so "none of these" says that it is wrong
    select name_hash(r ->> 'name_key'), null from jsonb_array_elements(refused) r where (r ->> 'none')::boolean
  ), written as (
    update checks k
      set verdict = same_path(k.category_id, j.category_id), truth_category_id = j.category_id, checked_at = clock_timestamp(),
          llm_call_id = settle_audits.llm_call_id,
          checked_by = (select c.provider || ' ' || c.model from llm_calls c where c.llm_call_id = settle_audits.llm_call_id)
      from judged j where k.name_hash = j.hash and k.auditor = 'llm' and k.verdict is null
  ), gone as (
    delete from queue q using judged j where q.name_hash = j.hash and q.stage = 'llm' and q.purpose = 'audit'
  )
  select count(*) into valid from given;
  return valid;
end $$;
comment on function settle_audits(bigint, jsonb, jsonb) is 'The LLM''s verdicts go into the open checks of their names, and nowhere else; returns how many names got a category.';
