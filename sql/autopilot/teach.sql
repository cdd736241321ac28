-- taxon_internal: Active learning: names that are labelled because they teach. Rows that were answered keep their answers; the label becomes
-- memory and training data.

create or replace function teach_tokens_today() returns bigint
  language sql stable security definer set search_path from current as $$
  select coalesce(sum(c.tokens_in + c.tokens_out), 0)::bigint from llm_calls c
    where c.purpose = 'teach' and c.state <> 'failed' and c.started_at >= date_trunc('day', now(), 'UTC');
$$;
comment on function teach_tokens_today() is 'LLM tokens that names asked because they teach have cost since midnight UTC, calls in flight with their upper estimate. Example: select teach_tokens_today(), setting(''teach_tokens_a_day'');';
grant execute on function teach_tokens_today to taxon_admin;

create or replace function is_training_name(name_hash bytea) returns boolean
  language sql immutable parallel safe
begin atomic
  -- ceil(.13 * 2^48): trainFrom() in src/train/data/split.ts
  select is_training_name.name_hash >= '\x2147ae147ae2';
end;
comment on function is_training_name(bytea) is 'Whether a name''s label trains a model: the lowest 13 % of the digests are held out for ever, to choose and to measure. Example: select is_training_name(name_hash(''red kettle''));';
grant execute on function is_training_name to taxon_admin;

create or replace function teachable(since interval)
  returns table (name_hash bytea, name_key text, product_id bigint, layer text, category_id bigint, confidence real, nearest real)
  language sql stable
begin atomic
  -- a name once, its newest row; of more than 20,000 rows the newest say enough
  select distinct on (n.hash) n.hash, p.name_key, p.product_id, coalesce(p.source, 'waiting'), p.category_id, p.confidence, p.nearest
    from (select x.product_id, x.name_key, x.source, coalesce(x.category_id, e.category_id) as category_id, e.nearest,
                 case when x.source = 'similar' then x.similarity else x.l3_confidence end as confidence
            from products x left join evidence e on e.evidence_id = x.evidence_id
            where x.created_at >= now() - since
              and (x.state = 'done' and x.source in ('similar', 'local') or x.state = 'pending' and e.evidence_id is not null)
            order by x.product_id desc limit 20000) p
    cross join lateral (select name_hash(p.name_key) as hash) n
    where is_training_name(n.hash) and not is_sealed_name(n.hash)
      and not exists (select from labels l where l.name_hash = n.hash)
      and not exists (select from queue q where q.name_hash = n.hash and q.purpose = 'teach')
      -- asked before, and it came to nothing
      and not exists (select from llm_call_names a join llm_calls c using (llm_call_id) where a.name_hash = n.hash and c.purpose = 'teach')
    order by n.hash, p.product_id desc;
end;
comment on function teachable(interval) is 'Names without a label that similar or local answered, or that wait for the LLM, whose label would train: not held out, not drawn as people''s checks, not asked for this before. confidence is that of the whole path, of similar the similarity. Example: select count(*) from teachable(''30 days'');';

create or replace function affordable_teaching() returns numeric
  language sql stable
begin atomic
  -- until one was paid for, a name counts what an answer has cost, or 1,000 tokens
  select case when exists (select from sidecars s where s.llm is not null and s.seen_at > now() - interval '1 min')
    then greatest(((setting('teach_tokens_a_day'))::numeric - teach_tokens_today())
                    / coalesce(sum(c.tokens_in + c.tokens_out)::numeric / nullif(sum(c.names), 0),
                      (select a.tokens from llm_cost_of_a_name() a)::numeric, 1000)
                  - (select count(*) from queue q where q.stage = 'llm' and q.purpose = 'teach'), 0)
    else 0 end
    from llm_calls c where c.purpose = 'teach' and c.state = 'ok' and c.started_at > now() - interval '30 days';
end;
comment on function affordable_teaching() is 'How many more names the LLM may be asked today because they teach: tokens left by what such a name has cost in 30 days, less those that wait; 0 where nobody has a provider. Example: select floor(affordable_teaching());';

create or replace function draw_teaching() returns integer
  language plpgsql security definer set search_path from current as $$
declare
  -- more at once would be chosen by what the first of them are about to teach
  most integer := least(floor(affordable_teaching()), 500);
  queued integer;
begin
  if most < 1 then return 0; end if;
  insert into queue (stage, name_key, purpose, branch, shortlist)
    select 'llm', t.name, 'teach', c.l1, audit_candidates(t.name, p.category_id)
      from teach_first(most) t
      -- those that wait are asked anyway
      join products p on p.product_id = t.product_id and p.state = 'done'
      left join categories c on c.category_id = p.category_id
    on conflict (name_hash, purpose, step) where stage = 'llm' do nothing;
  get diagnostics queued = row_count;
  if queued > 0 then perform wake(); end if;
  return queued;
end $$;
comment on function draw_teaching() is 'Puts names of teach_first() into the LLM stage for a label to learn from, within the setting teach_tokens_a_day (0: none); returns how many. Answers that were given stay as they are. Sidecars call it every five minutes. Example: select draw_teaching();';
grant execute on function draw_teaching to taxon_admin, taxon_sidecar;
