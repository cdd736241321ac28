-- taxon_internal: Rows of attached tables become rows of products: what triggers noted, page by page what was there before, and what a sweep
-- finds missing, changed or gone. One process does it at a time, a small batch a transaction.

create or replace function attached_source(a attachments) returns text
  language plpgsql stable set search_path from current as $$
begin
  if (select c.relkind from pg_class c where c.oid = a.relation) in ('r', 'p') is not true then
    raise exception 'the table %.% is gone', a.schema_name, a.table_name
      using errcode = 'undefined_table', hint = format('select * from detach(%L);', a.schema_name || '.' || a.table_name);
  -- whoever may make triggers on a table has let us see it
  elsif not exists (select from pg_trigger t where t.tgrelid = a.relation
                      and t.tgfoid = to_regprocedure(attached_table(a.attached_id) || '_note()')) then
    raise exception 'the triggers on % are gone', a.relation::regclass
      using errcode = 'object_not_in_prerequisite_state', hint = format('select * from attach(%L);', a.relation::regclass);
  end if;
  return format('%s from %s x', a.select_list, a.relation::regclass);
end $$;
comment on function attached_source(attachments) is 'The SELECT that reads an attached table, one row each: k1 …, name, wanted, label, labelled_at. An error where the table or its triggers are gone. Example: select attached_source(a) like ''%from shop.%'' as reads_it from attachments a;';

create or replace function read_keys(a attachments, keys text[]) returns attached_row[]
  language plpgsql security definer set search_path from current set row_security = off
  -- by the owner's index, whatever the statistics say
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare
  k text[] := key_names(a.key_columns);
  same text := (select string_agg(format('%1$s.%2$I = k.%2$I', '%1$s', u), ' and ') from unnest(k) u);
  batch attached_row[];
begin
  -- the server's own words, and quoted names: @plpgsql_check_options: security_warnings = false
  execute format($read$
    select array_agg(row(k.key, r.name, r.label, r.labelled_at, coalesce(r.wanted, false), p.product_id, p.name, m.label)::attached_row)
      from (select distinct u as key, %1$s from unnest($1) u) k
      left join lateral (select * from (%2$s) s where %3$s offset 0) r on true
      left join %4$s m on %5$s
      left join products p on p.product_id = m.product_id$read$,
    (select string_agg(format('%s as %I', v, n), ', ' order by i) from unnest(key_values(a.key_types, 'u'), k) with ordinality z(v, n, i)),
    attached_source(a), format(same, 's'), attached_table(a.attached_id), format(same, 'm'))
    into batch using keys;
  return coalesce(batch, '{}');
end $$;
comment on function read_keys(attachments, text[]) is 'What an attached table says of some keys now, beside what is known of them. Example: select read_keys(a, ''{1}'') from attachments a where a.table_name = ''order_products'';';

create or replace function forget_keys(a attachments, keys text[]) returns void
  language plpgsql security definer set search_path from current as $$
declare
  k text[] := key_names(a.key_columns);
begin
  -- quoted names: @plpgsql_check_options: security_warnings = false
  execute format('delete from %s m using unnest($1) u where (%s) = (%s)', attached_table(a.attached_id),
    key_list(k, 'm'), array_to_string(key_values(a.key_types, 'u'), ', ')) using keys;
end $$;
comment on function forget_keys(attachments, text[]) is 'Removes keys from an attached table''s own list. Example: select forget_keys(a, ''{1}'') from attachments a where a.table_name = ''order_products'';';

create or replace function keep_keys(a attachments, keys text[], product_ids bigint[], labels text[]) returns void
  language plpgsql security definer set search_path from current as $$
declare
  k text[] := key_names(a.key_columns);
begin
  -- quoted names: @plpgsql_check_options: security_warnings = false
  execute format('insert into %s (%s, product_id, label) select %s, u.product_id, u.label from unnest($1, $2, $3) u(key, product_id, label)
      on conflict (%2$s) do update set product_id = excluded.product_id, label = excluded.label',
    attached_table(a.attached_id), array_to_string(k, ', '), array_to_string(key_values(a.key_types, 'u.key'), ', '))
    using keys, product_ids, labels;
end $$;
comment on function keep_keys(attachments, text[], bigint[],
  text[]) is 'Notes which product and which label of the shop each key has. Example: select keep_keys(a, ''{1}'', array[501]::bigint[], ''{7}'') from attachments a where a.table_name = ''order_products'';';

create or replace function take_labels(a attachments, batch attached_row[]) returns integer
  language plpgsql security definer set search_path from current set enable_seqscan = off set jit = off as $$
declare
  keys text[];
  names text[];
  ids bigint[];
  labels text[];
  category_ids bigint[];
  times timestamptz[];
  late boolean[];
  known text[];
begin
  -- one whose category is not known yet is kept with a mark, so that it is still history when the category comes
  select array_agg(r.key), array_agg(r.name), array_agg(r.product_id), array_agg(coalesce(c.external_id, '?' || r.label)),
         array_agg(c.category_id), array_agg(r.labelled_at), array_agg(r.old_label is not distinct from '?' || c.external_id)
    into keys, names, ids, labels, category_ids, times, late
    from unnest(batch) r left join categories c on c.external_id = r.label
    where r.here and r.product_id is not null and coalesce(c.external_id, '?' || r.label) is distinct from r.old_label;
  if keys is null then return 0; end if;
  perform keep_keys(a, keys, ids, labels);
  known := note_history(array_agg(u.name), array_agg(u.category_id), array_agg(u.at))
    from unnest(names, category_ids, times, late) u(name, category_id, at, late) where u.late and u.category_id is not null;
  if known <> '{}' then
    perform queue_names(known), settle_answered('local', known), settle_answered('llm', known);
  end if;
  perform note_words(array_agg(u.id), array_agg(u.category_id))
    from unnest(ids, category_ids, late) u(id, category_id, late) where not u.late and u.category_id is not null;
  return cardinality(keys);
end $$;
comment on function take_labels(attachments, attached_row[]) is 'The part of take_rows() that follows what the shop has changed in its own categories of rows that are known. Example: select take_labels(a, ''{}'') from attachments a;';

create or replace function take_rows(a attachments, batch attached_row[]) returns integer
  language plpgsql security definer set search_path from current
  -- a batch is looked up by indexes; an application may hold a product for long
  set enable_seqscan = off set jit = off set lock_timeout = '1s' as $$
declare
  known text[] := '{}'::text[];
  keys text[];
  ids bigint[];
  said jsonb;
  n integer;
  changed integer := 0;
begin
  perform hold_taxonomy();
  if a.labels is not null then
    -- before the rows: then exact answers come with them
    known := note_history(array_agg(r.name), array_agg(c.category_id), array_agg(r.labelled_at))
      from unnest(batch) r join categories c on c.external_id = r.label where r.here and r.product_id is null;
    said := jsonb_object_agg(r.key, coalesce(c.external_id, '?' || r.label))
      from unnest(batch) r left join categories c on c.external_id = r.label;
  end if;

  keys := array(select r.key from unnest(batch) r where not r.here and r.product_id is not null);
  if keys <> '{}' then
    delete from products p using unnest(batch) r where p.product_id = r.product_id and not r.here;
    perform forget_keys(a, keys);
    changed := cardinality(keys);
  end if;

  update products p set name = r.name from unnest(batch) r
    where p.product_id = r.product_id and r.here and r.name is distinct from r.old_name and p.name is distinct from r.name;
  get diagnostics n = row_count;
  changed := changed + n;

  with made as (
    insert into products (external_id, name) select r.key, r.name from unnest(batch) r where r.here and r.product_id is null
      returning product_id, external_id
  )
  select coalesce(array_agg(m.external_id), '{}'), array_agg(m.product_id) into keys, ids from made m;
  if keys <> '{}' then
    perform keep_keys(a, keys, ids, array(select said ->> k from unnest(keys) with ordinality u(k, i) order by i));
    changed := changed + cardinality(keys);
  end if;

  if a.labels is not null then
    changed := changed + take_labels(a, batch);
    if known <> '{}' then
      perform queue_names(known), settle_answered('local', known), settle_answered('llm', known);
    end if;
  end if;
  return changed;
end $$;
comment on function take_rows(attachments, attached_row[]) is 'Brings products into line with what an attached table says of some of its rows: new ones are inserted, names follow, those that are gone go. Labels of rows that are new are history, those that were changed are a person''s words. Returns how many rows were not as they should be. Example: select take_rows(a, ''{}'') from attachments a;';

create or replace function take_rows_apart(a attachments, batch attached_row[]) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  n integer := cardinality(batch);
begin
  return take_rows(a, batch);
exception when others or assert_failure then
  if is_conflict(sqlstate) then raise; end if;
  -- one row that is refused, by a trigger of an application on products, does not keep the others from it
  if n = 1 then
    update attachments x set refused = x.refused + 1, refusal = format('%s: %s', batch[1].key, sqlerrm) where x.attached_id = a.attached_id;
    return 0;
  end if;
  return take_rows_apart(a, batch[1:n / 2]) + take_rows_apart(a, batch[n / 2 + 1:]);
end $$;
comment on function take_rows_apart(attachments, attached_row[]) is 'take_rows(); where one row is refused, all but that one. Example: select take_rows_apart(a, ''{}'') from attachments a;';

create or replace function note_failure(attached_id integer, code text, message text) returns void
  language sql volatile security definer set search_path from current as $$
  -- somebody in the way is gone in a moment; what a person must mend is looked at less often
  update attachments a
    set failure = message, failed_at = coalesce(a.failed_at, clock_timestamp()),
        retry_at = clock_timestamp() + case when is_conflict(code) then interval '1 s' else interval '30 s' end
    where a.attached_id = note_failure.attached_id;
$$;
comment on function note_failure(integer, text, text) is 'Notes why an attached table''s rows are not taken in at the moment, and when it is tried again. Example: select note_failure(1, ''55P03'', ''somebody holds it'');';

-- of the sequence, as rows that were taken in are gone
create or replace function changes_noted() returns bigint
  language sql stable security definer set search_path from current as $$
  select coalesce(pg_sequence_last_value(pg_get_serial_sequence('attached_changes', 'change_id')), 0)
$$;
comment on function changes_noted() is 'How many changes triggers on attached tables have noted so far, those of transactions that were rolled back as well. Sidecars hold back while it grows fast. Example: select changes_noted();';
grant execute on function changes_noted to taxon_admin, taxon_sidecar;

create or replace function take_in_attached(most integer default 2000) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  a attachments;
  keys text[];
  n integer;
  truncated boolean;
  taken integer := 0;
begin
  if not exists (select from attachments) or not try_lock('attach') then return 0; end if;
  for a in select * from attachments x where x.retry_at is null or x.retry_at <= clock_timestamp() order by x.attached_id loop
    begin
      with due as (
        select c.change_id from attached_changes c where c.attached_id = a.attached_id order by c.change_id limit most
      ), drained as (
        -- by its end: joined, it read all that waits
        delete from attached_changes c
          where c.attached_id = a.attached_id and c.change_id <= (select max(d.change_id) from due d) returning c.key
      )
      select array_agg(distinct d.key) filter (where d.key is not null), coalesce(bool_or(d.key is null), false), count(*)
        into keys, truncated, n from drained d;
      if truncated then
        update attachments x set sweep_asked_at = coalesce(x.sweep_asked_at, clock_timestamp()) where x.attached_id = a.attached_id;
      end if;
      if keys is not null then perform take_rows_apart(a, read_keys(a, keys)); end if;
      if a.failure is not null then
        update attachments x set failure = null, failed_at = null, retry_at = null where x.attached_id = a.attached_id;
      end if;
      taken := taken + n;
    exception when others or assert_failure then
      perform note_failure(a.attached_id, sqlstate, sqlerrm);
    end;
  end loop;
  return taken;
end $$;
comment on function take_in_attached(integer) is 'Takes in what triggers on attached tables noted, at most so many keys of each table; returns how many. A table that cannot be read does not keep the others from it. Sidecars call it again and again. Example: select take_in_attached();';
grant execute on function take_in_attached to taxon_admin, taxon_sidecar;

grant select on attachments to taxon_sidecar;
