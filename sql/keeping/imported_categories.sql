-- taxon_internal: The categories that an import names: found by the shop's own ids, else by their paths, else made.

create or replace function elsewhere(most integer) returns jsonb
  language sql stable security definer set search_path from current as $$
  with elsewhere as (
    select c.external_id, array_to_string(p.path, ' > ') as given, category_path(p.category_id) as kept, p.times, p.first
      from import_paths p join categories c on c.external_id = p.external_id
      where p.by_id and normalise(array_to_string(p.path, ' > ')) <> normalise(category_path(p.category_id))
  )
  select jsonb_build_object('elsewhere', (select coalesce(sum(times), 0) from elsewhere),
    'by_id', (select coalesce(jsonb_agg(jsonb_build_object('external_id', external_id, 'given', given, 'kept', kept, 'times', times,
                'line', first) order by times desc, first), '[]')
                from (select * from elsewhere order by times desc, first limit most) e));
$$;
comment on function elsewhere(integer) is 'The paths of an import whose category the database knows by its id, and under another path: how many rows, and at most so many of the paths. Example: select elsewhere(10);';

create or replace function folds(most integer) returns jsonb
  language sql stable security definer set search_path from current as $$
  with deep as materialized (
    select c.* from categories c
      where c.level > 3 and c.category_id in (select p.category_id from import_paths p union select n.category_id from import_nodes n)
  )
  select jsonb_build_object('tree_levels', setting('tree_levels') #>> '{}', 'folded', (select count(*) from deep),
    'folds', (select coalesce(jsonb_agg(jsonb_build_object('path', category_path(d.category_id), 'l1', c1.name, 'l2', c2.name, 'l3', c3.name)
                order by d.level desc, d.category_id), '[]')
                from (select * from deep order by level desc, category_id limit most) d
                join categories c1 on c1.category_id = d.l1 left join categories c2 on c2.category_id = d.l2
                left join categories c3 on c3.category_id = d.l3));
$$;
comment on function folds(integer) is 'The categories of an import that are deeper than three levels: how many, which depths count as l1, l2 and l3, and what that makes of at most so many. Example: select folds(3);';

create or replace function find_imported_ids(run_id bigint, rename boolean) returns void
  language plpgsql security definer set search_path from current as $$
declare
  clash record;
  o record;
begin
  select array_to_string(p.spelling, ' > ') as path, array_agg(distinct r.external_id) as ids, min(r.line) as first,
    max(r.line) as last into clash
    from import_rows r join import_paths p on p.path = r.path where r.external_id is not null
    group by p.spelling having count(distinct r.external_id) > 1 order by 3 limit 1;
  if found then
    raise exception 'the category "%" comes with more than one id: % (lines % to %)', clash.path,
        array_to_string(clash.ids[1:5], ', '), clash.first, clash.last
      using hint = 'The column must hold the id of the deepest category; correct it, or leave it out.';
  end if;
  select p.external_id, (array_agg(array_to_string(p.spelling, ' > ') order by p.first))[1:2] as paths,
    (array_agg(p.first order by p.first))[1:2] as lines into clash
    from (select distinct on (x.spelling) x.spelling, x.first, x.external_id from import_paths x where x.external_id is not null
            order by x.spelling, x.first) p
    group by 1 having count(*) > 1 order by 3 limit 1;
  if found then
    raise exception 'the category id "%" stands for "%" (line %) and for "%" (line %)', clash.external_id,
        clash.paths[1], clash.lines[1], clash.paths[2], clash.lines[2]
      using hint = 'One id is one category: correct the ids, or leave the column out.';
  end if;
  -- The shop's id is the category, whatever the shop calls it by now and wherever it hangs it.
  update import_paths p set category_id = coalesce(in_use(c.category_id), c.category_id), by_id = true
    from import_paths g join categories c on c.external_id = g.external_id where g.spelling = p.spelling;
  select c.external_id, c.category_id as id into clash
    from import_paths p join categories c using (category_id) where p.by_id and c.retired_at is not null limit 1;
  if found then
    raise exception 'the category "%", whose id you call "%", is retired', category_path(clash.id), clash.external_id
      using hint = 'Bring it back: select * from taxonomy_history; select * from undo_taxonomy_change(…). Or give the new one another id.';
  end if;
  if rename then
    for o in select distinct on (cardinality(p.spelling), p.spelling) c as category, p.spelling[cardinality(p.spelling)] as name
               from import_paths p join categories c using (category_id)
               where p.by_id and c.external_id = p.external_id and c.name <> p.spelling[cardinality(p.spelling)]
               order by cardinality(p.spelling), p.spelling loop
      begin
        perform rename_node(o.category, o.name, format('renamed by run %s', run_id));
      -- a sister has the name: said with what was read by its id
      exception when object_not_in_prerequisite_state then null;
      end;
    end loop;
  end if;
end $$;
comment on function find_imported_ids(bigint, boolean) is 'Finds the paths of an import whose category the database knows by the shop''s id, and with rename gives these categories the names of the import. Refuses ids that contradict each other, and those of retired categories. Example: find_imported_ids(1, false).';

create or replace function make_imported_categories(run_id bigint, rename boolean) returns void
  language plpgsql security definer set search_path from current as $$
begin
  delete from import_paths;
  insert into import_paths (path, spelling, times, first, external_id)
    select r.path, r.path, count(*), min(r.line), max(r.external_id) from import_rows r group by r.path;
  -- A category whose name comes in several spellings has the one that most rows give it. chr(31) holds the levels apart, as no
  -- name has it.
  with parts as (
    select p.path, u.i, normalise(array_to_string(p.path[1:u.i], chr(31))) as key, p.path[u.i] as part, p.times, p.first
      from import_paths p, generate_subscripts(p.path, 1) u(i)
  ), chosen as (
    select distinct on (s.key) s.key, s.part
      from (select x.key, x.part, sum(x.times) as n, min(x.first) as first from parts x group by 1, 2) s
      order by s.key, s.n desc, s.first
  ), spelt as (
    select x.path, array_agg(c.part order by x.i) as spelling from parts x join chosen c using (key) group by 1
  )
  update import_paths p set spelling = s.spelling from spelt s where s.path = p.path and s.spelling <> p.spelling;
  analyze import_paths;
  perform find_imported_ids(run_id, rename);
  with missing as (
    select p.spelling, min(p.first) as first from import_paths p where p.category_id is null group by 1
  ), below as (
    -- what is new below a category that the database knows under another path, is made below that
    select distinct on (m.spelling) m.spelling, i as depth, f.category_id
      from missing m cross join generate_series(1, cardinality(m.spelling) - 1) i join import_paths f on f.by_id and f.spelling = m.spelling[1:i]
      order by m.spelling, i desc
  ), made as (
    select o.spelling, make_category(o.spelling[coalesce(o.depth, 0) + 1:], below => o.category_id) as id
      from (select m.spelling, b.depth, b.category_id from missing m left join below b using (spelling) order by m.first) o
  )
  update import_paths p set category_id = m.id from made m where m.spelling = p.spelling;
  -- the shop's own ids, for the first time or anew; of paths that were merged the category's own path tells
  update categories c set external_id = g.external_id
    from (select distinct on (p.category_id) p.category_id, p.external_id
            from import_paths p
            where p.external_id is not null and not p.by_id
            order by p.category_id,
              normalise(array_to_string(p.spelling, ' > ')) = normalise(category_path(p.category_id)) desc, p.first) g
    where c.category_id = g.category_id;
end $$;
comment on function make_imported_categories(bigint, boolean) is 'Fills import_paths from import_rows: finds the categories that they name, by the shop''s own ids and else by their path, makes those that are missing and notes the ids. A name in several spellings (case, apostrophes, invisible characters) is one category, in the spelling that the database has, else in that of most rows.';
