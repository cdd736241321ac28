-- taxon: forget(): one name, out of everything that holds it.

create or replace function forget(name text, blank boolean default false, preview boolean default false) returns table (what text,
  removed bigint, detail text)
  language plpgsql security definer set search_path from current as $$
declare
  key text := normalise(forget.name);
  hash bytea := name_hash(key);
  names text[];
  since timestamptz;
  drawn boolean;
  calls bigint[];
  t record;
begin
  if preview then
    -- done, and undone with its savepoint
    begin
      return query select f.* from forget(forget.name, forget.blank) f;
      raise exception using errcode = 'TXOFF';
    exception when sqlstate 'TXOFF' then
      return;
    end;
  end if;
  if coalesce(key, '') = '' then
    raise exception 'forget() needs a name' using hint = 'select * from forget(''Red kettle 1.7 l'');', errcode = 'invalid_parameter_value';
  end if;
  -- what learn_guard() reads meanwhile would have its words; before all other locks, as that takes a minute at 743,000 labels
  perform hold_lock('guard', patience => '5 min');
  -- a merge of categories locks labels, products and checks in another order
  perform hold_taxonomy();
  perform hold_names(array[key]);
  -- as others lock them: queue, checks, labels, products. The longest form of the name first.
  perform from checks k where k.name_hash = hash order by k.check_id for update;
  perform from labels l where l.name_hash = hash for update;
  names := array(select n from (select key as n union select p.name from products p where name_hash(p.name_key) = hash
                                union select left(key, x.most) from unnest('{80,100}'::integer[]) x(most)) u order by length(n) desc, n);
  calls := calls_with(key);
  select least((select min(l.created_at) from labels l where l.name_hash = hash),
               (select min(coalesce(x.before_created_at, x.changed_at)) from label_changes x
                 where name_hash(x.name_key) = hash)) into since;
  drawn := exists (select from checks k where k.name_hash = hash and k.layer = 'local' and k.strategy <> 'audit');
  insert into forgotten_names as f (name_hash, labelled) values (hash, since is not null and not drawn)
    on conflict (name_hash) do update set forgotten_at = excluded.forgotten_at, labelled = f.labelled or excluded.labelled;

  for t in select * from tables_of_names() loop
    execute format('delete from %s x where %s = $1 %s', t.relation, case when t.by_hash then 'x.name_hash' else 'name_hash(x.name_key)' end,
      case when t.relation = 'embeddings'::regclass then 'and x.encoder_id in (select e.encoder_id from encoders e)' else '' end)
        using hash;
    get diagnostics removed = row_count;
    what := t.relation;
    detail := case t.relation when 'llm_call_names'::regclass then 'the calls stay in the ledger, with what they cost'
                              when 'checks'::regclass then 'what was proved with them stands; the next proof goes without them'
                              when 'never_send_marks'::regclass then 'given again, the name would be sent' end;
    if removed > 0 then return next; end if;
  end loop;
  -- products after the queue: one that arrives at this moment is removed with the rest, or waits with its entry
  for t in select * from forget_products(key, blank) p where p.removed > 0 loop
    what := t.what;
    removed := t.removed;
    detail := case t.what when 'matched_key of other products, blanked'
      then 'they were answered because they are near it, and keep their answer' end;
    return next;
  end loop;
  update llm_batch_calls b set name_keys = array_replace(b.name_keys, key, '') where b.name_keys @> array[key];
  get diagnostics removed = row_count;
  what := 'llm_batch_calls';
  detail := 'what the batch answers for it is dropped';
  if removed > 0 then return next; end if;
  removed := forget_guard_words(key);
  what := 'guard_tokens';
  detail := 'words that no other labelled name has; those of others are learnt anew by the next training or large import';
  if removed > 0 then return next; end if;
  for t in select * from blank_messages(names) loop
    what := format('%s of %s', t.attribute, t.relation);
    removed := t.changed;
    detail := 'the name is blanked, the rest stays';
    return next;
  end loop;

  for t in select * from analyse_without(names) n loop
    what := format('statistics of %s', t.n);
    removed := null;
    detail := 'the planner''s sample of its values held the name and was made anew';
    return next;
  end loop;

  -- what holds it in other ways, in words
  removed := null;
  detail := null;
  if since is not null and not drawn then
    with seen as (
      update models m set forgotten = m.forgotten + 1
        where m.created_at >= since and exists (select from model_files f where f.model_id = m.model_id) returning m.model_id, m.state)
    select format('not removed: %s may have been trained on it. They hold no names, but weights that it moved; the next training leaves it behind, and select * from retention() says when files go',
        string_agg(format('model %s (%s)', s.model_id, s.state), ', ' order by s.model_id desc)) into detail
          from seen s having count(*) > 0;
    what := 'models';
    if detail is not null then return next; end if;
  end if;
  for t in select * from sent_to(calls) loop
    what := 'provider ' || t.provider;
    detail := t.detail;
    return next;
  end loop;
  return query select n.what, null::bigint, n.detail from (values
    ('providers', case when (setting('ledger_names_days'))::integer = 0
      then 'the ledger keeps no names of calls: which provider was sent it is known only where its answer was still here'
                       else format('what was sent more than %s days ago (ledger_names_days) is known only where its answer was still here',
                         setting('ledger_names_days')) end),
    ('attached tables', (select 'rows of yours that have the name bring it back when they change, or with the next sweep; change them first: '
       || string_agg(format('%I.%I', a.schema_name, a.table_name), ', ') from attachments a)),
    ('back-ups', 'dumps and base back-ups made before now hold it, as do restored copies: forget it there again'),
    ('WAL and replicas', 'archived WAL and snapshots hold it; standbys follow by themselves, logical subscribers as far as deletions are published'),
    ('pages', 'pages of this database hold it until VACUUM has gone over them'),
    ('files', 'the caches of embeddings in <data dir>/matrices are made anew by the next training; exports, report pages, CSV files and logs are yours to remove'),
    ('forgotten_names', 'its digest is kept for two days, so that what is in flight does not bring it back')) n(what, detail)
    where n.detail is not null;
end $$;
comment on function forget(text, boolean, boolean) is
  'Forgets a name, however it is written: removes it from every table that holds it.
name: the name.
blank: true: its rows of products stay, without name and answer. Default false: they go.
preview: true: shows what would be removed and changes nothing. Default false.
Returns: what was removed and how many rows, then in words what models, providers, back-ups and files may still hold. It goes out of products, memory, embeddings, queue, evidence, checks, history and the names of calls; in messages, and where other rows were answered by it, it is blanked. What is in flight does not bring it back; rows that the application has not committed yet are not seen: call it again.
Errors: 22023 without a name; 55P03 while another transaction uses the taxonomy.
Example: select what, removed from forget(''never seen'');';
grant execute on function forget to taxon_admin;
