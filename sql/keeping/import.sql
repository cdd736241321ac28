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
  -- before names are looked up
  if labels_changed > 0 then perform empty_pending_list(); end if;
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
