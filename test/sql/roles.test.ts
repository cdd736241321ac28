import { beforeAll, describe, expect, test } from 'vitest';
import { callable, needed } from '../support/privileges.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** What each role may do beyond the reader's and the admin's SELECT on everything. */
const tables: Record<string, string> = {
  alarms: '',
  all_settings: 'sidecar: select',
  settings: '',
  attach_faults_seen: '',
  attach_lock: '',
  attached_answers: '',
  attached_changes: '',
  attached_tables: '',
  attachments: 'sidecar: select',
  audit_waiting: '',
  audit_watermark: '',
  calibrations: 'sidecar: select',
  categories_readable: 'writer: select',
  categories: 'admin: update(external_id); sidecar: select; writer: select',
  check_scores: '',
  budgets_readable: '',
  checks: '',
  dashboard_tokens: '',
  dead_letters: '',
  drift_streams: '',
  embeddings: 'sidecar: select',
  encoder_progress: '',
  encoders: 'sidecar: select',
  evidence: '',
  forgotten_names: '',
  found_kinds: '',
  found_members: '',
  gate_answers: '',
  gate_verdicts: '',
  guard_tokens: 'sidecar: select',
  import_losers: 'admin: delete',
  import_nodes: 'admin: delete insert',
  import_paths: '',
  import_rows: 'admin: delete insert',
  index_comparisons: '',
  intakes: '',
  intake_lock: '',
  kept_answers: '',
  learning_readable: '',
  savings_readable: '',
  key_counts: '',
  kind_names: '',
  kind_tokens: '',
  kind_words: '',
  kinds_lock: '',
  label_changes: 'sidecar: select',
  label_runs: '',
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
  purposes: '',
  queue: '',
  regression_names: '',
  retention_runs: '',
  retrain_requests: '',
  rollouts: 'sidecar: select',
  run_steps: '',
  runs: '',
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
  test('of public functions: each is for people, one screen and a half of them', async () => {
    const names = await t.owner.rows<{ name: string; who: string | null }>(
      `select p.proname as name, (select string_agg(r, ' ') from unnest('{taxon_reader,taxon_writer,taxon_admin}'::text[]) r
                                   where has_function_privilege(r, p.oid, 'execute')) as who
         from pg_proc p where p.pronamespace = 'taxon'::regnamespace`,
    );
    expect(names.filter(({ who }) => who === null)).toEqual([]);
    expect(names.length).toBeGreaterThan(40);
    expect(names.length).toBeLessThanOrEqual(60);
  });

  /** Internal functions, each with the view or function that runs with the caller's rights and needs it. */
  const reasons = {
    taxon_reader: {
      calibrate: 'said_of',
      calibration_in_force: 'thresholds_said',
      learning_points: 'learning_readable',
      llm_budgets: 'budgets_readable',
      name_hash: 'waiting_for_people',
      normalise_unusual: 'normalise',
      said_of: 'thresholds_said',
      savings: 'savings_readable',
      serving: 'encoder_progress',
      setting_range: 'settings',
      split_tokens: 'taxonomy_progress',
      thresholds_in_force: 'models_readable',
      thresholds_said: 'models_readable',
    },
    taxon_writer: { name_hash: 'rows that it inserts', normalise_unusual: 'normalise' },
  };

  test.each(['taxon_reader', 'taxon_writer'] as const)(
    'of internal ones: what %s needs, and why',
    async (role) => {
      const why = await needed(t.owner, role);
      const may = await callable(t.owner, role, 'taxon_internal');
      expect(may.filter((name) => !why.has(name))).toEqual([]);
      expect(Object.fromEntries(may.map((name) => [name, why.get(name)]))).toEqual(reasons[role]);
    },
  );

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
    for (const empty of ['threshold_history', 'coverage_curve()', 'waiting_for_people', 'kinds()'])
      expect(await reader.rows(`select from taxon.${empty}`)).toEqual([]);
    expect(await reader.value('select feasible from taxon.suggest_thresholds()')).toBe(false);
    await refused(reader, ['select taxon_internal.local_mode()']);
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
      'select taxon.undo_run(1)',
      'select from taxon.draw_checks()',
      'select from taxon.confirm(1)',
      'select from taxon.reject(1)',
      'select from taxon_internal.judge(1, true)',
      'select from taxon.undo_check(1)',
      'select from taxon.decide_kind(1)',
      'select taxon_internal.find_kinds()',
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
