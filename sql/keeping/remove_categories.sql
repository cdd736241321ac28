-- taxon_internal: Categories that an import made go with it, where nothing has come to use them.

create or replace function unused_categories(run_id bigint, category_ids bigint[]) returns bigint[]
  language sql stable security definer set search_path from current
  -- estimated dear and done in 4 ms, beside which compiling took 77
  set jit = off as $$
  with used as (
    select l.category_id as id from labels l where l.category_id = any (category_ids)
    union select p.category_id from products p where p.category_id = any (category_ids)
    union select u.id from checks k, unnest(array[k.category_id, k.truth_category_id, k.second_truth_category_id]) u(id)
    union select e.category_id from evidence e where e.category_id = any (category_ids)
    union select a.category_id from kept_answers a
    union select r.category_id from regression_names r
    union select s.category_id from second_looks s
    union select t.branch from thresholds t
    union select m.category_id from never_send_marks m
    union select a.branch from alarms a
    union select (s #>> '{}')::bigint from jsonb_array_elements(setting('shadow_branches')) s
    union select u.id from queue q, unnest(q.shortlist || q.branch) u(id)
    union select u.id from taxonomy_changes c, unnest(c.categories || c.category_id) u(id)
      where c.taxonomy_change_id <> all (select unnest(r.taxonomy_changes) from label_runs r where r.run_id = unused_categories.run_id)
    union select k.category_id from taxonomy_questions k
    union select c.merged_into from categories c where c.merged_into = any (category_ids)
    -- every number in these two parts of a manifest is a category
    union select (i #>> '{}')::bigint from models m, jsonb_path_query(jsonb_build_array(m.manifest -> 'classes', m.manifest -> 'paths'),
      'strict $.** ? (@.type() == "number")') i
    -- what others have done may be taken back too
    union select u.id from label_changes x, unnest(array[x.before_category_id, x.after_category_id]) u(id)
      where x.run_id is distinct from unused_categories.run_id and u.id = any (category_ids)
        and x.reason is distinct from (select c.reason from current_label_run() c)
    union select u.id from product_changes x, unnest(array[x.before_category_id, x.after_category_id]) u(id)
      where x.run_id is distinct from unused_categories.run_id and u.id = any (category_ids)
        and x.reason is distinct from (select c.reason from current_label_run() c)
  ), free as (
    select array(select c from unnest(category_ids) c where c not in (select u.id from used u where u.id is not null)) as ids
  )
  select array(select f from free, unnest(free.ids) f
    where not exists (select from categories d where d.path_ids @> array[f] and d.category_id <> all (free.ids)));
$$;
comment on function unused_categories(bigint, bigint[]) is 'Those of some categories, with all below them, that nothing uses but the history of a run. Example: select unused_categories(1, array[7]);';

create or replace function remove_run_categories(run_id bigint, out removed bigint, out kept bigint[])
  language plpgsql security definer set search_path from current as $$
declare
  made bigint[] := array(select c.category_id from label_runs r join categories c on c.category_id = any (r.categories)
                           where r.run_id = remove_run_categories.run_id and c.retired_at is null);
  free bigint[] := unused_categories(run_id, made);
begin
  begin
    delete from categories c where c.category_id = any (free);
    get diagnostics removed = row_count;
  exception when foreign_key_violation then
    -- something of a later version uses one
    removed := 0;
    free := '{}';
  end;
  kept := array(select m from unnest(made) m where m <> all (free) order by m);
end $$;
comment on function remove_run_categories(bigint) is 'Removes the categories that a run made and that nothing uses; returns how many, and those that are kept. Example: select removed, kept from remove_run_categories(1);';
