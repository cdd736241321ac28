/** What migrating fills; settings that a test changed are put back, the rest no test may count on. */
const filled = [
  'all_settings',
  'audit_watermark',
  'intakes',
  'key_counts',
  'llm_prices',
  'migrations',
  'purposes',
  'schema_objects',
];

/**
 * Makes pg_temp.empty_all(), which empties all tables but those that migrating fills, and starts their sequences anew. Needs
 * a superuser with session_replication_role = replica: rows go in any order, and no trigger tells of them. A function, as a
 * DO block is planned anew each time: 1.4 ms of processor time instead of 2.5.
 *
 * Rows are deleted. TRUNCATE makes new files for 48 tables and their indexes, whether rows are there or not: 50 to 180 ms, against 2.
 * Beyond 1 MB it is TRUNCATE all the same, so that no test reads the pages of the one before. So it is where an HNSW index
 * would find the dead rows first.
 */
export const emptying = `create function pg_temp.empty_all() returns void language plpgsql as $$
declare
  list oid[] := array(select oid from pg_class where relkind = 'r' and relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)
                                                 and relname <> all ('{${filled}}'));
  held oid[] := array(select t from unnest(list) t where pg_relation_size(t) > 0);
  names text := (select string_agg(t::regclass::text, ', ') from unnest(list) t);
begin
  -- waits for whoever still writes
  execute 'lock table ' || names || ' in share row exclusive mode';
  if (select sum(pg_relation_size(t)) from unnest(held) t) > 1e6
     or exists (select from pg_class i join pg_am on pg_am.oid = relam join pg_index x on indexrelid = i.oid
                where amname = 'hnsw' and indrelid = any (held)) then
    execute 'truncate ' || names;
  else
    execute (select coalesce(string_agg(format('delete from %s', t::regclass), ';'), '') from unnest(held) t);
  end if;
  perform setval(s.oid, seqstart, false)
    from pg_class s join pg_sequence on seqrelid = s.oid join pg_depend d on objid = s.oid and d.classid = 'pg_class'::regclass
    where deptype in ('a', 'i') and refobjid = any (list) and case relkind when 'S' then pg_sequence_last_value(s.oid) end is not null;
end $$`;
