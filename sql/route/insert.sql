-- taxon_internal: The insert path: exact answers come back in the same write, all else waits until a sidecar takes it in (intake.sql).
--
-- It runs inside every application's INSERT, so it carries no SET: with a pinned search_path 8 writers keep .56 to .65
-- of their rate without triggers, without it .71 to .83 (PostgreSQL 15). Instead every table, function, operator
-- and type is written with its schema (@schema@ and @internal@ are filled in by migrate), so nobody's search_path can change what they
-- mean. Types too: a domain pg_temp.text with a CHECK of the caller's would run with the owner's rights.

create or replace function answer_on_insert() returns trigger
  language plpgsql security definer as $$
declare
  -- normalise() is called here, as a generated column is still NULL in a BEFORE trigger
  key pg_catalog.text := coalesce(@schema@.normalise(new.name), '');
  known pg_catalog.int8;
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
  -- One look at what nearly all INSERTs leave at its default. Assigning each costs more, and applications may write no such column.
  if tg_op operator(pg_catalog.=) 'UPDATE' or new.state operator(pg_catalog.<>) 'pending'
     or new.arrived_xact operator(pg_catalog.<>) pg_catalog.pg_current_xact_id()
     or new.inserted_xact operator(pg_catalog.<>) pg_catalog.pg_current_xact_id()
     or pg_catalog.num_nonnulls(new.category_id, new.l1, new.l2, new.l3, new.source, new.classified_at) operator(pg_catalog.>) 0 then
    -- Before memory is read, as the defaults are: mend_taxonomy() waits for the transactions that had a number before a change of the taxonomy.
    new.inserted_xact := pg_catalog.pg_current_xact_id();
    new.arrived_xact := pg_catalog.pg_current_xact_id();
    -- A row that comes with its answer keeps it, as from a dump of data alone: only who may write these columns can give one.
    if tg_op operator(pg_catalog.=) 'INSERT' and (new.state operator(pg_catalog.=) 'failed'
         or new.state operator(pg_catalog.=) 'done' and new.category_id is not null) then
      return new;
    end if;
    new.category_id := null;
    new.l1 := null;
    new.l2 := null;
    new.l3 := null;
    new.source := null;
    new.state := 'pending';
    new.classified_at := null;
  end if;
  -- Memory alone first: where it does not know the name, as is usual, a join with the categories is begun for nothing.
  select l.category_id into known from @schema@.labels l where l.name_hash operator(pg_catalog.=) @internal@.name_hash(key);
  if known is not null then
    select c.l1, c.l2, c.l3 into new.l1, new.l2, new.l3 from @schema@.categories c where c.category_id operator(pg_catalog.=) known;
    new.category_id := known;
    new.source := 'exact';
    new.state := 'done';
    new.classified_at := pg_catalog.now();
  elsif key operator(pg_catalog.=) '' then
    new.state := 'failed';
    new.failure := 'the name is empty';
  elsif @internal@.somebody_sleeps() then
    perform @internal@.wake();
  end if;
  return new;
end $$;
comment on function answer_on_insert() is 'Trigger: answers a row from memory in the same write, or leaves it pending and wakes an idle sidecar. Also after an UPDATE that changes the normalised name. A row that is inserted with its answer (a restored one) keeps it.';

select keep_trigger('create trigger answer_on_insert before insert or update of name on products
    for each row execute function answer_on_insert()',
  'Exact answers in the same write; all else waits to be taken in.');

-- An application gives names and reads answers; which layer answers is not its to write.
grant select on products to taxon_writer;
grant insert (external_id, name), update (external_id, name) on products to taxon_writer;

grant insert, update, delete on products to taxon_admin;
