-- Roles of the cluster (they may exist before, and several schemas share them), and what each may do here.

do $$
declare
  role_name text;
begin
  foreach role_name in array array['taxon_reader', 'taxon_writer', 'taxon_admin', 'taxon_sidecar'] loop
    if not exists (select from pg_roles r where r.rolname = role_name) then
      begin
        execute format('create role %I nologin', role_name);
      exception when duplicate_object or unique_violation then null;  -- another database of the cluster made it this moment
      end;
    end if;
  end loop;
end $$;

-- From nothing each time, so that what stands below is all there is, in an upgraded database too.
do $$
declare
  here text := quote_ident(current_schema());
  roles text := 'taxon_reader, taxon_writer, taxon_admin, taxon_sidecar';
begin
  execute format('revoke all on schema %s from public, %s', here, roles);
  execute format('revoke all on all tables in schema %s from public, %s', here, roles);
  execute format('revoke all on all functions in schema %s from public, %s', here, roles);
  execute format('grant usage on schema %s to %s', here, roles);
  execute format('grant select on all tables in schema %s to taxon_reader, taxon_admin', here);
end $$;

-- What everybody's statements are made of.
grant execute on function normalise, normalise_unusual, name_hash, category_path to taxon_reader, taxon_writer, taxon_admin, taxon_sidecar;
grant execute on function champion, thresholds_in_force, calibration_in_force, calibrate, said_of, thresholds_said, neighbours, neighbours_by, neighbour_index, setting, exact, similar_label, similar_labels, similar_matches, near_labels, blocking_word, words, only_codes, words_are_codes
  to taxon_reader, taxon_admin, taxon_sidecar;

-- An application gives names and reads answers; which layer answers is not its to write.
grant select on products, products_readable, categories to taxon_writer;
grant insert (external_id, name), update (external_id, name) on products to taxon_writer;
grant execute on function look_up, wait_for to taxon_reader, taxon_writer, taxon_admin;
grant execute on function path_risks, routing, health, explain, explain_json, confident_mistakes, ln_gamma, beta_share, share_bound, open_checks to taxon_reader, taxon_admin;
grant execute on function audit_share_now, drift_by_week, drift_constant, drift_value, drift_bets, drift_limit, drift_words, each_look, in_alarm, drift_cells, drift_burst, bets_on_worse, alarm_advice, agrees_more, agreed_levels, agreement_bets, agreement_words
  to taxon_reader, taxon_admin;
grant execute on function watch_drift to taxon_admin, taxon_sidecar;
grant execute on function queue_strays, take_in, count_changed_keys, begin_signing, sign_category, sign_labels, signed to taxon_admin, taxon_sidecar;
grant execute on function name_rules to taxon_reader, taxon_admin;
grant execute on function renew_keys to taxon_admin;
grant execute on function release_alarm to taxon_admin;
grant execute on function serving to taxon_reader, taxon_admin, taxon_sidecar;
grant execute on function autopilot, gate_report, gate_pairs, gate_surer_half, gate_differences, gate_judges, sign_test, teacher_agreement, certified_coverage, shadow_pairs, is_first_full,
  shadow_verdict, audits_disprove, in_canary, run_model, running_step, new_labels, judged_checks to taxon_reader, taxon_admin;
grant execute on function retrain_due, request_retrain, renew_promise, advance_rollout, note_shadow to taxon_admin, taxon_sidecar;
grant execute on function keep_right, let_go, start_rollout, judge_trained to taxon_admin;
grant execute on function coverage_curve, suggest_thresholds, proved_thresholds, checks_short, answered_a_day, enough_checks, checks_wanted, share_told, bound_told, simulate_thresholds, shadow_report, checked_names, overridden, thresholds_for,
  standing_promise, local_mode, llm_cost_of_a_name, clears to taxon_reader, taxon_admin;
grant execute on function trust, layer_errors, layer_verdicts, memory_error, corrected_rows, auditor_error, corrected_error, people_disagreement,
  checks_to_prove, similar_checks, similar_error_by_band, suggest_similar_threshold, audit_tokens_today, same_path to taxon_reader, taxon_admin;
grant execute on function learning_curve, learning_points, learning_history, curve_ahead, teach_first, teach_tokens_today, trains to taxon_reader, taxon_admin;
grant execute on function retrain_pays to taxon_reader, taxon_admin, taxon_sidecar;
grant execute on function draw_teaching to taxon_admin, taxon_sidecar;
grant execute on function teacher_quality, llm_calibration, llm_confidence, checked_truths to taxon_reader, taxon_admin;
grant execute on function rescaled, check_outcomes, label_outcomes, fit_platt, calibration_state, calibration_error
  to taxon_reader, taxon_admin;

grant execute on function llm_price, llm_cost, llm_budgets, product_cost, spend, savings, full_batch_tokens, never_sent, pays to taxon_reader, taxon_admin;

-- A person who looks after it: labels, thresholds, models, the taxonomy, which is changed by functions alone.
grant insert, update, delete on labels, products to taxon_admin;
grant update (external_id) on categories to taxon_admin;
grant execute on function add_category, rename_category, move_category, merge_categories, split_category, retire_category, more_tokens,
  undo_taxonomy_change to taxon_admin;
grant execute on function taxonomy_preview, new_categories, trained_from, in_use, split_tokens to taxon_reader, taxon_admin;
grant execute on function mend_taxonomy, sweep_taxonomy, ask_questions to taxon_admin, taxon_sidecar;
grant execute on function count_labels, unencoded_labels, fills_embeddings to taxon_admin, taxon_sidecar;
grant execute on function remove_encoder, redecide to taxon_admin;
grant execute on function stale_answers to taxon_reader, taxon_admin;
grant execute on function try_waiting, rows_to_look_at, save_second_looks to taxon_admin, taxon_sidecar;
grant execute on function set_setting, set_tree_levels, make_category, set_thresholds, undo_thresholds, set_promise, keep_promise, end_promise, promote, roll_back_model, requeue, retry_dead,
  revert_cleaning, spot_check, confirm, reject, judge, undo_check, set_llm_price, mark_urgent, adopt_deployment, never_send, may_send_again, forget to taxon_admin;
grant execute on function retention to taxon_reader, taxon_admin;
-- the commands import, train and classify
grant insert, delete on import_rows to taxon_admin;
-- a retraining, which a sidecar begins by itself: it stores a candidate, the gate and the rollout are the database's
grant execute on function begin_retrain, begin_step, end_step, note_run, run_model, choices_to_carry, cleaning_due, cleaned_by, pass_gate, unanswered_gate_names,
  save_gate_answers, renew_run, end_run, learn_guard, training_labels, similar_in_training, save_model, save_model_file, save_out_of_fold, apply_cleaning,
  keep_promise, standing_promise, gate_report, undiagnosed, begin_diagnosis, end_diagnosis, promote_first, calibration_error, calibration_state, label_conflicts to taxon_admin, taxon_sidecar;
grant execute on function retrain_waits, last_asked_for to taxon_admin, taxon_sidecar;
grant execute on function import_labels, finish_import, start_run, memory_at, repeats_by to taxon_admin;
grant execute on function export_labels, export_products,
  export_embeddings to taxon_admin;
grant execute on function register_encoder, save_embeddings, embeddings_of, start_call, settle_llm, fail_call, draw_audits, fit_calibration, calibration_due, llm_calibration,
  unscored_checks, save_check_scores, forget_evidence, keep_deployment to taxon_admin, taxon_sidecar;
grant execute on function forget_batch_names, forget_calls, forget_embeddings, forget_models to taxon_admin, taxon_sidecar;
grant execute on function open_batch, add_to_batch, note_batch, open_batches, open_batch_calls, cancel_batches, end_batch, batch_totals
  to taxon_admin, taxon_sidecar;

-- A sidecar claims and settles, by functions alone.
grant select on categories, models, rollouts, model_files, encoders, embeddings, settings, thresholds, calibrations, labels, label_changes, guard_tokens, promises, sidecars, schema_objects
  to taxon_sidecar;
grant execute on function claim, claim_llm, renew, give_back, settle_from_memory, settle_local, close_lost_calls, heartbeat,
  leave, look_below_floor, forget_dead_sidecars, forget_call_names, forget_urgent, settle_held, sweep_forgotten, note_retention to taxon_sidecar;
grant execute on function llm_price, never_sent to taxon_sidecar;
grant execute on function index_work, compared_names, save_index_comparison to taxon_admin, taxon_sidecar;
