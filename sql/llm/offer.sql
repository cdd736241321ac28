-- taxon_internal: What the LLM is offered today: a shortlist may be older than the taxonomy, and so may the model that made it.

create or replace function new_categories(model_id bigint default null)
  returns table (category_id bigint, below bigint, path text)
  language sql stable
begin atomic
  select f.category_id, (select a.category_id from categories a
                           where a.category_id = any (f.path_ids) and a.in_use_since <= trained_from(new_categories.model_id)
                           order by a.level desc limit 1),
         category_path(f.category_id)
    from categories f
    where f.in_use_since > trained_from(new_categories.model_id) and f.retired_at is null
      and not exists (select from categories d where d.parent_id = f.category_id and d.retired_at is null);
end;
comment on function new_categories(bigint) is 'Categories (the deepest) that a model (default: the champion) does not know, as they are newer than its training; below: the nearest category above that it may know, NULL: none. Until the next training the LLM is offered them with any name whose shortlist lies below that. Example: select path from new_categories();';
grant execute on function new_categories to taxon_admin;

create or replace function offer_today(shortlist bigint[], probabilities real[], with_new boolean, out offered bigint[],
  out offered_probabilities real[])
  language plpgsql stable security definer set search_path from current as $$
begin
  if shortlist is null then return; end if;
  with kept as materialized (
    select k.id, min(k.place) as place, sum(k.o) as o
      from (select in_use(s.id) as id, s.place, offer_today.probabilities[s.place] as o
        from unnest(shortlist) with ordinality s(id, place)) k
      where k.id is not null group by k.id
  ), fresh as (
    -- the nearest first; more would only make prompts long
    select n.category_id, row_number() over (order by a.level desc nulls last, n.category_id desc) as turn
      from new_categories() n left join categories a on a.category_id = n.below
      where with_new and n.category_id not in (select k.id from kept k)
        and (n.below is null or exists (select from kept k join categories c on c.category_id = k.id where c.path_ids @> array[n.below]))
  ), listed as (
    select k.id, k.place, k.o from kept k
    union all
    -- nothing is known of how likely they are: at .02 one pays for its line in any batch
    select f.category_id, 1000000 + f.turn, .02 from fresh f where f.turn <= 30 and exists (select from kept)
  )
  select array_agg(l.id order by l.place), case when offer_today.probabilities is not null
    then array_agg(coalesce(l.o, 0)::real order by l.place) end
    into offered, offered_probabilities from listed l;
end $$;
comment on function offer_today(bigint[], real[],
  boolean) is 'A shortlist as it is today: merged categories give way to their successors, retired ones are left out, and with_new adds the categories near it that the champion does not know yet (at most 30). NULL: nothing is left, the whole tree is offered. Example: select offered from offer_today(array[7, 9], null, true);';
