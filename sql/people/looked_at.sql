-- taxon_internal: Whether a person has looked at a name, or only at others of its kind.

create or replace function looked_at(name_hash bytea) returns boolean
  language sql stable security definer set search_path from current as $$
  select not exists (
      select from label_changes x join label_runs r using (run_id) join labels l on l.name_key = x.name_key
        where name_hash(x.name_key) = looked_at.name_hash and l.name_hash = looked_at.name_hash and r.kind = 'kind'
          and x.reverted_at is null and x.after_updated_at = l.updated_at)
    or exists (select from found_members m where m.name_hash = looked_at.name_hash and m.kept);
$$;
comment on function looked_at(bytea) is 'Whether the person who gave a name its label has seen the name: not, where he decided a kind of which a sample was shown. Such a label judges no audit. Example: select looked_at(name_hash(''kettle''));';
