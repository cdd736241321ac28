-- Why does a row say what it says? All that is known about one product, as jsonb and as lines to read.

create or replace function explain_json(product_id bigint) returns jsonb
  language plpgsql stable security definer set search_path from current as $$
declare
  p products;
  e evidence;
  encoder integer := (select m.encoder_id from models m where m.model_id = (select coalesce(x.model_id, (select c.model_id from champion() c))
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
        where q.stage = 'llm' and q.name_hash = name_hash(p.name_key) and q.purpose in ('answer', 'escalate') and s.place <= 12), '[]')),
    'llm', (select jsonb_build_object('llm_call_id', c.llm_call_id, 'provider', c.provider, 'model', coalesce(c.model_version, c.model),
        'simulated', c.simulated, 'tokens', round((c.tokens_in + c.tokens_out)::numeric / greatest(c.names, 1), 1),
        'cost', round(c.cost / greatest(c.names, 1), 8), 'at', c.ended_at) from llm_calls c where c.llm_call_id = p.llm_call_id),
    'cost', (select to_jsonb(x) from product_cost(p.product_id) x where x.calls > 0),
    'checks', coalesce((select jsonb_agg(jsonb_build_object('check_id', c.check_id, 'strategy', c.strategy, 'judged', category_path(c.category_id),
        'right', c.verdict, 'truth', category_path(c.truth_category_id), 'by', c.checked_by, 'at', c.checked_at) order by c.check_id)
      from checks c where c.name_hash = name_hash(p.name_key)), '[]'),
    'history', coalesce((select jsonb_agg(h.change order by h.at) from (
        select x.changed_at as at, jsonb_build_object('what', 'row', 'before', category_path(x.before_category_id), 'before_source', x.before_source,
          'after', category_path(x.after_category_id), 'after_source', x.after_source, 'why', x.reason, 'by', x.changed_by, 'at', x.changed_at) as change
          from product_changes x where x.product_id = p.product_id
        union all
        select x.changed_at, jsonb_build_object('what', 'label', 'before', category_path(x.before_category_id), 'before_source', x.before_source,
          'after', category_path(x.after_category_id), 'after_source', x.after_source, 'why', x.reason, 'by', x.changed_by, 'at', x.changed_at)
          from label_changes x where name_hash(x.name_key) = name_hash(p.name_key) and x.name_key = p.name_key) h), '[]'));
end $$;
comment on function explain_json(bigint) is 'All that is known about one product: product, answer, similar, label, local, evidence, thresholds (then, now), alternatives (similar, nearest, shortlist), llm, cost, checks, history; null or empty where there is nothing. Example: select explain_json(1) -> ''answer'' ->> ''layer'';';

create or replace function explain(product_id bigint) returns table (item text, detail text)
  language plpgsql stable security definer set search_path from current as $$
declare
  x jsonb := explain_json(product_id);
  three text := '%s / %s / %s';
begin
  return query
    select v.item, v.detail from (values
      ('product', format('%s (%s)%s', x #>> '{product,name}', x #>> '{product,state}', coalesce(': ' || (x #>> '{product,failure}'), ''))),
      ('answer', coalesce((x #>> '{answer,path}') || ', by ' || (x #>> '{answer,layer}'), 'none yet')),
      ('similar to', case when x -> 'similar' <> 'null' then format('%s (similarity %s)', x #>> '{similar,matched_key}',
        round((x #>> '{similar,similarity}')::numeric, 3)) end),
      ('memory', case when x -> 'label' <> 'null' then format('%s, from %s', x #>> '{label,path}', x #>> '{label,source}') end),
      ('local model', case when x -> 'local' <> 'null' then format('%sconfidence ' || three || ', model %s',
        coalesce((x #>> '{evidence,path}') || ', ', ''),
        round((x #>> '{local,confidence,0}')::numeric, 3), round((x #>> '{local,confidence,1}')::numeric, 3),
        round((x #>> '{local,confidence,2}')::numeric, 3), x #>> '{local,model_id}') end),
      ('evidence', case when x -> 'evidence' <> 'null' then concat_ws(', ',
        case when (x #>> '{evidence,clears}')::boolean then 'clears the thresholds' else 'does not clear the thresholds' end
          || case when (x #>> '{evidence,clears}')::boolean and not (x #>> '{evidence,answered}')::boolean then ', but only watches (shadow)' else '' end,
        'margin ' || round((x #>> '{evidence,margin}')::numeric, 3),
        coalesce((x #>> '{evidence,voices}') || ' of 3 voices agree', 'memory was not asked'),
        'nearest label at cosine ' || round((x #>> '{evidence,nearest}')::numeric, 3),
        round(100 * (x #>> '{evidence,unknown}')::numeric) || ' % of its n-grams unknown') end),
      ('thresholds then', case when x #> '{thresholds,then}' <> 'null' then format(three || ', %s', x #>> '{thresholds,then,l1}',
        x #>> '{thresholds,then,l2}', x #>> '{thresholds,then,l3}', x #>> '{thresholds,then,reason}') end),
      ('thresholds now', case when x #> '{thresholds,now}' <> 'null' then format(three || ', %s', x #>> '{thresholds,now,l1}',
        x #>> '{thresholds,now,l2}', x #>> '{thresholds,now,l3}', x #>> '{thresholds,now,reason}') end),
      ('llm', case when x -> 'llm' <> 'null' then format('%s %s%s, %s tokens', x #>> '{llm,provider}', x #>> '{llm,model}',
        case when (x #>> '{llm,simulated}')::boolean then ' (simulated)' else '' end, x #>> '{llm,tokens}') end),
      ('cost', case when x -> 'cost' <> 'null' then format('%s tokens in %s call%s%s%s', round((x #>> '{cost,tokens}')::numeric),
        x #>> '{cost,calls}', case when x #>> '{cost,calls}' = '1' then '' else 's' end,
        coalesce(', $' || round((x #>> '{cost,cost}')::numeric, 6), ', price not known'),
        case when x #>> '{cost,shared_by}' = '1' then '' else format(', shared by %s rows', x #>> '{cost,shared_by}') end) end)
    ) v(item, detail) where v.detail is not null and v.detail <> '';
  return query select 'alternative', format('%s, as "%s" (similarity %s%s)', a ->> 'path', a ->> 'name', round((a ->> 'similarity')::numeric, 3),
      case a ->> 'blocked_by' when '(only codes)' then ', stopped: only codes' else coalesce(', stopped by the word ' || (a ->> 'blocked_by'), '') end) from jsonb_array_elements(x #> '{alternatives,similar}') a;
  return query select 'alternative', format('%s, as "%s" (cosine %s)', a ->> 'path', a ->> 'name', round((a ->> 'cosine')::numeric, 3))
    from jsonb_array_elements(x #> '{alternatives,nearest}') a;
  return query select 'shortlist', string_agg(a, '; ') from jsonb_array_elements_text(x #> '{alternatives,shortlist}') a having count(*) > 0;
  return query select 'check', format('%s: %s%s', c ->> 'strategy',
      case when c -> 'right' = 'null' then 'open' when (c ->> 'right')::boolean then 'right' else 'wrong' end,
      coalesce(', it is ' || nullif(c ->> 'truth', ''), '') || coalesce(', by ' || (c ->> 'by'), ''))
    from jsonb_array_elements(x -> 'checks') c;
  return query select 'history', format('%s: %s from %s (%s) to %s (%s)%s, by %s', (h ->> 'at')::timestamptz(0), h ->> 'what', h ->> 'before', h ->> 'before_source',
      coalesce(nullif(h ->> 'after', ''), 'nothing'), coalesce(h ->> 'after_source', '-'), coalesce(', ' || (h ->> 'why'), ''), h ->> 'by')
    from jsonb_array_elements(x -> 'history') h;
end $$;
comment on function explain(bigint) is 'Why a product says what it says, line by line: the layer that answered, the evidence, the thresholds then and now, the alternatives, tokens, checks and the history of the row and its label. explain_json() has the same as jsonb. Example: select * from explain(1);';
