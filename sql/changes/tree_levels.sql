-- taxon: Which nodes of the tree are l1, l2 and l3.

create or replace function set_tree_levels(tree_levels text, reason text default null) returns void
  language plpgsql security definer set search_path from current as $$
declare
  was text := setting('tree_levels') #>> '{}';
  c taxonomy_changes;
begin
  if tree_levels !~ '^[1-9],[1-9],([1-9]|deepest)$'
     or split_part(tree_levels, ',', 2) <= split_part(tree_levels, ',', 1)
     or split_part(tree_levels, ',', 3) <= split_part(tree_levels, ',', 2) then
    raise exception '"%" is not a choice of tree levels', tree_levels
      using hint = 'Three rising depths, the last may be "deepest": 1,2,deepest or 1,2,4.', errcode = 'invalid_parameter_value';
  end if;
  if was = tree_levels then return; end if;
  perform lock_taxonomy('{}');
  c := note_change('levels', 0, '{}', '{}', jsonb_build_object('levels', was, 'after', tree_levels), set_tree_levels.reason, false);
  update taxonomy_changes x set note = format('levels %s became %s', was, tree_levels), settled_at = now()
    where x.taxonomy_change_id = c.taxonomy_change_id;
  update all_settings s set value = to_jsonb(tree_levels), changed_at = now(), changed_by = session_user, reason = set_tree_levels.reason
    where s.key = 'tree_levels';
  update categories set name = name;
  update categories set name = name where merged_into is not null;  -- after their successors
  perform sweep_taxonomy();
end $$;
comment on function set_tree_levels(text, text) is
  'Chooses which depths of the tree are l1, l2 and l3, and moves categories and products along.
tree_levels: three rising depths from 1 on, the last may be deepest; ''1,2,deepest'' at first.
reason: why; it stands in taxonomy_history, NULL by default.
Returns: nothing. Rows that somebody holds, or inserts meanwhile, follow in the night; models trained before must be trained again.
Errors: 22023 where it is no such choice; 55P03 while another transaction uses the taxonomy.
Example: select set_tree_levels(''1,2,4'', reason => ''kinds of goods are one deeper'');';
grant execute on function set_tree_levels to taxon_admin;
