-- taxon_internal: What `taxon replay` reads: memory as it was.

create or replace function memory_at(moment timestamptz) returns table (name_key text, category_id bigint, source text)
  language sql stable security definer set search_path from current as $$
  with later as (
    -- the first change behind the moment tells what stood before it
    select distinct on (c.name_key) c.name_key, c.before_category_id, c.before_source
      from label_changes c where c.changed_at > moment order by c.name_key, c.change_id
  )
  -- A change tells of the past only where the row was there by then: a history that was imported and then corrected
  -- was never asked in its first form.
  select l.name_key,
         case when l.created_at <= moment then coalesce(c.before_category_id, l.category_id) else l.category_id end,
         case when l.created_at <= moment then coalesce(c.before_source, l.source) else l.source end
    from labels l left join later c using (name_key)
    where least(l.created_at, l.labelled_at) < moment;
$$;
comment on function memory_at(timestamptz) is
  'The labels that memory held at a moment: those first given before it (labelled_at or created_at, the earlier), with the category and source of that time where label_changes tells. Labels that were removed since are not in it.';
grant execute on function memory_at to taxon_admin;

create or replace function repeats_by(unit text)
  returns table (period timestamptz, repeats bigint, changed bigint)
  language sql stable security definer set search_path from current as $$
  with spans as (
    select c.name_key, c.before_category_id as category_id, c.changed_at as until,
           lag(c.changed_at, 1, '-infinity') over (partition by c.name_key order by c.change_id) as since
      from label_changes c
  )
  select date_trunc(unit, p.created_at, 'UTC'), count(*), count(*) filter (where s.category_id <> l.category_id)
    from products p
    join labels l on l.name_hash = name_hash(p.name_key) and p.created_at > least(l.created_at, l.labelled_at)
    left join spans s on s.name_key = l.name_key and l.created_at <= p.created_at and p.created_at >= s.since and p.created_at < s.until
    group by 1;
$$;
comment on function repeats_by(text) is
  'Products by the month, week or day (UTC) of their INSERT whose name memory knew by then, which the exact layer answers; changed: how many of them got another category than memory holds now.';
grant execute on function repeats_by to taxon_admin;
