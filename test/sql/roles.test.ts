import { beforeAll, describe, expect, test } from 'vitest';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** Who may call what, by first letters (Reader, Writer, Admin, Sidecar): every function must be put somewhere. */
const functions: Record<string, string> = {
  RWAS: `category_path name_hash normalise normalise_unusual`,
  RWA: `look_up wait_for`,
  RAS: `blocking_word calibrate calibration_error calibration_in_force calibration_state champion
    deciding_words exact gate_report llm_calibration llm_price near_labels neighbour_index
    neighbours neighbours_by never_sent only_codes retrain_pays run_model said_of serving setting
    similar_label similar_labels similar_matches standing_promise thresholds_in_force
    thresholds_said words_are_codes`,
  RA: `agreed_levels agreement_bets agreement_words agrees_more alarm_advice answered_a_day
    audit_share_now audit_tokens_today auditor_error audits_disprove autopilot beta_share
    bets_on_worse bound_told certified_coverage check_outcomes checked_names checked_truths
    checks_short checks_to_prove checks_wanted clears confident_mistakes corrected_error
    corrected_rows coverage_curve curve_ahead drift_bets drift_burst drift_by_week drift_cells
    drift_constant drift_limit drift_value drift_words each_look enough_checks explain explain_json
    fit_platt full_batch_tokens gate_differences gate_judges gate_pairs gate_surer_half health
    in_alarm in_canary in_use is_first_full is_training_name judged_checks label_outcomes
    layer_errors layer_verdicts learning_curve learning_history learning_points llm_budgets
    llm_confidence llm_cost llm_cost_of_a_name ln_gamma local_mode may_pay memory_error name_rules
    new_categories new_labels open_checks overridden path_risks people_disagreement product_cost
    proved_thresholds rescaled retention routing running_step same_path savings shadow_pairs
    shadow_report shadow_verdict share_bound share_told sign_test similar_checks
    similar_error_by_band simulate_thresholds spend split_tokens stale_answers
    suggest_similar_threshold suggest_thresholds taxonomy_preview teach_first teach_tokens_today
    teacher_agreement teacher_quality thresholds_for trained_from trust`,
  A: `add_category adopt_deployment confirm decide_again draw_checks end_alarm end_promise
    export_embeddings export_labels export_products finish_import forget import_labels judge
    judge_trained make_category mark_urgent memory_at merge_categories move_category never_send
    pin_answer promote_model reject remove_encoder rename_category renew_keys repeats_by
    retire_category revert_cleaning roll_back_model set_llm_price set_promise set_setting
    set_thresholds set_tree_levels split_category start_rollout start_run undo_check
    undo_taxonomy_change undo_thresholds`,
  AS: `add_to_batch advance_rollout apply_cleaning ask_questions batch_totals begin_diagnosis
    begin_retrain begin_signing begin_step calibration_due cancel_batches choices_to_carry
    cleaned_by cleaning_due compared_names count_changed_keys count_labels draw_audits draw_teaching
    embeddings_of end_batch end_diagnosis end_run end_step fail_call fills_embeddings
    fit_calibration forget_batch_names forget_calls forget_embeddings forget_evidence forget_models
    index_work keep_deployment keep_promise label_conflicts last_asked_for learn_guard mend_taxonomy
    note_batch note_run note_shadow open_batch open_batch_calls open_batches pass_gate promote_first
    queue_strays register_encoder renew_promise renew_run request_retrain retrain_due retrain_waits
    rows_to_look_at save_check_scores save_embeddings save_gate_answers save_index_comparison
    save_model save_model_file save_out_of_fold save_second_looks settle_llm sign_category
    sign_labels signed similar_in_training start_call sweep_taxonomy take_in training_labels
    try_waiting unanswered_gate_names undiagnosed unencoded_labels unscored_checks watch_drift`,
  S: `claim claim_llm close_lost_calls end_sidecar forget_call_names forget_dead_sidecars
    forget_urgent give_back heartbeat look_below_floor note_retention renew_leases
    settle_from_memory settle_held settle_local sweep_forgotten`,
  // triggers, and what only other functions call
  nobody: `affordable_audits affordable_teaching agreement_since alike analyse_without answer_on_insert
    answered_until ask_again audit_candidates audit_test autopilot_health back_in_use band bar_model
    batches_health begin_stage blank_messages blockers_health bring_back_labels bring_back_rows bury
    calls_with candidates_below carry_branches carry_thresholds check_frame checked_answer
    close_alarm correct_label correct_products correct_rows coverage_steps database_identity
    decide_answers_again decide_failed_again decide_product_again drift_health drop_branches
    drop_questions drop_signatures end_rollout fail_buried follow_categories follow_labels
    follow_rows forget_guard_words forget_products forgotten forgotten_health gate_names hash_bound
    hnsw_is_sound hold_lease hold_lock hold_names hold_never_sent hold_taxonomy index_memory
    index_pays is_conflict is_cron is_queued is_sealed_name is_stray is_wanted_end
    judged_llm_answers judged_since keep_answers keep_trigger keys_health label_writers last_intake
    leave_no_names level_ids llm_answers llm_health llm_stop lock_holders lock_rows lock_taxonomy
    locker_names locks_health look_again make_imported_categories mark_names measured_points
    models_past_days move_labels name_label_changes names_of_call names_wait near_index
    need_category need_evidence neighbours_health new_rows note_change note_changed_labels note_idle
    note_new_labels note_news note_outcomes note_removed_labels note_verdict notify_health
    offer_today open_answer own_schemas pass_on passes pick_audits place_below place_category
    probability put_off queue_audits queue_floor queue_names raise_alarm raise_floor recheck_promise
    refuse_call refuse_retired refuse_same_name report_without_name rights_health rows_to_take_in
    said_near sane_results sent_to settle_alarms settle_answered settle_answers settle_audits
    settle_kept settle_names settle_questions settle_rows settle_split settle_verdict settled_cost
    shadow_branch share_a_band sign_new_labels sign_renamed_label signature_maker signatures
    signatures_health similar_by_signatures simulated_evidence somebody_sleeps spend_parts
    start_agreement_streams start_drift_streams strays_health tables_of_names take_back take_names
    taken_in teachable tell_sidecars thresholds_of_alarm traffic_of trainable_labels trust_health
    try_lock undo_label undo_rows unfinished_split waiting_checks wake watch_audits watch_promoted
    watch_stream without_name write_labels write_rows`,
};

/** What each role may do beyond the reader's and the admin's SELECT on everything. */
const tables: Record<string, string> = {
  alarms: '',
  all_settings: 'sidecar: select',
  audit_waiting: '',
  audit_watermark: '',
  calibrations: 'sidecar: select',
  categories: 'admin: update(external_id); sidecar: select; writer: select',
  check_scores: '',
  checks: '',
  dead_letters: '',
  drift_streams: '',
  embeddings: 'sidecar: select',
  encoder_progress: '',
  encoders: 'sidecar: select',
  evidence: '',
  forgotten_names: '',
  gate_answers: '',
  gate_verdicts: '',
  guard_tokens: 'sidecar: select',
  import_paths: '',
  import_rows: 'admin: delete insert',
  index_comparisons: '',
  intakes: '',
  intake_lock: '',
  kept_answers: '',
  key_counts: '',
  label_changes: 'sidecar: select',
  label_signatures: '',
  labels: 'admin: delete insert update; sidecar: select',
  llm_batch_calls: '',
  llm_batches: '',
  llm_call_names: '',
  llm_calls: '',
  llm_prices: '',
  migrations: '',
  model_files: 'sidecar: select',
  models: 'sidecar: select',
  models_readable: '',
  never_send_marks: '',
  opinions: '',
  out_of_fold: '',
  paid_twice: '',
  product_changes: '',
  queue_horizon: '',
  products: 'admin: delete insert update; writer: insert(external_id,name) select update(external_id,name)',
  products_readable: 'writer: select',
  promises: 'sidecar: select',
  promotions: '',
  queue: '',
  regression_names: '',
  retention_runs: '',
  retrain_requests: '',
  rollouts: 'sidecar: select',
  run_steps: '',
  schema_objects: 'sidecar: select',
  look_progress: '',
  second_looks: '',
  sidecars: 'sidecar: select',
  signature_state: '',
  threshold_history: '',
  taxonomy_changes: '',
  taxonomy_history: '',
  taxonomy_progress: '',
  taxonomy_questions: '',
  thresholds: 'sidecar: select',
  training_runs: '',
  unneeded_embeddings: '',
  urgent_names: '',
  waiting_for_people: '',
  checks_lock: '',
  drift_lock: '',
  guard_lock: '',
  import_lock: '',
  models_lock: '',
  rollouts_lock: '',
  runs_lock: '',
  settling_lock: '',
  taxonomy_lock: '',
  thresholds_lock: '',
};

describe('the whole list of privileges', () => {
  test('of functions', async () => {
    const found = await t.owner.rows<{ who: string; names: string[] }>(
      `with granted as (
         select p.proname, string_agg(upper(substr(r, 7, 1)), '' order by place) as who
           from pg_proc p
           left join unnest('{taxon_reader,taxon_writer,taxon_admin,taxon_sidecar}'::text[]) with ordinality u(r, place)
             on has_function_privilege(r, p.oid, 'execute')
           where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) group by p.oid)
       select coalesce(who, 'nobody') as who, array_agg(proname::text order by proname) as names from granted group by 1`,
    );
    const wanted = Object.entries(functions).map(([who, names]) => [who, names.split(/\s+/)]);
    expect(Object.fromEntries(found.map((row) => [row.who, row.names]))).toEqual(Object.fromEntries(wanted));
  });

  test('of tables and views', async () => {
    const found = await t.owner.rows<{ name: string; who: string }>(
      `with granted as (
         select c.oid, a.grantee, lower(a.privilege_type) as privilege from pg_class c, aclexplode(c.relacl) a
           where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)
         union all
         select c.attrelid, a.grantee,
                lower(a.privilege_type) || '(' || string_agg(c.attname, ',' order by c.attname) || ')'
           from pg_attribute c, aclexplode(c.attacl) a
           where c.attrelid in (select oid from pg_class where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace))
           group by 1, 2, a.privilege_type
       ), by_role as (
         select g.oid, case g.grantee when 0 then 'PUBLIC' else replace(g.grantee::regrole::text, 'taxon_', '') end as role,
                string_agg(g.privilege, ' ' order by g.privilege) as may
           from granted g
           where g.grantee <> current_user::regrole
             and not (g.privilege = 'select' and g.grantee in ('taxon_reader'::regrole, 'taxon_admin'::regrole))
           group by 1, 2
       )
       select c.relname as name, coalesce(string_agg(r.role || ': ' || r.may, '; ' order by r.role), '') as who
         from pg_class c left join by_role r using (oid)
         where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and c.relkind in ('r', 'v') group by 1`,
    );
    expect(Object.fromEntries(found.map((row) => [row.name, row.who]))).toEqual(tables);
    expect(
      await t.owner.value(
        `select bool_and(has_table_privilege('taxon_reader', oid, 'select') and has_table_privilege('taxon_admin', oid, 'select'))
           from pg_class where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and relkind in ('r', 'v')`,
      ),
    ).toBe(true);
  });

  test('of everybody else: nothing, not even to enter', async () => {
    const grants = `select count(*) from (
      select nspacl as acl from pg_namespace where nspname = 'taxon'
      union all select coalesce(proacl, acldefault('f', proowner)) from pg_proc where pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)
      union all select relacl from pg_class where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)) x, aclexplode(x.acl) a
      where a.grantee = 0`;
    expect(await t.owner.value(grants)).toBe(0);
    const admin = await t.superuser();
    await admin.rows('create role stranger login');
    const stranger = await t.connect('stranger');
    await expect(stranger.rows(`select taxon.normalise('A')`)).rejects.toThrow(
      'permission denied for schema taxon',
    );
    await stranger.close();
    await admin.rows('drop role stranger');
  });
});

/** Statements that must be refused, each in its own words for what is missing. */
async function refused(session: Session, statements: readonly string[]): Promise<void> {
  for (const statement of statements)
    await expect(session.rows(statement), statement).rejects.toThrow(/permission denied|must be owner/);
}

const beyondAllRoles = [
  'truncate taxon.products',
  'drop table taxon.products',
  'create table taxon.x (x integer)',
  'alter table taxon.products disable trigger all',
  'create or replace function taxon.normalise(name text) returns text language sql return 1',
  `insert into taxon_internal.all_settings (key, value, description) values ('a', '1', '')`,
  'update taxon_internal.llm_calls set cost = 0',
  'delete from taxon_internal.llm_calls',
  'delete from taxon_internal.label_changes',
  'delete from taxon_internal.promotions',
  'delete from taxon_internal.out_of_fold',
  'delete from taxon_internal.thresholds',
  'delete from taxon_internal.promises',
  'delete from taxon.categories',
  'select taxon_internal.wake()',
];

describe('taxon_writer', () => {
  let writer: Session;
  beforeAll(async () => {
    writer = await t.connect('taxon_writer');
  });

  test('inserts names and reads the answers', async () => {
    await t.label('known', 'Home > Kettles');
    expect(
      await writer.row(`insert into taxon.products (external_id, name) values ('4711', 'Known') returning *`),
    ).toMatchObject({ external_id: '4711', state: 'done', source: 'exact' });
    expect(await writer.row('select path from taxon.products_readable')).toEqual({ path: 'Home > Kettles' });
    await writer.rows(`update taxon.products set name = 'other', external_id = '4712'`);
    expect(
      await writer.row(`select state from taxon.wait_for((select product_id from taxon.products), '0 s')`),
    ).toEqual({ state: 'pending' });
    expect(await writer.row(`select layer, path from taxon.look_up('known')`)).toEqual({
      layer: 'exact',
      path: 'Home > Kettles',
    });
    expect(await t.queued()).toEqual(['other']);
  });

  test('may not say what the answer is, take rows away, or look behind', async () => {
    await writer.rows(`insert into taxon.products (name) values ('a')`);
    await refused(writer, [
      ...beyondAllRoles,
      `insert into taxon.products (name, state) values ('a', 'done')`,
      `insert into taxon.products (product_id, name) overriding system value values (1, 'a')`,
      `update taxon.products set state = 'done'`,
      `update taxon.products set category_id = 1`,
      'delete from taxon.products',
      'select from taxon.labels',
      'select from taxon_internal.queue',
      'select from taxon_internal.llm_calls',
      `insert into taxon.labels (name_key, category_id, source) values ('a', 1, 'human')`,
      `select from taxon_internal.claim('w', 1)`,
      'select taxon.decide_again(1)',
      'select from taxon.health()',
    ]);
  });
});

describe('taxon_reader', () => {
  test('reads everything and changes nothing', async () => {
    const reader = await t.connect('taxon_reader');
    await t.label('known', 'Home');
    const { product_id } = await t.insert('known');
    expect(await reader.value(`select path from taxon.look_up('known')`)).toBe('Home');
    expect(await reader.row('select source from taxon.wait_for($1)', product_id)).toEqual({
      source: 'exact',
    });
    expect(await reader.value(`select products from taxon.routing() where layer = 'exact'`)).toBe(1);
    expect(await reader.rows('select item from taxon.health()')).toContainEqual({ item: 'champion' });
    for (const empty of ['threshold_history', 'coverage_curve()', 'waiting_for_people'])
      expect(await reader.rows(`select from taxon.${empty}`)).toEqual([]);
    expect(await reader.value('select feasible from taxon.suggest_thresholds()')).toBe(false);
    expect(await reader.value('select names from taxon_internal.shadow_report()')).toBe(0);
    expect(await reader.value('select taxon_internal.local_mode()')).toBe('on');
    await expect(reader.rows('select taxon.simulate_thresholds(1, 1, 1)')).rejects.toThrow('no champion yet');
    await refused(reader, [
      ...beyondAllRoles,
      `insert into taxon.products (name) values ('a')`,
      `update taxon.products set name = 'a'`,
      'delete from taxon.labels',
      `select taxon.set_setting('guard', 'false')`,
      'select taxon.decide_again(1)',
      'select taxon.decide_again(failed => true)',
      'select taxon.promote_model(1)',
      'select taxon.roll_back_model()',
      'select taxon.revert_cleaning(1)',
      'select from taxon.draw_checks()',
      'select from taxon.confirm(1)',
      'select from taxon.reject(1)',
      'select from taxon_internal.judge(1, true)',
      'select from taxon.undo_check(1)',
      `select from taxon.set_thresholds(1, 1, 1, 'because')`,
      'select from taxon.undo_thresholds()',
      `select from taxon.set_promise(.05, .95, 'because', true)`,
      'select from taxon_internal.keep_promise()',
      `select taxon.end_promise('because')`,
      `select from taxon_internal.claim('w', 1)`,
    ]);
  });
});

describe('taxon_admin', () => {
  test('looks after labels, categories, thresholds, settings and dead letters', async () => {
    const admin = await t.connect('taxon_admin');
    const category = await admin.value<number>(`select taxon_internal.make_category('{Home,Kettles}')`);
    await admin.rows(
      `insert into taxon.labels (name_key, category_id, source) values ('known', $1, 'human')`,
      category,
    );
    const { product_id } = await t.insert('known');
    await admin.rows('delete from taxon.labels');
    expect(await admin.value('select not_looked_at from taxon.decide_again($1)', product_id)).toBe(1);
    expect(await admin.value('select products from taxon.decide_again(failed => true)')).toBe(0);
    await admin.rows(`update taxon.categories set external_id = '7' where category_id = $1`, category);
    await admin.rows(`select taxon.rename_category($1, 'Teapots')`, category);
    expect(await admin.value('select taxon.category_path($1)', category)).toBe('Home > Teapots');
    expect(await admin.value(`select taxon.set_setting('guard', 'false')`)).toBe(false);
    await admin.rows(`select taxon.set_tree_levels('1,2,3')`);
    await expect(admin.rows(`select taxon.set_thresholds(1, 1, 1, 'because')`)).rejects.toThrow(
      'there is no champion yet',
    );
    await refused(admin, [
      ...beyondAllRoles,
      'update taxon.categories set parent_id = null',
      'update taxon.categories set retired_at = now()',
      `update taxon_internal.all_settings set value = 'true'`,
      `insert into taxon_internal.models (encoder_id, manifest) values (1, '{}')`,
      `select from taxon_internal.claim('w', 1)`,
    ]);
  });
});

describe('taxon_sidecar', () => {
  test('claims and settles by functions alone', async () => {
    const sidecar = await t.connect('taxon_sidecar');
    await t.label('red kettle 1.7 l', 'Home');
    await t.insert('red kettle 1,7 l');
    await t.insert('unheard of');
    await sidecar.rows(`select taxon_internal.heartbeat('w', 'h', 1, '1', null, null, true, true, null)`);
    expect(await sidecar.rows(`select from taxon_internal.claim('w', 10)`)).toHaveLength(2);
    expect(
      await sidecar.rows(
        `select name_key from taxon_internal.settle_from_memory('w', array['red kettle 1,7 l', 'unheard of'])`,
      ),
    ).toEqual([{ name_key: 'unheard of' }]);
    await sidecar.rows(`select taxon_internal.settle_local('w', null, '[{"name_key": "unheard of"}]')`);
    expect(await sidecar.rows(`select name_key from taxon_internal.claim_llm('w', 1, '0 s')`)).toHaveLength(
      1,
    );
    await sidecar.rows(`select taxon_internal.end_sidecar('w')`);
    await refused(sidecar, [
      ...beyondAllRoles,
      'select from taxon.products',
      'select from taxon_internal.queue',
      `insert into taxon.products (name) values ('a')`,
      `insert into taxon.labels (name_key, category_id, source) values ('a', 1, 'human')`,
      'delete from taxon.labels',
      `update taxon_internal.queue set worker = 'x'`,
      `select taxon.set_setting('guard', 'false')`,
      'select taxon.promote_model(1)',
      'select taxon.decide_again(failed => true)',
    ]);
  });
});
