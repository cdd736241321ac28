import type { TaxonDatabase } from './sql.ts';

/** Drops the shop's schema and what attach() made for tables of it, rows of which a test's emptying has removed already. */
export async function clearAttached(t: TaxonDatabase): Promise<void> {
  await t.owner.client.query(`do $$ declare statement text; begin
    drop schema if exists shop cascade;
    for statement in
      select format('drop table %s cascade', oid::regclass) from pg_class
        where relnamespace = 'taxon_internal'::regnamespace and relkind = 'r' and relname ~ '^attached_[0-9]+$'
      union all
      select format('drop function %s cascade', oid::regprocedure) from pg_proc where proname ~ '^attached_[0-9]+_note$'
    loop execute statement; end loop;
    delete from attached_changes;
    delete from attachments;
    perform keep_answers_trigger();
  end $$`);
}

/** As a sidecar does: changes and answers, then pages, until nothing is due. */
export async function followAttached(t: TaxonDatabase): Promise<void> {
  for (let n = 1; n > 0; )
    n = await t.owner.value<number>('select take_in_attached() + write_answers() + walk_attached()');
}
