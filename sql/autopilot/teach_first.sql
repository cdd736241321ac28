-- taxon: The names whose labels would teach most.

create or replace function teach_first(most integer default 100, strategy text default null, since interval default '30 days')
  returns table (product_id bigint, name text, path text, layer text, confidence real, nearest real, why text)
  language plpgsql stable security definer set search_path from current as $$
declare
  how text := coalesce(strategy, setting('teach_strategy') #>> '{}');
begin
  if how not in ('random', 'unfamiliar', 'uncertain', 'mixed') then
    raise exception 'there is no strategy "%"', how
      using hint = 'One of random, unfamiliar, uncertain, mixed; docs/measured/learning.md compares them.',
      errcode = 'invalid_parameter_value';
  end if;
  return query
    with ranked as (
      select t.*, row_number() over (order by t.nearest nulls last, t.name_hash) as far,
             row_number() over (order by t.confidence nulls last, t.name_hash) as unsure,
             -- the end of a digest is chance, and says nothing of which part it is in
             row_number() over (order by substr(t.name_hash, 17)) as chance
        from teachable(teach_first.since) t
    )
    select r.product_id, r.name_key, category_path(r.category_id), r.layer, r.confidence, r.nearest,
           case when how = 'random' then 'chance'
                when how = 'unfamiliar' or how = 'mixed' and r.far <= r.unsure then
                  coalesce(format('its nearest label is at cosine %s', round(r.nearest::numeric, 2)),
                    'chance: nothing is known of its neighbours')
                else format('the whole path is sure by %s', coalesce(round(r.confidence::numeric, 2)::text, 'nothing')) end
      from ranked r
      order by case how when 'random' then r.chance when 'unfamiliar' then r.far when 'uncertain' then r.unsure
        else least(r.far, r.unsure) end, r.chance
      limit teach_first.most;
end $$;
comment on function teach_first(integer, text, interval) is
  'Lists the names whose labels would teach a model most, those that teach most first.
most: at most so many names, 100 by default.
strategy: random, unfamiliar (far from every label by embedding), uncertain (the model is least sure) or mixed (the last two in turn); NULL (the default): the setting teach_strategy.
since: how far back, an interval; 30 days by default.
Returns: the name with its answer and why it stands there. Label them by confirm() or reject(), or let the LLM be asked (setting teach_tokens_a_day). docs/measured/learning.md compares the strategies.
Errors: 22023 where there is no such strategy.
Example: select name, path, why from teach_first(20, ''unfamiliar'');';
grant execute on function teach_first to taxon_reader, taxon_admin;
