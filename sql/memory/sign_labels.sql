-- taxon_internal: Signatures follow labels: by triggers from the moment on when memory is large enough, and by a walk over all labels that a
-- sidecar, or an import, makes for those that were there before.

create or replace function sign_new_labels() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  if exists (select from signature_state) then
    insert into label_signatures (name_hash, bands, sketch)
      select name_hash(s.name_key), s.bands, s.sketch from signatures(array(select a.name_key from after_rows a)) s on conflict do nothing;
  end if;
  return null;
end $$;
comment on function sign_new_labels() is 'Trigger: signs new labels, where signatures are kept.';

select keep_trigger('create trigger labels_signed after insert on labels
    referencing new table as after_rows for each statement execute function sign_new_labels()',
  'Writes label_signatures.');

create or replace function drop_signatures() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  delete from label_signatures s using before_rows b where s.name_hash = b.name_hash;
  return null;
end $$;
comment on function drop_signatures() is 'Trigger: removes the signatures of labels that are removed.';

select keep_trigger('create trigger labels_unsigned after delete on labels
    referencing old table as before_rows for each statement execute function drop_signatures()',
  'Removes label_signatures.');

create or replace function sign_renamed_label() returns trigger
  language plpgsql security definer set search_path from current as $$
begin
  delete from label_signatures s where s.name_hash = old.name_hash;
  if exists (select from signature_state) then
    insert into label_signatures (name_hash, bands, sketch) select new.name_hash, s.bands, s.sketch from signatures(array[new.name_key]) s
      on conflict do nothing;
  end if;
  return null;
end $$;
comment on function sign_renamed_label() is 'Trigger: signs a label anew whose name somebody has changed.';

select keep_trigger('create trigger labels_renamed after update of name_key on labels
    for each row when (old.name_key is distinct from new.name_key) execute function sign_renamed_label()',
  'Writes label_signatures.');

create or replace function label_writers() returns text[]
  language sql stable security definer set search_path from current as $$
  select array(
    select distinct l.virtualtransaction from pg_locks l
      where l.locktype = 'relation' and l.relation = 'labels'::regclass and l.pid is distinct from pg_backend_pid()
        -- VACUUM and ANALYZE, the autovacuum's too, take the latter and write no label
        and l.mode ~ 'Exclusive' and l.mode <> 'ShareUpdateExclusiveLock'
        and l.database = (select d.oid from pg_database d where d.datname = current_database()));
$$;
comment on function label_writers() is 'Other transactions that have written to labels, or wait to, and have not ended. Example: select label_writers();';

create or replace function begin_signing() returns boolean
  language plpgsql security definer set search_path from current
  -- for TRUNCATE, which waits for look-ups; the next walk tries again
  set lock_timeout = '2s' as $$
declare
  wanted bigint := (setting('signatures_from'))::bigint;
  labels bigint := (select count(*) from (select from labels limit wanted) l);
  state signature_state;
begin
  select s.* into state from signature_state s;
  if state.complete and not exists (select from label_signatures) then
    update signature_state s set complete = false;
  end if;
  -- not at the very limit: a memory that goes up and down around it would be signed again and again
  if state.made_by <> signature_maker() or labels < wanted / 2 and state.made_by is not null then
    truncate label_signatures;
    delete from signature_state;
    state := null;
  end if;
  if state.made_by is null then
    if labels < wanted then return false; end if;
    insert into signature_state (made_by) values (signature_maker()) on conflict do nothing;
    return true;
  end if;
  -- As CREATE INDEX CONCURRENTLY waits: who is not among them had its triggers see that signatures are kept.
  update signature_state s set writers = coalesce(s.writers, label_writers());
  update signature_state s set whole = not s.writers && label_writers();
  return true;
end $$;
comment on function begin_signing() is 'Begins a walk of sign_labels(): decides whether memory is large enough for signatures (the setting signatures_from; they are given up below half of it), and drops those that were made by another server, pg_trgm or locale. False: none are kept. Example: select begin_signing();';
grant execute on function begin_signing to taxon_admin, taxon_sidecar;

create or replace function sign_labels(after bytea default null, most integer default 2000, out last_hash bytea, out signed integer)
  language plpgsql security definer set search_path from current as $$
declare
  upto bytea;
begin
  signed := 0;
  if after is not null then
    update signature_state s set writers = label_writers() where s.writers is null;
  elsif not begin_signing() then
    return;
  end if;
  last_hash := (select l.name_hash from labels l where l.name_hash > coalesce(after, '') order by l.name_hash offset most - 1 limit 1);
  upto := coalesce(last_hash, decode(repeat('ff', 33), 'hex'));
  -- what a walk signed while the label was being removed
  delete from label_signatures s
    where s.name_hash > coalesce(after, '') and s.name_hash <= upto and not exists (select from labels l where l.name_hash = s.name_hash);
  insert into label_signatures (name_hash, bands, sketch)
    select name_hash(s.name_key), s.bands, s.sketch
      from signatures(array(
        select l.name_key from labels l
          where l.name_hash > coalesce(after, '') and l.name_hash <= upto
            and not exists (select from label_signatures s where s.name_hash = l.name_hash))) s
    on conflict do nothing;
  get diagnostics signed = row_count;
  if last_hash is null then
    update signature_state s set complete = true where not s.complete and s.whole;
    if found then analyze label_signatures; end if;
  end if;
end $$;
comment on function sign_labels(bytea, integer) is 'One step of a walk over all labels, by digest: signs those among the next so many that have no signature. Returns the last digest, to be given to the next call, NULL at the end, and how many were signed. They are complete after a walk that began when all transactions had ended that may not have seen the first walk begin. One process walks at a time. Example: select last_hash is null as ended, signed from sign_labels();';
grant execute on function sign_labels to taxon_admin, taxon_sidecar;

create or replace function sign_category(category_id bigint, most integer default 2000) returns integer
  language plpgsql security definer set search_path from current as $$
declare
  signed integer;
begin
  if not exists (select from signature_state) then return 0; end if;
  insert into label_signatures (name_hash, bands, sketch)
    select name_hash(s.name_key), s.bands, s.sketch
      from signatures(array(
        select l.name_key from labels l
          where l.category_id = sign_category.category_id and not exists (select from label_signatures s where s.name_hash = l.name_hash)
          order by l.name_key limit most)) s
    on conflict do nothing;
  get diagnostics signed = row_count;
  return signed;
end $$;
comment on function sign_category(bigint,
  integer) is 'Signs labels of a category that have no signature, at most so many, by name, and returns how many. What is alike then lies together on the disk: a look-up reads a few pages, and not one for each of a thousand candidates. What is missed, as a label that changes its category meanwhile, sign_labels() finds. Example: select sign_category(7);';
grant execute on function sign_category to taxon_admin, taxon_sidecar;

create or replace function signed() returns boolean
  language sql stable security definer set search_path from current as $$
  select coalesce((select s.complete and s.made_by = signature_maker() and exists (select from label_signatures) from signature_state s),
                  (select count(*) < (setting('signatures_from'))::bigint
                    from (select from labels limit (setting('signatures_from'))::bigint) l));
$$;
comment on function signed() is 'Whether there is nothing to do for sign_labels(): each label has its signature, or memory is too small for them. Example: select signed();';
grant execute on function signed to taxon_admin, taxon_sidecar;

create or replace function signatures_health() returns table (item text, status text, value text, detail text)
  language sql stable security definer set search_path from current as $$
  select 'similar look-up', 'ok', case when similar_by_signatures() then 'signatures' else 'trigrams' end,
         case when similar_by_signatures() then 'by the bands of label_signatures'
              when s.made_by <> signature_maker() then 'signatures are of another server version, pg_trgm or locale; a sidecar makes them anew'
              when not s.complete then format('%s of %s labels are signed so far; until all are, and all transactions have ended that were writing labels when that began, the index of trigrams answers, which is slower',
                     (select count(*) from label_signatures), (select count(*) from labels))
              else 'similarity_threshold is below .6: signatures find only what is that much alike' end
    from signature_state s;
$$;
comment on function signatures_health() is 'For health(): how names are looked up by similarity, where memory is large enough for signatures.';
