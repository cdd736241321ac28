-- taxon_internal: What a split asks the LLM.

create or replace function split_tokens(taxonomy_change_id bigint) returns table (tokens bigint, each numeric)
  language sql stable security definer set search_path from current as $$
  -- until a name was paid for it counts 200 tokens
  select coalesce(sum(c.tokens_in + c.tokens_out), 0)::bigint,
    coalesce(sum(c.tokens_in + c.tokens_out)::numeric / nullif(sum(c.names), 0), 200)
    from llm_calls c where c.taxonomy_change_id = split_tokens.taxonomy_change_id and c.state <> 'failed';
$$;
comment on function split_tokens(bigint) is 'LLM tokens that a split has cost, calls in flight and lost ones with their upper estimates, and how many a name. Example: select tokens from split_tokens(1);';
grant execute on function split_tokens to taxon_reader, taxon_admin;

create or replace function ask_questions(most integer default 1000) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  s record;
  room bigint;
  queued integer := 0;
begin
  for s in select c.taxonomy_change_id, c.category_id, c.max_tokens, x.l1, t.tokens, t.each,
                  (select count(*) from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id
                    and k.state = 'asked') as open,
                  array(select d.category_id from categories d where (d.parent_id = c.category_id or d.category_id = c.category_id)
                    and d.retired_at is null order by d.level desc, d.category_id) as offered
             from taxonomy_changes c join categories x using (category_id) cross join lateral split_tokens(c.taxonomy_change_id) t
             where c.kind = 'split' and c.undone_at is null and x.retired_at is null
               and exists (select from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id and k.state = 'waiting')
             order by c.taxonomy_change_id loop
    room := least(most, floor((s.max_tokens - s.tokens) / greatest(s.each, 1))) - s.open;
    continue when room <= 0;
    with picked as materialized (
      select k.name_hash, k.name_key from taxonomy_questions k
        where k.taxonomy_change_id = s.taxonomy_change_id and k.state = 'waiting' limit room for update skip locked
    ), asked as (
      update taxonomy_questions k set state = 'asked' from picked p
        where k.taxonomy_change_id = s.taxonomy_change_id and k.name_hash = p.name_hash
    )
    -- order by: as all that write names
    insert into queue (stage, name_key, purpose, branch, shortlist)
      select 'llm', p.name_key, 'split', s.l1, s.offered from picked p order by p.name_hash
      on conflict (name_hash, purpose, step) where stage = 'llm' do update set shortlist = excluded.shortlist;
    get diagnostics room = row_count;
    queued := queued + room;
  end loop;
  if queued > 0 then perform wake(); end if;
  return queued;
end $$;
comment on function ask_questions(integer) is 'Puts names of splits into the LLM stage, as many as may be open at once and as their budgets allow; returns how many. Sidecars call it every minute. Example: select ask_questions();';
grant execute on function ask_questions to taxon_admin, taxon_sidecar;

create or replace function unfinished_split(category_id bigint, names text[]) returns taxonomy_changes
  language sql stable security definer set search_path from current as $$
  select c.* from taxonomy_changes c
    where c.kind = 'split' and c.category_id = unfinished_split.category_id and c.undone_at is null
      and exists (select from taxonomy_questions k where k.taxonomy_change_id = c.taxonomy_change_id and k.state in ('waiting', 'asked'))
      and (unfinished_split.names is null
           or array(select normalise(n) from unnest(unfinished_split.names) n order by 1)
              = array(select normalise(x.name) from categories x
                where to_jsonb(x.category_id) = any (array(select jsonb_array_elements(c.before -> 'made'))) order by 1))
    order by c.taxonomy_change_id desc limit 1;
$$;
comment on function unfinished_split(bigint,
  text[]) is 'The newest split of a category that has names left to ask, of all or of that into these names; NULL: none. Example: select taxonomy_change_id from unfinished_split(7, null);';
