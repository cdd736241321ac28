-- taxon_internal: The index of similar look-ups, after many labels came at once.

create or replace function empty_pending_list() returns void
  language plpgsql security definer set search_path from current as $$
begin
  -- 200 look-ups took 20 s at 4,000 labels through the list, .4 s without it
  perform gin_clean_pending_list('labels_trigrams'::regclass);
exception when others then
  -- without it look-ups are slower, and an import is not to fail for that: the index may have another name or owner
  raise debug 'labels_trigrams: %', sqlerrm;
end $$;
comment on function empty_pending_list() is 'Moves new entries of the index of similar look-ups to their places, which each look-up would read otherwise until autovacuum does it. Never fails. Example: select empty_pending_list();';
