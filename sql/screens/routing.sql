-- taxon: What the layers did: shares, tokens, money.

create or replace function routing(since interval default null)
  returns table (layer text, products bigint, share numeric, tokens bigint, cost numeric)
  language sql stable security definer set search_path from current as $$
  with spent as (
    select sum(c.tokens_in + c.tokens_out) as tokens, case when count(*) = count(c.cost) then coalesce(sum(c.cost), 0) end as cost
      from llm_calls c where c.state <> 'failed' and (since is null or c.started_at >= now() - since)
  ), counted as (
    select coalesce(p.source, p.state) as layer, count(*) as n
      from products p where since is null or p.created_at >= now() - since
      group by 1
  ), layers as (
    select l.layer, l.place, coalesce(c.n, 0) as n
      from unnest(array['exact', 'similar', 'local', 'llm', 'human', 'pending', 'failed']) with ordinality l(layer, place)
      left join counted c using (layer)
  )
  select l.layer, l.n, round(l.n / nullif(sum(l.n) over (), 0), 4),
         case when l.layer = 'llm' then coalesce(s.tokens, 0) else 0 end,
         case when l.layer = 'llm' then s.cost else 0 end
    from layers l, spent s order by l.place;
$$;
comment on function routing(interval) is
  'Shows how many products each layer answered, and what provider calls cost.
since: only rows and calls that new, an interval; NULL (the default): all.
Returns: a row a layer, pending and failed besides, its share, tokens and dollars (NULL where a call''s price is not known).
Example: select layer, products, share from routing(since => ''1 day'');';
grant execute on function routing to taxon_reader, taxon_admin;
