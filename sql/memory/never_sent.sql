-- taxon_internal: Names that no provider may be sent, by their marks.

create or replace function never_sent(name_key text, shortlist bigint[] default null, branch bigint default null) returns text
  language plpgsql stable security definer set search_path from current as $$
declare
  hash bytea := name_hash(never_sent.name_key);
begin
  if not exists (select from never_send_marks) then return null; end if;
  return (
    with likely as (
      -- where it seems to lie: what is handed over, what its label says, what the local model said
      select never_sent.shortlist[1] as id union select never_sent.branch
      union select l.category_id from labels l where l.name_hash = hash
      union select e.category_id from products p join evidence e using (evidence_id) where name_hash(p.name_key) = hash
      union select k.category_id from checks k where k.name_hash = hash and k.verdict is null
    )
    select coalesce(m.reason, 'marked by ' || m.marked_by) from never_send_marks m
      where m.name_hash = hash or never_sent.name_key ~* m.pattern
         or exists (select from likely y join categories c on c.category_id = y.id where c.path_ids @> array[m.category_id])
      order by m.mark_id limit 1);
end $$;
comment on function never_sent(text, bigint[],
  bigint) is 'Why a name may not be sent to a provider; NULL: it may. A branch''s mark counts where the first of the shortlist, the label, the local model''s answer or an open check lies in it. Example: select never_sent(''red kettle'');';
grant execute on function never_sent to taxon_admin, taxon_sidecar;
