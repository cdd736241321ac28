-- taxon_internal: `taxon import`: many labels at once, or a tree, all or nothing; each is a run.

create or replace function begin_import(reason text, file text, out run_id bigint, out ids jsonb, out newest bigint)
  language plpgsql security definer set search_path from current as $$
begin
  perform hold_taxonomy();
  -- one import after the other: two at once could wait for each other''s labels in a circle
  perform hold_lock('import', patience => '1 h');
  run_id := begin_label_run('import', begin_import.reason, begin_import.file);
  ids := (select coalesce(jsonb_object_agg(c.category_id, c.external_id), '{}') from categories c);
  newest := (select coalesce(max(x.taxonomy_change_id), 0) from taxonomy_changes x);
end $$;
comment on function begin_import(text, text) is 'Begins an import: its run, and what end_import() compares with. Example: select run_id from begin_import(''spring list'', ''labels.csv'');';

create or replace function end_import(run_id bigint, ids jsonb, newest bigint) returns label_runs
  language plpgsql security definer set search_path from current as $$
declare
  r label_runs;
begin
  perform end_label_run(end_import.run_id);
  update label_runs x
    -- this transaction's moment: what others make meanwhile has another
    set categories = array(select c.category_id from categories c where c.created_at = now() order by 1),
        ids = (select coalesce(jsonb_agg(jsonb_build_object('category_id', c.category_id, 'was', end_import.ids ->> c.category_id::text,
                                                            'is', c.external_id)), '[]')
                 from categories c
                 where end_import.ids ? c.category_id::text and end_import.ids ->> c.category_id::text is distinct from c.external_id),
        taxonomy_changes = array(select t.taxonomy_change_id from taxonomy_changes t where t.taxonomy_change_id > end_import.newest
                                   and t.changed_by = session_user and t.changed_at >= now() order by 1)
    where x.run_id = end_import.run_id returning x.* into r;
  return r;
end $$;
comment on function end_import(bigint, jsonb, bigint) is 'Ends the run of an import with what undo_run() needs: the categories that it made, the ids and names that it changed. Example: end_import(1, ''{}'', 0).';


create or replace function import_counts(r label_runs) returns jsonb
  language sql immutable set search_path from current as $$
  select jsonb_build_object('categories', cardinality(r.categories), 'renamed', cardinality(r.taxonomy_changes));
$$;
comment on function import_counts(label_runs) is 'What the report of an import says of the taxonomy.';

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
            order by p.category_id, normalise(array_to_string(p.spelling, ' > ')) = normalise(category_path(p.category_id)) desc, p.first) g
    where c.category_id = g.category_id;
end $$;
comment on function make_imported_categories(bigint, boolean) is 'Fills import_paths from import_rows: finds the categories that they name, by the shop''s own ids and else by their path, makes those that are missing and notes the ids. A name in several spellings (case, apostrophes, invisible characters) is one category, in the spelling that the database has, else in that of most rows.';

create or replace function import_labels(most integer default 1000, reason text default null, file text default null,
  rename boolean default false, keep_losers boolean default false) returns jsonb
  language plpgsql security definer set search_path from current
  set work_mem = '64MB'
  -- compiling this one statement takes 2 s, whatever the number of rows
  set jit = off as $$
declare
  begun record;
  result jsonb;
begin
  begun := begin_import(import_labels.reason, import_labels.file);
  analyze import_rows;
  perform make_imported_categories(begun.run_id, import_labels.rename);
  with votes as materialized (
    -- one row a name and category: who says so, how often, and how late (what has no labelled_at counts as older than
    -- what has one; among equals the line decides)
    select r.name_key, t.category_id, count(*) as n, count(*) filter (where r.source = 'human') as humans,
           max(array[extract(epoch from coalesce(r.labelled_at, '-infinity')), r.line]) as last,
           max(array[extract(epoch from coalesce(r.labelled_at, '-infinity')), r.line]) filter (where r.source = 'human') as last_human,
           min(r.labelled_at) as first_at, max(r.labelled_at) as last_at,
           (array_agg(r.source order by r.labelled_at desc nulls last, r.line desc))[1] as last_source,
             (array_agg(r.line order by r.line))[1:20] as lines
      from import_rows r join import_paths t on t.path = r.path
      group by 1, 2
  ), best as materialized (
    select distinct on (v.name_key) v.name_key, name_hash(v.name_key) as hash, v.category_id, v.n, v.first_at, v.last_at,
           case when v.humans > 0 then 'human' else v.last_source end as source
      from votes v
      order by v.name_key, v.humans > 0 desc, case when v.humans > 0 then v.humans else v.n end desc, coalesce(v.last_human, v.last) desc
  ), met as materialized (
    select b.*, l.category_id as was, l.labelled_at as was_at,
           case when l.name_hash is null then null
                when l.source = 'human' and b.source <> 'human' then 'memory has a person''s label'
                when l.labelled_at > b.last_at and (l.source = 'human' or b.source <> 'human') then 'memory has a newer label'
                when l.source <> 'human' and b.source = 'human' then 'confirms' end as memory_says
      from best b left join labels l on l.name_hash = b.hash
  ), decided as materialized (
    select m.*, case when m.memory_says like 'memory%' then m.was else m.category_id end as final,
           case when m.was is null then 'added'
                when m.memory_says = 'confirms' or m.was <> m.category_id and m.memory_says is null then 'changed'
                -- the same answer again: all that it can tell is since when
                when m.was = m.category_id and m.first_at < coalesce(m.was_at, 'infinity') then 'dated'
                else 'unchanged' end as fate
      from met m
  ), written as (
    insert into labels (name_key, category_id, source, labelled_at)
      select d.name_key, d.category_id, d.source, d.first_at from decided d where d.fate in ('added', 'changed')
      order by d.hash  -- as settle_llm() writes them, so that neither waits for the other in a circle
      on conflict (name_hash) do update
        set category_id = excluded.category_id, source = excluded.source, confidence = null, llm_call_id = null, updated_at = now(),
            labelled_at = case when labels.category_id = excluded.category_id then least(labels.labelled_at, excluded.labelled_at)
                               else excluded.labelled_at end
        -- a person's answer of this very moment
        where labels.source <> 'human' or excluded.source = 'human'
  ), dated as (
    update labels l set labelled_at = d.first_at from decided d
      where d.fate = 'dated' and l.name_hash = d.hash and l.category_id = d.category_id
  ), lost as materialized (
    select d.name_key, d.final, v.category_id, v.n, v.lines,
           case when d.final <> d.category_id then d.memory_says
                when d.source = 'human' and v.humans = 0 then 'a person said otherwise'
                when d.source <> 'human' and v.n < d.n then 'most lines say otherwise'
                when d.source = 'human' then 'people said otherwise more often or later'
                when v.last_at is distinct from d.last_at then 'a newer row says otherwise'
                else 'a later line says otherwise' end as reason
      from decided d join votes v on v.name_key = d.name_key and v.category_id <> d.final
    union all
    select d.name_key, d.final, d.was, 0, '{}', 'was in memory' from decided d where d.was <> d.final
  ), written_losers as (
    insert into import_losers (name_key, kept, lost, reason, times, lines)
      select l.name_key, category_path(l.final), category_path(l.category_id), l.reason, l.n, l.lines from lost l where keep_losers
  ), listed as (
    select l.name_key as name, category_path(l.final) as kept, category_path(l.category_id) as lost, l.reason, l.n as times, l.lines
      from (select * from lost order by lines[1] nulls last, name_key, category_id limit most) l
  ), spelt as materialized (
    select array_to_string(p.path, ' > ') as given, k.kept, p.times, p.first
      from import_paths p cross join lateral (select category_path(p.category_id) as kept) k
      -- what was merged or moved leads elsewhere, and is no spelling of it
      where array_to_string(p.path, ' > ') <> k.kept and normalise(array_to_string(p.path, ' > ')) = normalise(k.kept)
  )
  select jsonb_build_object(
      'run_id', begun.run_id,
      'rows', (select count(*) from import_rows),
      'names', count(*),
      'added', count(*) filter (where d.fate = 'added'),
      'changed', count(*) filter (where d.fate = 'changed'),
      'unchanged', count(*) filter (where d.fate in ('unchanged', 'dated')),
      'dated', count(*) filter (where d.fate = 'dated'),
      'respelt', (select coalesce(sum(times), 0) from spelt),
      'spellings', (select coalesce(jsonb_agg(jsonb_build_object('given', given, 'kept', kept, 'times', times, 'line', first)
        order by times desc, first), '[]')
                      from (select * from spelt order by times desc, first limit most) s),
      'lost', (select count(*) from lost),
      'losers', (select coalesce(jsonb_agg(to_jsonb(x)), '[]') from listed x))
    into result from decided d;
  result := result || elsewhere(most) || folds(3);
  delete from import_rows;
  delete from import_paths;
  return result || import_counts(end_import(begun.run_id, begun.ids, begun.newest));
end $$;
comment on function import_labels(integer, text, text, boolean, boolean) is
  'Turns import_rows, which this transaction filled, into labels, and makes missing categories. One label a name key: among the imported rows those of people beat all others, then the category that most rows say, then the newest (by labelled_at where given, then by line). Memory''s own label counts as older evidence: the imported winner replaces it, unless it is a person''s and the winner is not, or both have a labelled_at and memory''s is later; the same category again changes nothing, but that a person''s word and an earlier or first labelled_at are noted. All of it is one run of changes, with a reason and the file, which undo_run() takes back. Returns its id, counts, and at most so many of the losing answers, each with what was kept instead, and of the paths whose spelling is not the category''s (make_imported_categories() says which wins). With keep_losers import_losers has all of them; the caller empties it.';
grant execute on function import_labels to taxon_admin;

create or replace function import_tree(reason text default null, file text default null, rename boolean default false,
  most integer default 1000) returns jsonb
  language plpgsql security definer set search_path from current as $$
declare
  begun record;
  result jsonb;
begin
  begun := begin_import(import_tree.reason, import_tree.file);
  if exists (select from import_nodes) then
    result := make_tree(coalesce(import_tree.reason, format('imported by run %s', begun.run_id))) - '{made,renamed}'::text[];
  else
    analyze import_rows;
    perform make_imported_categories(begun.run_id, import_tree.rename);
    result := jsonb_build_object('nodes', (select count(*) from import_paths), 'depth', (select max(cardinality(p.path)) from import_paths p))
      || elsewhere(most);
  end if;
  result := result || folds(3);
  delete from import_nodes;
  delete from import_rows;
  delete from import_paths;
  return jsonb_build_object('run_id', begun.run_id) || result || import_counts(end_import(begun.run_id, begun.ids, begun.newest));
end $$;
comment on function import_tree(text, text, boolean, integer) is 'Makes categories without a name: of import_nodes (make_tree()), else of the paths of import_rows (make_imported_categories()), either filled by this transaction. It is a run, as import_labels() is. Returns its id and counts. Example: select import_tree(''tree of the shop'') ->> ''categories'';';
grant execute on function import_tree to taxon_admin;

create or replace function finish_import(run_id bigint) returns jsonb
  language plpgsql security definer set search_path from current as $$
declare
  r label_runs := (select x from label_runs x where x.run_id = finish_import.run_id);
  labels_changed bigint := r.labels_added + r.labels_changed;
  blocking integer;
  f record;
begin
  -- Anew where at least a hundredth of memory changed: learning from 743,000 names takes over a minute.
  if labels_changed > 0 and labels_changed * 100 >= (select count(*) from labels) then
    analyze labels, categories;
    blocking := learn_guard();
  end if;
  -- and of imports that died before they came here
  select coalesce(sum(w.corrected), 0) as corrected, coalesce(sum(w.asked_again), 0) as asked_again, coalesce(sum(w.held), 0) as held into f
    from (select x.run_id from label_runs x
            where x.kind = 'import' and x.followed_at is null and x.undone_at is null order by x.run_id) o, follow_run(o.run_id) w;
  -- all of them, so that rows which wait are answered although no sidecar runs
  perform take_in(2147483647);
  return jsonb_build_object('settled', settle_answered('local') + settle_answered('llm'), 'blocking_words', blocking,
                            'corrected', f.corrected, 'asked_again', f.asked_again, 'held', f.held);
end $$;
comment on function finish_import(bigint) is
  'After an import was committed, in a transaction of its own, so that it also sees rows inserted meanwhile: brings rows into line with what the run made of labels (follow_run()), and answers what waited for names that memory knows by now; after a large import also statistics and learn_guard(). Returns how many rows were corrected, decided again and left because others hold them, how many queue entries were settled and how many words block (NULL: not learnt anew).';
grant execute on function finish_import to taxon_admin;

grant insert, delete on import_rows to taxon_admin;
grant select, delete on import_losers to taxon_admin;
