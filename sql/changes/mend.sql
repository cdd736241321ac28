-- taxon_internal: Rows and labels that came while the taxonomy was changed are mended, and a change is swept to its end.

create or replace function place_below(category_id bigint, parent_id bigint) returns void
  language plpgsql security definer set search_path from current as $$
declare
  id bigint;
begin
  update categories c
    set parent_id = place_below.parent_id,
        path_ids = coalesce((select a.path_ids from categories a where a.category_id = place_below.parent_id), '{}') || c.category_id
    where c.category_id = place_below.category_id;
  -- the trigger takes path and levels from the parent: from above, each after its own
  for id in select c.category_id from categories c
              where c.path_ids @> array[place_below.category_id] and c.category_id <> place_below.category_id order by c.level loop
    update categories c set name = c.name where c.category_id = id;
  end loop;
  update categories c set name = c.name
    where c.merged_into in (select d.category_id from categories d where d.path_ids @> array[place_below.category_id]);
end $$;
comment on function place_below(bigint, bigint) is 'Hangs a category and all below it elsewhere in the tree; rows follow by follow_categories(). Example: select place_below(7, null);';

create or replace function mend_taxonomy() returns bigint
  language plpgsql security definer set search_path from current as $$
declare
  snapshot pg_snapshot;
  c taxonomy_changes;
  why text;
  mended bigint := 0;
begin
  perform hold_taxonomy();
  -- after the wait for a change that is being made, and before anything is written: our own number would count as running
  snapshot := pg_current_snapshot();
  for c in select * from taxonomy_changes x where x.settled_at is null order by x.taxonomy_change_id for update skip locked loop
    why := format('answered while change %s was made', c.taxonomy_change_id);
    if c.undo_of is not null then
      begin
        mended := mended + (select b.restored from bring_back_rows(c.undo_of, why) b) + follow_labels(c.undo_of, why);
      exception when others or assert_failure then
        if is_conflict(sqlstate) then raise; end if;
        -- a row that refuses does not keep other changes from being mended
        raise warning 'rows of change % do not come back: %', c.undo_of, sqlerrm;
      end;
    end if;
    mended := mended + follow_categories(c.categories, c.taxonomy_change_id, why);
    update taxonomy_changes x
      set fence = coalesce(c.fence, pg_snapshot_xmax(snapshot)),
          settled_at = case when c.fence <= pg_snapshot_xmin(snapshot)
            -- those that somebody holds are not mended yet
            and not exists (select from products p join categories t on t.category_id = p.category_id
                              where p.category_id = any (c.categories)
                                and (t.retired_at is not null or (p.l1, p.l2, p.l3) is distinct from (t.l1, t.l2, t.l3))) then now() end
      where x.taxonomy_change_id = c.taxonomy_change_id;
  end loop;
  return mended;
end $$;
comment on function mend_taxonomy() is 'An INSERT that has read memory just before a change of the taxonomy and commits just after it carries a category that is retired by then, or its old l1 to l3: this brings such rows into line, until every transaction of that time has ended. Returns how many rows. Sidecars call it every minute. Example: select mend_taxonomy();';
grant execute on function mend_taxonomy to taxon_admin, taxon_sidecar;

create or replace function sweep_taxonomy() returns bigint
  language plpgsql security definer set search_path from current as $$
begin
  perform hold_taxonomy();
  return follow_categories(array(
    select distinct p.category_id from products p join categories t using (category_id)
      where t.retired_at is not null or (p.l1, p.l2, p.l3) is distinct from (t.l1, t.l2, t.l3)), null, 'found by the nightly look');
end $$;
comment on function sweep_taxonomy() is 'Looks at every product for a category that is retired or levels that are no longer its: what mend_taxonomy() cannot know of, as it was written by a transaction that had been reading since before a change (REPEATABLE READ). Returns how many rows it brought into line; those that somebody holds are left to the next call. Sidecars call it every night. Example: select sweep_taxonomy();';
grant execute on function sweep_taxonomy to taxon_admin, taxon_sidecar;
