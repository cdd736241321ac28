-- taxon_internal: Why does a row say what it says? All that is known about one product, as jsonb and as lines to read.

create or replace function explain_json(product_id bigint) returns jsonb
  language plpgsql stable security definer set search_path from current as $$
declare
  p products;
  e evidence;
  encoder integer := (select m.encoder_id from models m
    where m.model_id = (select coalesce(x.model_id, (select c.model_id from champion() c))
                        from products x where x.product_id = explain_json.product_id));
begin
  select * into p from products x where x.product_id = explain_json.product_id;
  if not found then
    raise exception 'there is no product %', explain_json.product_id using errcode = 'no_data_found';
  end if;
  select * into e from evidence x where x.evidence_id = p.evidence_id;
  return jsonb_build_object(
    'product', jsonb_build_object('product_id', p.product_id, 'name', p.name, 'name_key', p.name_key, 'state', p.state,
      'created_at', p.created_at, 'failure', p.failure),
    'answer', case when p.category_id is not null then jsonb_build_object('layer', p.source, 'category_id', p.category_id,
      'path', category_path(p.category_id), 'at', p.classified_at) end,
    'similar', case when p.matched_key is not null then jsonb_build_object('matched_key', p.matched_key, 'similarity', p.similarity,
      'label', (select category_path(l.category_id) from labels l where l.name_hash = name_hash(p.matched_key))) end,
    'label', (select jsonb_build_object('path', category_path(l.category_id), 'source', l.source, 'confidence', l.confidence,
        'since', l.updated_at) from labels l where l.name_hash = name_hash(p.name_key)),
    'local', case when p.l1_confidence is not null then jsonb_build_object('model_id', p.model_id,
      'confidence', jsonb_build_array(p.l1_confidence, p.l2_confidence, p.l3_confidence)) end,
    'evidence', case when e.evidence_id is not null then jsonb_build_object('path', category_path(e.category_id),
      'said', jsonb_build_array(e.l1_said, e.l2_said, e.l3_said), 'margin', e.margin, 'voices', e.voices, 'nearest', e.nearest,
      'unknown', e.unknown, 'clears', e.clears, 'answered', e.answered, 'at', e.decided_at) end,
    'thresholds', jsonb_build_object(
      'then', case when e.evidence_id is not null then coalesce((select jsonb_build_object('l1', t.l1, 'l2', t.l2, 'l3', t.l3,
        'certified', t.certified, 'reason', t.reason) from thresholds t where t.threshold_id = e.threshold_id),
        '{"l1": 0.75, "l2": 0.55, "l3": 0.40, "certified": false, "reason": "the defaults; not certified"}') end,
      'now', (select jsonb_build_object('l1', f.l1, 'l2', f.l2, 'l3', f.l3, 'certified', f.certified, 'reason', f.reason)
        from thresholds_in_force() f)),
    'alternatives', jsonb_build_object(
      'similar', coalesce((select jsonb_agg(jsonb_build_object('name', m.matched_key, 'path', category_path(m.category_id),
          'similarity', m.similarity, 'blocked_by', m.blocked_by) order by m.similarity desc)
        from similar_matches(p.name_key, 5) m where m.matched_key <> p.name_key and length(p.name_key) <= 500), '[]'),
      'nearest', coalesce((select jsonb_agg(jsonb_build_object('name', n.neighbour_key, 'path', category_path(n.category_id),
          'cosine', n.cosine) order by n.cosine desc) from neighbours(array[p.name_key], 5, encoder) n), '[]'),
      'shortlist', coalesce((select jsonb_agg(category_path(s.id) order by s.place)
        from queue q, unnest(q.shortlist) with ordinality s(id, place)
        where q.stage = 'llm' and q.name_hash = name_hash(p.name_key)
          and q.purpose = any (array(select u.purpose from purposes u where u.answers_rows)) and s.place <= 12), '[]')),
    'llm', (select jsonb_build_object('llm_call_id', c.llm_call_id, 'provider', c.provider, 'model', coalesce(c.model_version, c.model),
        'simulated', c.simulated, 'tokens', round((c.tokens_in + c.tokens_out)::numeric / greatest(c.names, 1), 1),
        'cost', round(c.cost / greatest(c.names, 1), 8), 'at', c.ended_at) from llm_calls c where c.llm_call_id = p.llm_call_id),
    'cost', (select to_jsonb(x) from product_cost(p.product_id) x where x.calls > 0),
    'checks', coalesce((select jsonb_agg(jsonb_build_object('check_id', c.check_id, 'strategy', c.strategy, 'judged',
      category_path(c.category_id),
        'right', c.verdict, 'truth', category_path(c.truth_category_id), 'by', c.checked_by, 'at', c.checked_at) order by c.check_id)
      from checks c where c.name_hash = name_hash(p.name_key)), '[]'),
    'history', coalesce((select jsonb_agg(h.change order by h.at) from (
        select x.changed_at as at, jsonb_build_object('what', 'row', 'before', category_path(x.before_category_id), 'before_source',
          x.before_source,
          'after', category_path(x.after_category_id), 'after_source', x.after_source, 'why', x.reason, 'by', x.changed_by, 'at',
            x.changed_at) as change
          from product_changes x where x.product_id = p.product_id
        union all
        select x.changed_at, jsonb_build_object('what', 'label', 'before', category_path(x.before_category_id), 'before_source',
          x.before_source,
          'after', category_path(x.after_category_id), 'after_source', x.after_source, 'why', x.reason, 'by', x.changed_by, 'at',
            x.changed_at)
          from label_changes x where name_hash(x.name_key) = name_hash(p.name_key) and x.name_key = p.name_key) h), '[]'));
end $$;
comment on function explain_json(bigint) is 'All that is known about one product: product, answer, similar, label, local, evidence, thresholds (then, now), alternatives (similar, nearest, shortlist), llm, cost, checks, history; null or empty where there is nothing. Example: select explain_json(1) -> ''answer'' ->> ''layer'';';
grant execute on function explain_json to taxon_admin;
