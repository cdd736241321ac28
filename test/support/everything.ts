import type { TaxonDatabase } from './sql.ts';

/** Where each table of a database may hold a name: text, arrays of it, jsonb and digests. */
export interface Column {
  relation: string;
  attribute: string;
  type: string;
}

export const columns = (t: TaxonDatabase): Promise<Column[]> =>
  t.owner.rows(
    `select c.relname as relation, a.attname as attribute, format_type(a.atttypid, null) as type
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and c.relkind = 'r' order by 1, 2`,
  );

/** Columns, as table.column, in which a name stands: its key, the name as given, or its digest. */
export async function holding(t: TaxonDatabase, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const { relation, attribute } of await columns(t)) {
    const held = await t.owner.value<boolean>(
      `select exists (select from ${relation} x where lower(x.${attribute}::text) like any (array['%' || lower($1) || '%', '%' || normalise($1) || '%'])
         or strpos(x.${attribute}::text, encode(name_hash(normalise($1)), 'hex')) > 0)`,
      name,
    );
    if (held) found.push(`${relation}.${attribute}`);
  }
  return found;
}

/** Not about names of products, and needed as they are. */
export const left = [
  'all_settings',
  'migrations',
  'llm_prices',
  'schema_objects',
  // empty but in the transaction that fills them
  'import_paths',
  'import_nodes',
  'kind_tokens',
  'kind_words',
  // digests of tokens, and whose they are
  'dashboard_tokens',
  // keys and words of attached tables
  'attachments',
  'attached_changes',
  'attached_answers',
  'attach_faults_seen',
];

/**
 * A row in each table about one name, a product that was answered because it is near, and the name in every other column that
 * takes it: what a program, or a person, may write in the worst case.
 */
export async function holdEverywhere(t: TaxonDatabase, name: string): Promise<void> {
  const { owner } = t;
  const home = await t.category('Home > Mugs');
  // memory is large: labels are signed as they come
  await owner.rows('insert into signature_state (made_by) values (signature_maker())');
  const encoder = await owner.value<number>(`select register_encoder('e', 2)`);
  await owner.rows(
    `insert into training_runs (state, report) values ('done', jsonb_build_object('diagnostics', jsonb_build_object('against', 'labels', 'mistakes',
    jsonb_build_array(jsonb_build_object('name', normalise($1), 'answer', 'Home')))))`,
    name,
  );
  await owner.rows(
    `insert into labels (name_key, category_id, source) values (normalise($1), $2, 'llm')`,
    name,
    home,
  );
  await owner.rows(`update labels set source = 'human'`);
  const model = await owner.value<number>(`select save_model($1, null, '{}')`, encoder);
  await owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, model);
  await owner.rows('select promote_model($1)', model);
  const { product_id: product } = await t.insert(name);
  const { product_id: near } = await t.insert('another mug');
  await owner.rows(
    `with e as (insert into evidence (product_id, model_id, category_id, l1_said, clears, answered) values ($1, $2, $3, .5, true, true) returning evidence_id),
          o as (insert into opinions (evidence_id, levels) select evidence_id, 3 from e)
     update products p set evidence_id = e.evidence_id from e where p.product_id = $1`,
    product,
    model,
    home,
  );
  await owner.rows(
    `update products set state = 'done', source = 'similar', similarity = .9, category_id = $2, matched_key = normalise($3) where product_id = $1`,
    near,
    home,
    name,
  );
  const check = await owner.value<number>(
    `insert into checks (name_key, product_id, layer, strategy, weight, category_id) values (normalise($1), $2, 'exact', 'audit', 1, $3) returning check_id`,
    name,
    product,
    home,
  );
  await owner.rows(`insert into check_scores (check_id, model_id) values ($1, $2)`, check, model);
  await owner.rows(
    `insert into product_changes (product_id, reason, before_matched_key) values ($1, 'x', normalise($3)), ($2, 'x', normalise($3))`,
    product,
    near,
    name,
  );
  await owner.rows(`insert into audit_waiting (product_id, weight) values ($1, 1)`, product);
  await owner.rows("select save_embeddings($1, array[normalise($2)], array[halfvec '[1,0]'])", encoder, name);
  await owner.rows(
    `insert into out_of_fold (name_hash, run_id, label_category_id, category_id, l1_confidence, l2_confidence, l3_confidence) values (name_hash(normalise($1)), 1, $2, $2, 1, 1, 1)`,
    name,
    home,
  );
  await owner.rows(
    `insert into queue (stage, name_key) select s, normalise($1) from unnest('{local,llm}'::text[]) s`,
    name,
  );
  await owner.rows(`insert into queue (name_key, last_error) values ('another mug', 'failed beside it')`);
  await owner.rows(
    `insert into dead_letters (stage, name_key, attempts) values ('llm', normalise($1), 5), ('llm', 'yet another', 5)`,
    name,
  );
  await owner.rows(`insert into never_send_marks (name_key, reason) values (normalise($1), 'private')`, name);
  await owner.rows(`insert into urgent_names (name_hash) values (name_hash(normalise($1)))`, name);
  await owner.rows(
    `insert into regression_names (name_key, category_id) values (normalise($1), $2)`,
    name,
    home,
  );
  await owner.rows(
    `insert into gate_answers (model_id, name_hash, category_id) values ($1, name_hash(normalise($2)), $3)`,
    model,
    name,
    home,
  );
  await owner.rows(
    `insert into gate_verdicts (challenger, passed, reasons, numbers) values ($1, false, '{x}', '{}')`,
    model,
  );
  await owner.rows(`insert into rollouts (model_id, stage, ended_at) values ($1, 'done', now())`, model);
  await owner.rows(`insert into run_steps (run_id, step, state) values (1, 'train', 'done')`);
  await owner.rows(`insert into retrain_requests (cause, reason, run_id) values ('person', 'x', 1)`);
  const call = await owner.value<number>(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, lease_until, request_id)
       values ('w', 'answer', 'tree', 'openai', 'gpt', false, 'ok', 2, 9, 9, now(), 'req_1') returning llm_call_id`,
  );
  await owner.rows(
    `insert into llm_call_names (llm_call_id, name_hash) values ($1, name_hash(normalise($2)))`,
    call,
    name,
  );
  await owner.rows(
    'insert into kept_answers (llm_call_id, name_key, category_id) values ($1, normalise($2), $3)',
    call,
    name,
    home,
  );
  await owner.rows(
    `insert into llm_batches (provider, model, provider_batch_id, state, ended_at) values ('openai', 'gpt', 'batch_1', 'ended', now())`,
  );
  await owner.rows(
    `insert into llm_batch_calls (llm_call_id, llm_batch_id, name_keys, offered) values ($1, 1, array['another mug', normalise($2)], '{1}')`,
    call,
    name,
  );
  await owner.rows(
    `insert into guard_tokens (token, contexts, seen) select w, 1, 1 from unnest(deciding_words(normalise($1))) w`,
    name,
  );
  await owner.rows(`insert into thresholds (model_id, l1, l2, l3, reason) values ($1, 1, 1, 1, 'x')`, model);
  await owner.rows(`insert into promises (max_error, confidence, reason) values (.1, .9, 'x')`);
  await owner.rows(`insert into alarms (model_id, stream, detail) values ($1, 'confidence', 'x')`, model);
  await owner.rows(
    `insert into drift_streams (model_id, stream, edges, shares) values ($1, 'confidence', '{}', '{}')`,
    model,
  );
  await owner.rows(
    `insert into calibrations (model_id, offsets, slopes, fitted_on, names) values ($1, '{0,0,0}', '{1,1,1}', 'checks', 1)`,
    model,
  );
  await owner.rows('insert into second_looks (product_id, model_id) values ($1, $2)', product, model);
  await owner.rows('insert into look_progress (model_id) values ($1) on conflict do nothing', model);
  await owner.rows(`insert into sidecars (worker, host, pid, version) values ('w', 'h', 1, '1')`);
  await owner.rows(`insert into retention_runs values ('evidence', now(), 0)`);
  await owner.rows(
    `insert into import_rows (line, name, path, source) values (1, $1, '{Home}', 'import')`,
    name,
  );
  await owner.rows(
    `insert into import_losers (name_key, kept, lost, reason, times, lines) values (normalise($1), 'Home', 'x', 'x', 1, '{1}')`,
    name,
  );
  await owner.rows(`insert into label_runs (kind) values ('import')`);
  await owner.rows(
    `with c as (insert into taxonomy_changes (kind, category_id, labels, human_labels, products, waiting, thresholds, training_rows, models, categories)
                  values ('split', $2, 1, 0, 1, 0, 0, 1, '{}', '{}') returning taxonomy_change_id)
     insert into taxonomy_questions (taxonomy_change_id, name_key, category_id) select taxonomy_change_id, normalise($1), $2 from c`,
    name,
    home,
  );
  await owner.rows(
    `insert into index_comparisons (encoder_id, index_id, model_id, names, recall, other_answers, other_decisions, largest_shift, passed)
       select $1, 1, min(model_id), 1, 1, 0, 0, 0, true from models`,
    encoder,
  );
  await owner.rows(
    `with k as (insert into found_kinds (words, why, size) values (array[normalise($1)], 'quiet', 1) returning kind_id)
     insert into found_members (kind_id, n, name_key, source) select k.kind_id, 1, normalise($1), 'llm' from k`,
    name,
  );
  await owner.rows(
    `insert into kind_names (id, name_key, name_hash, source) values (1, normalise($1), name_hash(normalise($1)), 'llm')`,
    name,
  );
  await owner.rows('insert into queue_horizon select clock_timestamp(), pg_current_xact_id()');
  await owner.rows('begin');
  for (const { relation, attribute, type } of await columns(t)) {
    const value = {
      text: '$1',
      'text[]': 'array[$1]',
      jsonb: `jsonb_build_object('name', $2::text, 'list', jsonb_build_array($2::text), 'says', $1::text)`,
    }[type];
    if (value === undefined || left.includes(relation) || /^name(_key)?$/.test(attribute)) continue;
    await owner.rows('savepoint s');
    // generated columns, vocabularies and unique names refuse it
    await owner
      .rows(
        `update ${relation} set ${attribute} = ${value} where ${attribute} is null or not strpos(${attribute}::text, normalise($2)) > 0`,
        `it says "${name}" of it, or ${name.toLowerCase().replaceAll(/ +/g, ' ')}`,
        name,
      )
      .catch(() => owner.rows('rollback to savepoint s'));
  }
  await owner.rows('commit');
}
