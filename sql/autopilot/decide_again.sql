-- taxon: Products are decided again, from the first layer on.

create or replace function redecide(branch bigint default null, since timestamptz default null, source text default 'local', stale_only boolean default true,
    most integer default 10000, preview boolean default false)
  returns table (products bigint, answered_otherwise bigint, asked_of_llm bigint, not_looked_at bigint, tokens bigint, note text)
  language plpgsql security definer set search_path from current as $$
declare
  ids bigint[];
  stale bigint[];
  before_moment constant timestamptz := clock_timestamp();
begin
  if coalesce(source, '') not in ('local', 'similar') then
    raise exception 'rows answered by "%" are not decided again here', coalesce(source, 'NULL')
      using hint = case when source in ('exact', 'llm') then 'They follow memory: judge() corrects a label, split_category() has labels asked again.'
                        when source = 'human' then 'A person''s word stands until a person changes it: reject().' else 'source is local or similar.' end;
  elsif branch is not null and not exists (select from categories c where c.category_id = branch) then
    raise exception 'there is no category %', branch;
  elsif stale_only and source <> 'local' then
    raise exception 'only local answers are known to be stale' using hint = 'redecide(source => ''similar'', stale_only => false, preview => true)';
  end if;
  if source = 'local' and local_mode() <> 'on' then
    raise exception 'the local layer answers nothing now, so the LLM would be asked about all of these rows'
      using hint = 'select local_mode(), and why: select * from health(); with a promise: select * from keep_promise();';
  end if;
  perform hold_taxonomy();
  stale := array(select s.product_id from stale_answers(redecide.branch, redecide.since) s);
  if stale_only then
    ids := stale[1:most];
  else
    ids := array(select p.product_id from products p
      where p.source = redecide.source and p.state = 'done' and (redecide.since is null or p.classified_at >= redecide.since)
        and (redecide.branch is null or exists (select from categories b where b.category_id = p.category_id and b.path_ids @> array[redecide.branch]))
      order by p.product_id limit most);
  end if;
  select count(*), count(*) filter (where s.would = 'answer otherwise'), count(*) filter (where s.would = 'ask the LLM'),
         count(*) filter (where s.product_id is null and not exists (select from second_looks k where k.product_id = i and k.model_id = (select c.model_id from champion() c)))
    into products, answered_otherwise, asked_of_llm, not_looked_at
    from unnest(ids) i left join stale_answers(redecide.branch, redecide.since) s on s.product_id = i;
  tokens := (select round(asked_of_llm * c.tokens)::bigint from llm_cost_of_a_name() c);
  if preview then
    note := format('%s rows would be decided again%s', products, case when not_looked_at > 0 then format('; of %s nobody knows yet how they end', not_looked_at) else '' end);
  else
    perform p.product_id from products p where p.product_id = any (ids) order by p.product_id for update;
    perform ask_again(array(select p.product_id from products p where p.product_id = any (ids) and p.source = redecide.source and p.state = 'done'),
                      'local', 'redecide()', null);
    note := format('they are decided again from the first layer on; what comes of it: select * from product_changes where reason = ''redecide()'' and changed_at >= %L;', before_moment);
  end if;
  return next;
end $$;
comment on function redecide(bigint, timestamptz, text, boolean, integer, boolean) is 'Decides answers of the local layer again from the first layer on: those of stale_answers(), or with stale_only => false all (of source similar, too), of a branch and since a moment, if given; at most so many a call. preview => true says how many rows, how they would end, and what the LLM would cost, and changes nothing. What rows said stays in product_changes. Example: select products, answered_otherwise, asked_of_llm, tokens from redecide(preview => true);';
grant execute on function redecide to taxon_admin;
