-- Tune the thresholds of the local layer: see what each would answer, try other ones without setting them, set them with a
-- reason, and take them back. Nothing here needs a sidecar.
--
--   bin/taxon db psql -f examples/tune.sql        (the demo's database)

-- What would each threshold answer, and how much of that is expected to be wrong? Every tenth of the cache misses.
select coverage, l3, names, expected_error, checked, wrong from taxon.coverage_curve() where round(coverage * 50) % 5 = 0;

-- What do checks prove for a promise of 5 %? Without checks: how many more it takes.
select feasible, coverage, checked, wrong, checks_missing, verdict from taxon.suggest_thresholds(max_error => 0.05);

-- Draw ten of the surer half, to be judged by confirm(), reject() or taxon review.
select check_id, product_id, name, path from taxon.draw_checks(10, 'surer');

-- Stricter thresholds, tried on the names that have come: who is newly answered, who is passed on, what it costs.
select names, newly_answered, newly_passed, share_before, share_after, expected_error
  from taxon.simulate_thresholds(l1 => 0.9, l2 => 0.8, l3 => 0.7);

-- Set, then undone. The history keeps both.
select l1_before, l2_before, l3_before, certified, note
  from taxon.set_thresholds(l1 => 0.9, l2 => 0.8, l3 => 0.7, reason => 'fewer wrong shelves');
select l1, l2, l3, certified from taxon.undo_thresholds();
select l1, l2, l3, reason, undone_at is not null as undone from taxon.threshold_history limit 3;
