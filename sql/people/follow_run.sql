-- taxon_internal: Rows follow what a run made of labels, and what undo_run() makes of them again.

create or replace function follow_names(names text[], undone boolean, reason text, out corrected integer, out asked_again integer,
                                        out held integer)
  language plpgsql security definer set search_path from current as $$
declare
  hashes bytea[] := array(select name_hash(n) from unnest(names) n);
  wrong bigint[];
  again bigint[];
begin
  perform hold_names(array(select n from unnest(names) n union
    select p.name_key from products p where p.matched_key is not null and name_hash(p.matched_key) = any (hashes)));
  with found as materialized (
    select p.product_id, l.name_hash is not null as known
      from products p left join labels l on l.name_hash = name_hash(p.name_key)
      where name_hash(p.name_key) = any (hashes)
        and case when l.name_hash is null or undone then p.state = 'done' and p.source = 'exact'
                 -- what a person said of a row, only a person's word changes
                 else p.state in ('done', 'failed') and (l.source = 'human' or p.source is distinct from 'human') end
        and p.category_id is distinct from l.category_id
    union
    -- what was answered because the name was near
    select p.product_id, false
      from products p left join labels l on l.name_hash = name_hash(p.matched_key)
      where p.matched_key is not null and name_hash(p.matched_key) = any (hashes) and name_hash(p.name_key) <> all (hashes)
        and p.state = 'done' and p.source = 'similar' and p.category_id is distinct from l.category_id
  ), free as materialized (
    -- rows that an application holds are left: nobody waits for another in a circle
    select p.product_id from products p where p.product_id in (select f.product_id from found f)
      order by p.product_id for no key update skip locked
  )
  select coalesce(array_agg(f.product_id) filter (where f.known and r.product_id is not null), '{}'),
         coalesce(array_agg(f.product_id) filter (where not f.known and r.product_id is not null), '{}'),
         count(*) filter (where r.product_id is null)
    into wrong, again, held
    from found f left join free r using (product_id);
  corrected := correct_rows(wrong, null, null, null, reason);
  asked_again := ask_again(again, 'local', reason, null);
  delete from dead_letters d where d.name_hash = any (hashes) and exists (select from labels l where l.name_hash = d.name_hash);
  if again <> '{}' then
    perform settle_answered('local', array(select p.name_key from products p where p.product_id = any (again)));
  end if;
end $$;
comment on function follow_names(text[], boolean, text) is 'Brings rows into line with the labels of some names. Rows of a name get its label''s category; those that people judged only from a person''s label, and with undone only those that a label had answered. Rows that took another answer from the name by similarity, and exact ones whose label is gone, are decided again. held: rows that another transaction holds, which are left. Example: select corrected from follow_names(''{kettle}'', false, ''by hand'');';

create or replace function follow_run(run_id bigint, out corrected bigint, out asked_again bigint, out held bigint)
  language plpgsql security definer set search_path from current as $$
declare
  page constant integer := 5000;
  r label_runs;
  why text;
  last bigint := 0;
  names text[];
  f record;
begin
  corrected := 0;
  asked_again := 0;
  held := 0;
  perform hold_taxonomy();
  update label_runs x set xact = pg_current_xact_id() where x.run_id = follow_run.run_id returning x.* into r;
  why := (select c.reason from current_label_run() c);
  while exists (select from products) loop
    select array_agg(c.name_key), max(c.change_id) into names, last
      from (select x.name_key, x.change_id from label_changes x
              where x.run_id = follow_run.run_id and x.change_id > last
                and case when r.taking_back then x.reverted_at = now() else x.reverted_at is null end
              order by x.change_id limit page) c;
    exit when names is null;
    select * into f from follow_names(names, r.taking_back, why);
    corrected := corrected + f.corrected;
    asked_again := asked_again + f.asked_again;
    held := held + f.held;
  end loop;
  if not r.taking_back then
    update label_runs x set followed_at = case when held = 0 then now() end where x.run_id = follow_run.run_id;
    perform end_label_run(run_id);
  end if;
end $$;
comment on function follow_run(bigint) is 'Brings the rows into line with what a run made of the labels, as follow_names() says, in pages; while the run is taken back, with what they are again. Rows that another transaction holds are left to the next call. Returns how many rows were corrected, decided again and left. Example: select corrected, asked_again from follow_run(1);';
