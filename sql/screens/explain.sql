-- taxon: explain(): why a row says what it says.

create or replace function explain(product_id bigint, as_json boolean default false) returns table (item text, detail text)
  language plpgsql stable security definer set search_path from current as $$
declare
  x jsonb := explain_json(product_id);
  three text := '%s / %s / %s';
begin
  if as_json then
    return query select 'json', jsonb_pretty(x);
    return;
  end if;
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
          || case when (x #>> '{evidence,clears}')::boolean and not (x #>> '{evidence,answered}')::boolean
            then ', but only watches (shadow)' else '' end,
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
  return query select 'alternative', format('%s, as "%s" (similarity %s%s)', a ->> 'path', a ->> 'name',
    round((a ->> 'similarity')::numeric, 3),
      case a ->> 'blocked_by' when '(only codes)' then ', stopped: only codes'
        else coalesce(', stopped by the word ' || (a ->> 'blocked_by'), '') end) from jsonb_array_elements(x #> '{alternatives,similar}') a;
  return query select 'alternative', format('%s, as "%s" (cosine %s)', a ->> 'path', a ->> 'name', round((a ->> 'cosine')::numeric, 3))
    from jsonb_array_elements(x #> '{alternatives,nearest}') a;
  return query select 'shortlist', string_agg(a, '; ')
    from jsonb_array_elements_text(x #> '{alternatives,shortlist}') a having count(*) > 0;
  return query select 'check', format('%s: %s%s', c ->> 'strategy',
      case when c -> 'right' = 'null' then 'open' when (c ->> 'right')::boolean then 'right' else 'wrong' end,
      coalesce(', it is ' || nullif(c ->> 'truth', ''), '') || coalesce(', by ' || (c ->> 'by'), ''))
    from jsonb_array_elements(x -> 'checks') c;
  return query select 'history', format('%s: %s from %s (%s) to %s (%s)%s, by %s', (h ->> 'at')::timestamptz(0), h ->> 'what',
    h ->> 'before', h ->> 'before_source',
      coalesce(nullif(h ->> 'after', ''), 'nothing'), coalesce(h ->> 'after_source', '-'), coalesce(', ' || (h ->> 'why'), ''), h ->> 'by')
    from jsonb_array_elements(x -> 'history') h;
end $$;
comment on function explain(bigint, boolean) is
  'Says why a product says what it says, line by line.
product_id: the product.
as_json: true: one line, item json, whose detail is all of it as JSON. Default false.
Returns: the layer that answered, the evidence, the thresholds then and now, the alternatives, tokens, checks and the history of the row and its label. As JSON: product, answer, similar, label, local, evidence, thresholds (then, now), alternatives (similar, nearest, shortlist), llm, cost, checks, history; null or empty where there is nothing.
Errors: P0002 where there is no such product.
Example: select * from explain(1);';
grant execute on function explain to taxon_reader, taxon_admin;
