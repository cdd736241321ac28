-- The insert path: exact answers come back in the same write, everything else is queued.
--
-- These run inside every application's INSERT, so they carry no SET: with a pinned search_path 8 writers keep .56 to .65
-- of their rate without triggers, without it .71 to .83 (PostgreSQL 15). Instead every table, function, operator
-- and type is written with its schema (@schema@ is filled in by migrate), so nobody's search_path can change what they
-- mean. Types too: a domain pg_temp.text with a CHECK of the caller's would run with the owner's rights.

create or replace function answer_on_insert() returns trigger
  language plpgsql security definer as $$
declare
  -- normalise() is called here, as a generated column is still NULL in a BEFORE trigger
  key pg_catalog.text := coalesce(@schema@.normalise(new.name), '');
  hit pg_catalog.record;
begin
  if tg_op operator(pg_catalog.=) 'UPDATE' then
    -- the same name in other case or spacing: nothing to decide again
    if key operator(pg_catalog.=) coalesce(old.name_key, '') then
      return new;
    end if;
    new.l1_confidence := null;
    new.l2_confidence := null;
    new.l3_confidence := null;
    new.model_id := null;
    new.similarity := null;
    new.matched_key := null;
    new.llm_call_id := null;
    new.failure := null;
  end if;
  -- before memory is read: mend_taxonomy() waits for the transactions that had a number before a change of the taxonomy
  new.inserted_xact := pg_catalog.pg_current_xact_id();
  -- A row that comes with its answer keeps it, as from a dump of data alone: only who may write these columns can give one.
  if tg_op operator(pg_catalog.=) 'INSERT' and (new.state operator(pg_catalog.=) 'failed'
       or new.state operator(pg_catalog.=) 'done' and new.category_id is not null) then
    return new;
  end if;
  select l.category_id, c.l1, c.l2, c.l3 into hit
    from @schema@.labels l join @schema@.categories c on c.category_id operator(pg_catalog.=) l.category_id
    where l.name_hash operator(pg_catalog.=) @schema@.name_hash(key);
  new.category_id := hit.category_id;
  new.l1 := hit.l1;
  new.l2 := hit.l2;
  new.l3 := hit.l3;
  if hit.category_id is not null then
    new.source := 'exact';
    new.state := 'done';
    new.classified_at := pg_catalog.now();
  else
    new.source := null;
    new.state := 'pending';
    new.classified_at := null;
    if key operator(pg_catalog.=) '' then
      new.state := 'failed';
      new.failure := 'the name is empty';
    end if;
  end if;
  return new;
end $$;
comment on function answer_on_insert() is 'Trigger: answers a row from memory in the same write, or marks it pending. Also after an UPDATE that changes the normalised name. A row that is inserted with its answer (a restored one) keeps it.';

create or replace function queue_inserted() returns trigger
  language plpgsql security definer as $$
begin
  insert into @schema@.queue (name_key)
    select distinct n.name_key from arrived n where n.state operator(pg_catalog.=) 'pending';
  if found then
    perform @schema@.wake();
  end if;
  return null;
end $$;
comment on function queue_inserted() is 'Trigger: appends a statement''s new names to the queue, once each, and wakes an idle sidecar.';

create or replace function queue_renamed() returns trigger
  language plpgsql security definer as $$
begin
  insert into @schema@.queue (name_key) values (new.name_key);
  perform @schema@.wake();
  return null;
end $$;
comment on function queue_renamed() is 'Trigger: queues a row whose normalised name was changed by UPDATE or by an upsert (whose AFTER INSERT transition table is empty).';

select keep_trigger('create trigger answer_on_insert before insert or update of name on products
    for each row execute function answer_on_insert()',
  'Exact answers in the same write.');
select keep_trigger('create trigger queue_inserted after insert on products
    referencing new table as arrived for each statement execute function queue_inserted()',
  'Queues what was not answered.');
select keep_trigger('create trigger queue_renamed after update of name on products
    for each row when (new.state = ''pending''::text and new.name_key is distinct from old.name_key) execute function queue_renamed()',
  'Queues a changed name; settling never fires it.');
