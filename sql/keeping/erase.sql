-- taxon_internal: What forget() takes a name out of.

create or replace function without_name(said text, names text[]) returns text
  language plpgsql immutable set search_path from current as $$
declare
  name text;
begin
  foreach name in array names loop
    said := case when length(name) > 500 then replace(said, name, '…')
                 else regexp_replace(said, '(?<!\w)' || regexp_replace(name, '([][\\.^$*+?(){}|-])', '\\\1', 'g') || '(?!\w)', '…',
                   'gi') end;
  end loop;
  return said;
end $$;
comment on function without_name(text, text[]) is 'A message with "…" in the place of some names, where they stand as words of their own. Example: select without_name(''the embedding of "red kettle" is odd'', ''{red kettle}'');';

create or replace function report_without_name(said jsonb, names text[]) returns jsonb
  language plpgsql immutable set search_path from current as $$
begin
  case jsonb_typeof(said)
    when 'object' then
      return (select coalesce(jsonb_object_agg(e.key,
          case when e.key in ('name', 'name_key', 'matched_key') then report_without_name(jsonb_build_array(e.value), names) -> 0
               else report_without_name(e.value, names) end), '{}') from jsonb_each(said) e);
    when 'array' then
      return (select coalesce(jsonb_agg(
          case when jsonb_typeof(a.v) = 'string' and exists (select from unnest(names) n where lower(n) = lower(a.v #>> '{}')) then '"…"'
               else report_without_name(a.v, names) end order by a.i), '[]') from jsonb_array_elements(said) with ordinality a(v, i));
    when 'string' then
      -- one word outside a list is a word of ours ("labels", "local"), not a name
      return case when said #>> '{}' like '% %' then to_jsonb(without_name(said #>> '{}', names)) else said end;
    else return said;
  end case;
end $$;
comment on function report_without_name(jsonb,
  text[]) is 'A report with "…" in the place of some names: as a whole in lists and under name, name_key and matched_key, as words in sentences. Example: select report_without_name(''{"mistakes": [{"name": "kettle", "answer": "kettle"}]}''::jsonb, ''{kettle}'');';

create or replace function blank_messages(names text[]) returns table (relation regclass, attribute text, changed bigint)
  language plpgsql security definer set search_path from current as $$
declare
  -- messages of programs and notes of people; not a table's own vocabulary (state, layer, …)
  messages constant text[] := array['error', 'last_error', 'failure', 'before_failure', 'tree_failure', 'refusal', 'reason',
    'reasons', 'undo_reason', 'file', 'detail', 'outcome', 'notice', 'forced',
    'ended_because', 'note', 'example',
    'report', 'numbers', 'metrics', 'data', 'settings', 'options', 'words'];
  -- most rows are seen to have none of the names without a regular expression
  likely text[] := array(select '%' || regexp_replace(lower(n), '([\\%_])', '\\\1', 'g') || '%' from unnest(names) n);
  likely_json text[] := array(select '%' || regexp_replace(lower(btrim(to_jsonb(n)::text, '"')), '([\\%_])', '\\\1', 'g') || '%'
    from unnest(names) n);
  c record;
begin
  for c in select a.attrelid::regclass as relation, a.attname::text as attribute, a.atttypid::regtype::text as type from pg_attribute a
    join pg_class t on t.oid = a.attrelid
             where t.relnamespace = any (own_schemas()) and t.relkind = 'r' and not a.attisdropped
               and a.attname = any (messages) and a.atttypid in ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype)
             order by 1, 2 loop
    if c.type = 'text[]' then
      execute format('update %1$s x set %2$I = array(select without_name(u.m, $1) from unnest(x.%2$I) with ordinality u(m, i) order by u.i)
          where lower(x.%2$I::text) like any ($2)', c.relation, c.attribute) using names, likely || likely_json;
    else
      execute format('update %1$s x set %2$I = %3$I(x.%2$I, $1) where lower(x.%2$I::text) like any ($2) and x.%2$I is distinct from %3$I(x.%2$I, $1)',
          c.relation, c.attribute, case c.type when 'text' then 'without_name' else 'report_without_name' end)
        using names, case c.type when 'text' then likely else likely || likely_json end;
    end if;
    get diagnostics changed = row_count;
    relation := c.relation;
    attribute := c.attribute;
    if changed > 0 then return next; end if;
  end loop;
end $$;
comment on function blank_messages(text[]) is 'Takes some names out of all messages: errors, reasons, notices, reports of trainings, whatever table has such a column. Returns where it changed how many rows. Example: select * from blank_messages(''{red kettle}'');';

create or replace function sent_to(llm_call_ids bigint[]) returns table (provider text, calls bigint, detail text)
  language sql stable security definer set search_path from current as $$
  select c.provider || case when c.simulated then ' (simulated)' else '' end, count(*),
         case when c.simulated then 'a simulator of ours: nobody else has it'
              else format('was sent it from %s to %s%s, and keeps it for as long as its terms say; ask it to delete: requests %s',
                to_char(min(c.started_at), 'YYYY-MM-DD'), to_char(max(c.started_at), 'YYYY-MM-DD'),
                case when bool_or(c.state = 'started') then ', and may be answering at this moment' else '' end,
                string_agg(coalesce(c.request_id, 'without an id, call ' || c.llm_call_id)
                  || coalesce(' of batch ' || b.provider_batch_id, ''), ', ' order by c.llm_call_id)) end
    from llm_calls c left join llm_batch_calls k using (llm_call_id) left join llm_batches b using (llm_batch_id)
    where c.llm_call_id = any (sent_to.llm_call_ids) group by c.provider, c.simulated order by 1;
$$;
comment on function sent_to(bigint[]) is 'To which providers some calls went, when, and by which ids they know them. Example: select * from sent_to(array[1, 2]);';

create or replace function calls_with(name_key text) returns bigint[]
  language sql stable security definer set search_path from current as $$
  select array(
    select n.llm_call_id from llm_call_names n where n.name_hash = name_hash(calls_with.name_key)
    union select l.llm_call_id from labels l where l.name_hash = name_hash(calls_with.name_key)
    union select p.llm_call_id from products p where name_hash(p.name_key) = name_hash(calls_with.name_key)
    union select k.llm_call_id from checks k where k.name_hash = name_hash(calls_with.name_key)
    union select x.before_llm_call_id from label_changes x where name_hash(x.name_key) = name_hash(calls_with.name_key)
    union select b.llm_call_id from llm_batch_calls b where b.name_keys @> array[calls_with.name_key]);
$$;
comment on function calls_with(text) is 'The calls of the ledger that sent a name, as far as anything still tells. Example: select calls_with(''kettle'');';

create or replace function forget_guard_words(name_key text) returns bigint
  language sql volatile security definer set search_path from current as $$
  with gone as (
    delete from guard_tokens g
      where g.token = any (deciding_words(forget_guard_words.name_key))
        and not exists (select from labels l where l.name_key like '%' || g.token || '%' and g.token = any (deciding_words(l.name_key)))
      returning 1)
  select count(*) from gone;
$$;
comment on function forget_guard_words(text) is 'Removes the words of a name that the guard learnt and that no labelled name has; returns how many. Example: select forget_guard_words(''kettle'');';

create or replace function forget_products(name_key text, blank boolean) returns table (what text, removed bigint)
  language plpgsql security definer set search_path from current as $$
declare
  hash bytea := name_hash(forget_products.name_key);
  ids bigint[] := array(select p.product_id from products p where name_hash(p.name_key) = hash);
begin
  perform lock_rows(ids);
  delete from evidence e where e.product_id = any (ids)
    or e.evidence_id in (select p.evidence_id from products p where p.product_id = any (ids));
  get diagnostics removed = row_count;
  what := 'evidence';
  return next;
  delete from product_changes x where x.product_id = any (ids);
  get diagnostics removed = row_count;
  what := 'product_changes';
  return next;
  delete from audit_waiting w where w.product_id = any (ids);
  if blank then
    -- the trigger takes the answer away; why there is none is said afterwards
    update products p set name = null, evidence_id = null where p.product_id = any (ids);
    update products p set failure = 'the name was forgotten' where p.product_id = any (ids);
  else
    delete from products p where p.product_id = any (ids);
  end if;
  get diagnostics removed = row_count;
  what := case when blank then 'products, blanked' else 'products' end;
  return next;
  -- the answers that others took from it stay
  update products p set matched_key = null where p.matched_key is not null and name_hash(p.matched_key) = hash;
  get diagnostics removed = row_count;
  what := 'matched_key of other products, blanked';
  return next;
  update product_changes x set before_matched_key = null where x.before_matched_key = forget_products.name_key;
  get diagnostics removed = row_count;
  what := 'before_matched_key of product_changes, blanked';
  return next;
end $$;
comment on function forget_products(text,
  boolean) is 'The part of forget() that works on products: their evidence, history and rows, and other rows that were answered because they are near. Example: forget_products(''kettle'', false).';

create or replace function analyse_without(names text[]) returns setof text
  language plpgsql security definer set search_path from current as $$
declare
  t regclass;
begin
  for t in
    select distinct a.attrelid::regclass from pg_stats s
      join pg_attribute a on a.attrelid = format('%I.%I', s.schemaname, s.tablename)::regclass and a.attname = s.attname
      where to_regnamespace(quote_ident(s.schemaname))::oid = any (own_schemas())
        and case a.atttypid when 'text'::regtype
          then names && (coalesce(s.most_common_vals::text::text[], '{}') || coalesce(s.histogram_bounds::text::text[], '{}'))
                            when 'text[]'::regtype then names && coalesce(s.most_common_elems::text::text[], '{}') end
  loop
    execute format('analyze %s', t);
    return next t;
  end loop;
end $$;
comment on function analyse_without(text[]) is 'Makes the planner''s statistics anew of tables where they hold one of some names, which are gone by then; returns these tables. Example: select * from analyse_without(array[''kettle'']);';
