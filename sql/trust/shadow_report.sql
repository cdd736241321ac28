-- taxon: What the local layer would have answered while it was in shadow.

create or replace function shadow_report(since interval default null)
  returns table (branch bigint, path text, names bigint, tokens numeric, cost numeric, labelled bigint, disagree bigint,
                 disagree_share numeric, checked bigint, wrong bigint, measured_error numeric, lower numeric,
                 upper numeric)
  language sql stable security definer set search_path from current as $$
  with kept as (
    -- what the LLM, people or imports say of the name by now
    select c.l1 as branch, (lc.l1, lc.l2, lc.l3) is distinct from (c.l1, c.l2, c.l3) as differs, lc.category_id is not null as labelled,
           e.evidence_id
      from evidence e
      join categories c on c.category_id = e.category_id
      left join products p on p.product_id = e.product_id and p.evidence_id = e.evidence_id
      left join labels l on l.name_hash = name_hash(p.name_key)
      left join categories lc on lc.category_id = l.category_id
      where e.clears and not e.answered and (since is null or e.decided_at >= now() - since)
  ), judged as (
    select distinct on (k.evidence_id) k.branch, h.verdict and h.second_verdict is not false as is_right
      from kept k join checks h on h.evidence_id = k.evidence_id
      where h.layer = 'local' and h.auditor = 'human' and h.verdict is not null order by k.evidence_id, h.check_id desc
  ), by_branch as (
    select k.branch, count(*) as names, count(*) filter (where k.labelled) as labelled,
      count(*) filter (where k.labelled and k.differs) as disagree
      from kept k group by rollup (k.branch)
  ), checked as (
    select j.branch, count(*) as checked, count(*) filter (where not j.is_right) as wrong from judged j group by rollup (j.branch)
  )
  select b.branch, coalesce(category_path(b.branch), 'all'), b.names, round((b.names * c.tokens)::numeric),
    round((b.names * c.cost)::numeric, 4), b.labelled, b.disagree,
         share_told(b.disagree, b.labelled), coalesce(h.checked, 0), coalesce(h.wrong, 0),
         share_told(h.wrong, h.checked), bound_told(h.wrong, h.checked, false), bound_told(h.wrong, h.checked, true)
    from by_branch b
    cross join llm_cost_of_a_name() c
    left join checked h on h.branch is not distinct from b.branch
    order by b.branch is null, b.names desc, b.branch;
$$;
comment on function shadow_report(interval) is
  'Shows by top category what the local layer would have answered while it was in shadow; the last row is all of it.
since: only what was decided in the last so long, an interval; NULL (the default): all evidence that is kept.
Returns: names, tokens and dollars that they would have saved, how many of them memory has a label for and how many of these say something else (the LLM is wrong itself at times), and what people''s checks found with a 95% interval (NULL below 30 of them).
Example: select path, names, labelled, disagree, checked, wrong from shadow_report();';
grant execute on function shadow_report to taxon_reader, taxon_admin;
