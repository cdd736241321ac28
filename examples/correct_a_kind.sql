-- Correct a whole kind of names at once: the kind where most answers are likely wrong becomes what speaks against its answer.
-- The labels are a person's from then on, so no machine changes them, and rows that say otherwise follow. undo_run() takes it
-- back.
--
--   bin/taxon db psql -f examples/correct_a_kind.sql        (the demo's database)

-- Sidecars find kinds each night; here they are found now.
select taxon_internal.find_kinds() > 0 as found;

-- Which kinds are there, what are they now, and what speaks against it?
select kind_id, words, names, answer, says, why, likely_wrong from taxon.kinds(5);

select kind_id from taxon.kinds(1) \gset

-- 29 of its names, drawn at random (odd ones first, which were not).
select m ->> 'n' as n, m ->> 'name' as name, m ->> 'path' as path, m ->> 'odd' as odd
  from taxon.kinds(kind_id => :kind_id, shown => 29), jsonb_array_elements(members) m;

-- They all belong: one decision. With unmarked => '{3,7}' only the others of these 29 would be decided, and the rest split.
select run_id, path, labels, corrected, rows_corrected, proof
  from taxon.decide_kind(:kind_id, shown => 29, reason => 'looked at 29') \gset
select :'path' as path, :labels as labels, :corrected as corrected, :rows_corrected as rows_corrected, :'proof' as proof;

-- It was one run; this would take it back: select * from taxon.undo_run(:run_id);
select kind, reason, labels_changed, rows_corrected from taxon.runs where run_id = :run_id;
