-- taxon: Labels that are most likely wrong.

create or replace function confident_mistakes(most integer default 100)
  returns table (name text, label text, predicted text, level text, confidence real, voices smallint, source text, run_id bigint)
  language sql stable security definer set search_path from current as $$
  with disagreeing as (
    select l.name_key, l.category_id as has, o.category_id as says, l.source, o.run_id, o.voices,
           case when s.l1 <> h.l1 then 'l1' when s.l2 is distinct from h.l2 then 'l2' else 'l3' end as level,
           case when s.l1 <> h.l1 then o.l1_confidence when s.l2 is distinct from h.l2 then o.l2_confidence
                else o.l3_confidence end as confidence
      from out_of_fold o
      join labels l on l.name_hash = o.name_hash and l.category_id = o.label_category_id
      join categories h on h.category_id = l.category_id
      join categories s on s.category_id = o.category_id and s.retired_at is null
      where (s.l1, s.l2, s.l3) is distinct from (h.l1, h.l2, h.l3)
      order by confidence desc, l.name_hash limit most
  )
  select d.name_key, category_path(d.has), category_path(d.says), d.level, d.confidence, d.voices, d.source, d.run_id
    from disagreeing d order by d.confidence desc, d.name_key;
$$;
comment on function confident_mistakes(integer) is
  'Lists labels that a model which had not seen them says are wrong, the surest first.
most: at most so many, 100 by default.
Returns: name, label, what was predicted, the first level where they differ and the calibrated confidence there. Labels that changed since are left out, people''s are not: they may be wrong too.
Example: select name, label, predicted, confidence from confident_mistakes(20);';
grant execute on function confident_mistakes to taxon_reader, taxon_admin;
