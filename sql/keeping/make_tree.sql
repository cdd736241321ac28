-- taxon_internal: A whole tree at once, from a shop's adjacency list: each node with its own id, the id above it and a name.
--
-- Whoever calls make_tree() fills import_nodes first, in the same transaction. What is wrong with the nodes is said of all of them at
-- once, by their ids.

create or replace function clean_nodes() returns void
  language sql volatile security definer set search_path from current as $$
  update import_nodes n
    set external_id = nullif(btrim(n.external_id), ''),
        -- many shops write 0 for "no parent"
        parent_external_id = case when btrim(n.parent_external_id) = '0'
            and not exists (select from import_nodes z where btrim(z.external_id) = '0') then null
          else nullif(btrim(n.parent_external_id), '') end,
        name = btrim(regexp_replace(n.name, '\s+', ' ', 'g')), category_id = null, depth = null;
  analyze import_nodes;
  -- what hangs on nothing of the import is a start too: below a category of the database, or an orphan
  with recursive node as materialized (
    -- each id once: by one that comes twice the walk below could go in a circle
    select distinct on (n.external_id) n.external_id, n.parent_external_id from import_nodes n order by n.external_id, n.line
  ), placed as (
    select n.external_id, 1 as depth from node n
      where n.parent_external_id is null or not exists (select from node above where above.external_id = n.parent_external_id)
    union all
    select n.external_id, p.depth + 1 from placed p join node n on n.parent_external_id = p.external_id
  )
  update import_nodes n set depth = p.depth from placed p where p.external_id = n.external_id;
$$;
comment on function clean_nodes() is 'Trims what import_nodes holds, reads a parent of 0 as none where no node has that id, and fills the depth of each node; a node on a cycle, or below one, has none. Example: select clean_nodes();';

create or replace function tree_faults(most integer default 20)
  returns table (fault text, nodes bigint, external_ids text[], lines bigint[])
  language sql stable security definer set search_path from current as $$
  with recursive lost as materialized (
    select distinct n.external_id, n.parent_external_id from import_nodes n where n.depth is null and n.external_id is not null
  ), walk as (
    select l.external_id as start, l.parent_external_id as above_id from lost l
    union
    select w.start, l.parent_external_id from walk w join lost l on l.external_id = w.above_id where w.above_id <> w.start
  ), faults as (
    select 1 as nth, 'without an id' as fault, n.line, coalesce(n.name, '') as id from import_nodes n where n.external_id is null
    union all
    select 2, 'an id that comes twice', n.line, n.external_id
      from (select x.*, row_number() over (partition by x.external_id order by x.line) as place from import_nodes x
              where x.external_id is not null) n where n.place > 1
    union all
    select 3, 'without a name, or with one of over 500 characters', n.line, n.external_id
      from import_nodes n where coalesce(normalise(n.name), '') = '' or length(n.name) > 500
    union all
    select 4, 'on a cycle: each lies below itself', n.line, n.external_id
      from import_nodes n where n.external_id in (select w.start from walk w where w.above_id = w.start)
    union all
    select 5, 'below a parent that is not there', n.line, format('%s (below %s)', n.external_id, n.parent_external_id)
      from import_nodes n
      where n.parent_external_id is not null and n.depth = 1
        and not exists (select from categories c where c.external_id = n.parent_external_id and in_use(c.category_id) is not null)
    union all
    select 6, 'of the same name below the same parent', n.line, format('%s ("%s")', n.external_id, n.name)
      from (select x.*, count(*) over same as twins
              from (select distinct on (y.external_id) y.* from import_nodes y where normalise(y.name) <> ''
                      order by y.external_id, y.line) x
              window same as (partition by coalesce(x.parent_external_id, ''), normalise(x.name))) n where n.twins > 1
    union all
    select 7, 'retired here, without a successor', n.line, n.external_id
      from import_nodes n join categories c on c.external_id = n.external_id where in_use(c.category_id) is null
  )
  select f.fault, count(*), (array_agg(f.id order by f.line))[1:most], (array_agg(f.line order by f.line))[1:most]
    from faults f group by f.nth, f.fault order by f.nth;
$$;
comment on function tree_faults(integer) is 'What is wrong with import_nodes once clean_nodes() has gone over it, one row a kind of fault: how many nodes have it, and the ids (names, where there is no id) and lines of the first so many. No row: make_tree() takes them. Example: select fault, external_ids from tree_faults();';
grant execute on function clean_nodes, tree_faults to taxon_admin;

create or replace function follow_nodes(at_depth integer, why text, out renamed integer, out moved integer)
  language plpgsql security definer set search_path from current as $$
declare
  n record;
  stuck bigint;
begin
  renamed := 0;
  moved := 0;
  loop
    stuck := 0;
    for n in
      select x.external_id, x.name, c.category_id, c.name as name_now, c.parent_id as parent_now, above.category_id as parent,
             exists (select from categories t where t.parent_id is not distinct from above.category_id and t.retired_at is null
               and normalise(t.name) in (normalise(x.name), normalise(c.name)) and t.category_id <> c.category_id
               and (normalise(t.name) = normalise(x.name) or c.parent_id is distinct from above.category_id)) as in_the_way
        from import_nodes x
        join categories c on c.external_id = x.external_id and c.retired_at is null
        left join lateral (select coalesce(i.category_id, in_use(k.category_id)) as category_id
                             from (select x.parent_external_id as id) p
                             left join import_nodes i on i.external_id = p.id
                             left join categories k on k.external_id = p.id) above on true
        where x.depth = at_depth and (c.name <> x.name or c.parent_id is distinct from above.category_id)
        order by x.line
    loop
      -- another may be about to leave the place
      if n.in_the_way then
        stuck := stuck + 1;
        continue;
      end if;
      if n.parent_now is distinct from n.parent then
        perform move_category(n.category_id, n.parent, why);
        moved := moved + 1;
      end if;
      if n.name_now <> n.name then
        perform rename_category(n.category_id, n.name, why);
        renamed := renamed + 1;
      end if;
      stuck := -1;
      exit;
    end loop;
    exit when stuck = 0;
    if stuck > 0 then
      raise exception 'category % ("%") cannot become "%": another has that name there', n.external_id, category_path(n.category_id), n.name
        using errcode = 'object_not_in_prerequisite_state',
          hint = format('Rename or merge that one first: select * from rename_category(…); the category here is %s.', n.category_id);
    end if;
  end loop;
end $$;
comment on function follow_nodes(integer, text) is 'Part of make_tree(): categories that it knows by the shop''s own ids get the name and the parent that import_nodes says, those of one depth. Example: select * from follow_nodes(1, ''by hand'');';

create or replace function make_tree(reason text default null) returns jsonb
  language plpgsql security definer set search_path from current as $$
declare
  why text := coalesce(make_tree.reason, 'imported tree');
  wrong text;
  followed record;
  n integer;
  known integer := 0;
  made integer := 0;
  renamed integer := 0;
  moved integer := 0;
begin
  perform clean_nodes();
  select string_agg(format('%s %s: %s%s', f.nodes, f.fault, array_to_string(f.external_ids, ', '),
                           case when f.nodes > cardinality(f.external_ids) then ', …' else '' end), '; ') into wrong from tree_faults() f;
  if wrong is not null then
    raise exception 'the tree cannot be made: %', wrong
      using errcode = 'invalid_parameter_value', hint = 'Correct these nodes where they come from, then try again.';
  end if;
  perform hold_taxonomy();
  for d in 1 .. (select coalesce(max(i.depth), 0) from import_nodes i) loop
    -- whatever was merged here leads to its successor, and keeps the name that it has
    update import_nodes i set category_id = in_use(c.category_id) from categories c where i.depth = d and c.external_id = i.external_id;
    get diagnostics n = row_count;
    known := known + n;
    followed := follow_nodes(d, why);
    renamed := renamed + followed.renamed;
    moved := moved + followed.moved;
    -- One that is there by its name: made from paths without ids, or the shop has made it anew under another id.
    update categories c set external_id = i.external_id
      from import_nodes i
      left join import_nodes above on above.external_id = i.parent_external_id
      left join categories k on k.external_id = i.parent_external_id
      where i.depth = d and i.category_id is null and c.retired_at is null and normalise(c.name) = normalise(i.name)
        and c.parent_id is not distinct from coalesce(above.category_id, in_use(k.category_id))
        and (c.external_id is null or not exists (select from import_nodes o where o.external_id = c.external_id));
    get diagnostics n = row_count;
    known := known + n;
    insert into categories (parent_id, name, external_id, path_ids, level, l1)
      select coalesce(above.category_id, in_use(k.category_id)), i.name, i.external_id, '{}', 0, 0
        from import_nodes i
        left join import_nodes above on above.external_id = i.parent_external_id
        left join categories k on k.external_id = i.parent_external_id
        where i.depth = d and i.category_id is null and not exists (select from categories c where c.external_id = i.external_id)
        order by i.line;
    get diagnostics n = row_count;
    made := made + n;
    update import_nodes i set category_id = c.category_id from categories c
      where i.depth = d and i.category_id is null and c.external_id = i.external_id;
  end loop;
  return (
    select jsonb_build_object('nodes', count(*), 'made', made, 'known', known, 'renamed', renamed, 'moved', moved,
        'roots', count(*) filter (where c.level = 1), 'depth', coalesce(max(c.level), 0),
        'deeper', count(*) filter (where c.level > 3))
      from import_nodes i join categories c on c.category_id = i.category_id);
end $$;
comment on function make_tree(text) is 'Makes categories of import_nodes, which this transaction filled; every node keeps its id as categories.external_id. A category that is known by its id gets the name and the parent that the node has (rename_category(), move_category(), with the reason); one that is there by its name below the same parent gets the id, unless another node has the one that it carries. A node whose category was merged here leads to its successor. Categories that no node names are left as they are. Returns counts: nodes, made, known, renamed, moved, roots, depth, and how many are deeper than three levels. import_nodes.category_id says afterwards what each node became; the caller empties the table. Errors: 22023 with the ids where nodes are on a cycle, below a parent that is not there, doubled, without id or name, of one name below one parent, or retired here; 55000 where a rename meets a name that is taken. Example: select make_tree() ->> ''nodes'';';
grant execute on function make_tree to taxon_admin;

grant insert, delete on import_nodes to taxon_admin;
