-- taxon: trust(): what each layer promises, and what audits and checks measured.

create or replace function trust(since interval default '30 days')
  returns table (layer text, promised numeric, answered bigint, sample bigint, measured numeric, lower numeric, upper numeric, verdict text)
  language sql stable security definer set search_path from current as $$
  with traffic as (
    select p.source, count(*) as n from products p where p.created_at >= now() - since and p.state = 'done' group by 1
  ), layers as (
    select v.*, coalesce(t.n, 0) as answered
      from layer_verdicts(since) with ordinality v(layer, promised, sample, measured, lower, upper, verdict, place)
      left join traffic t on t.source = v.layer
  ), whole as (
    -- a layer without audits may be anything, from 0 to 1; what is measured speaks for the others
    select sum(answered) as answered, sum(sample) as sample,
      sum(answered * measured) / nullif(sum(answered) filter (where measured is not null), 0) as measured,
           case when count(measured) > 0 then sum(answered * coalesce(lower, 0)) / nullif(sum(answered), 0) end as lower,
           case when count(measured) > 0 then sum(answered * coalesce(upper, 1)) / nullif(sum(answered), 0) end as upper,
           (array_agg(verdict order by case when verdict = 'broken' then 1 when verdict like 'not proved%' then 2 when verdict = 'kept'
             then 3
                                            when verdict = 'no audits yet' then 6 when verdict like 'too few%' then 5 else 4 end,
                                              place))[1] as verdict
      from layers
  )
  select x.layer, round(x.promised::numeric, 4), x.answered, x.sample, round(x.measured::numeric, 4), round(x.lower::numeric, 4),
    round(x.upper::numeric, 4), x.verdict
    from (select l.layer, l.promised, l.answered, l.sample, l.measured, l.lower, l.upper, l.verdict, l.place from layers l
          union all select 'all', null, w.answered::bigint, w.sample::bigint, w.measured, w.lower, w.upper, w.verdict, 9 from whole w) x
    order by x.place;
$$;
comment on function trust(interval) is
  'Says what each layer promises, and what audits and checks measured, then all of them together.
since: rows and checks of so long, an interval; 30 days by default.
Returns: the largest share of wrong answers promised, rows answered, checks judged, the measured share of wrong answers with its interval (95%; corrected for the auditor''s own error), and what follows; below 30 checks no share, but how many are missing. all weighs the layers by the rows that they answered and has the worst verdict; rows that people answered are not in it. Exact answers and the LLM''s have no promise: their error is memory''s own.
Example: select layer, verdict from trust(''7 days'');';
grant execute on function trust to taxon_reader, taxon_admin;
