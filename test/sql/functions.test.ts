import { describe, expect, test } from 'vitest';
import { needs, needsMachine } from '../support/needs.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** They run inside every application's INSERT and write schemas instead; hostile-session.test.ts attacks them. */
const unpinned = ['answer_on_insert', 'wake'];

describe('every function', () => {
  test('is bound when created or pins its search_path, but for the hot triggers', async () => {
    const found = await t.owner.rows<{ name: string }>(
      `select p.proname as name from pg_proc p
         where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and p.prosqlbody is null
           and not exists (select from unnest(p.proconfig) c where c like 'search_path=%')
         order by 1`,
    );
    expect(found.map((f) => f.name)).toEqual(unpinned);
  });

  test('that pins it has the two schemas first and temporary objects last', async () => {
    const paths = await t.owner.rows(
      `select distinct c as path from pg_proc p, unnest(p.proconfig) c
         where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and c like 'search_path=%'`,
    );
    expect(paths).toEqual([
      { path: 'search_path=taxon, taxon_internal, extensions, pg_temp' },
      { path: 'search_path=taxon_internal, taxon, extensions, pg_temp' },
    ]);
  });

  test('can be restored by an owner who is no superuser: its settings are the server’s own and anybody’s', async () => {
    // one of an extension is unknown, and so a superuser's, until the extension's library is loaded
    const found = await t.owner.rows(
      `select p.proname as name, c as setting from pg_proc p, unnest(p.proconfig) c
         left join pg_settings s on s.name = split_part(c, '=', 1)
         where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and (s.context is distinct from 'user' or s.name like '%.%')`,
    );
    expect(found).toEqual([]);
  });

  test('that forbids a kind of plan compiles nothing either', async () => {
    // where there is no other plan it counts as 10^10, which is beyond any limit of JIT: 300 ms for a trigger's single row
    const found = await t.owner.rows(
      `select p.proname as name from pg_proc p
         where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)
           and exists (select from unnest(p.proconfig) c where c ~ '^enable_.*=off') and not 'jit=off' = any (p.proconfig)`,
    );
    expect(found).toEqual([]);
  });

  test('that pins nothing names every type with its schema', async () => {
    const bodies = await t.owner.rows<{ name: string; declared: string }>(
      `select p.proname as name, substring(p.prosrc from 'declare(.*?)begin') as declared from pg_proc p
         where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and p.proname = any ($1)`,
      unpinned,
    );
    expect(bodies).toHaveLength(unpinned.length);
    for (const { declared } of bodies) {
      const variables = (declared ?? '')
        .replace(/--.*/g, '')
        .split(';')
        .map((line) => line.trim())
        .filter((line) => line !== '');
      for (const variable of variables) expect(variable).toMatch(/^\w+ pg_catalog\.\w+/);
    }
  });

  test('in PL/pgSQL passes plpgsql_check', async (context) => {
    needsMachine(context, 'plpgsql_check');
    const admin = await t.superuser();
    const available = await admin.rows(`select from pg_available_extensions where name = 'plpgsql_check'`);
    needs(
      context,
      available.length > 0,
      'plpgsql_check is not installed: apt-get install postgresql-15-plpgsql-check (or the one of your PostgreSQL version)',
    );
    await admin.rows('create extension plpgsql_check');
    const functions = await admin.value<number>(
      `select count(*) from pg_proc p join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
         where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)`,
    );
    expect(functions).toBeGreaterThan(20);
    const findings = await admin.rows(
      `select p.oid::regprocedure::text as function, f.lineno, f.level, f.message, f.detail, f.hint
         from pg_proc p
         join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
         left join pg_trigger g on g.tgfoid = p.oid and not g.tgisinternal
         -- one trigger is there only while an attached table wants answers written
         cross join lateral (select p.proname = 'note_answers' as rare) r,
         lateral plpgsql_check_function_tb(p.oid, coalesce(g.tgrelid, case when r.rare then 'products'::regclass::oid else 0 end),
           oldtable => coalesce(g.tgoldtable, case when r.rare then 'old_rows' end),
           newtable => coalesce(g.tgnewtable, case when r.rare then 'new_rows' end), fatal_errors => false, extra_warnings => true, security_warnings => true,
           performance_warnings => false) f
         where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)`,
    );
    expect(findings).toEqual([]);
    // and it would find something
    await admin.rows(
      `create function taxon.wrong() returns void language plpgsql as $$ begin perform nosuch from products; end $$`,
    );
    const planted = await admin.rows(`select message from plpgsql_check_function_tb('taxon.wrong()')`);
    expect(planted).toEqual([{ message: 'column "nosuch" does not exist' }]);
  });
});

describe('normalise and name_hash', () => {
  test('are immutable and parallel safe, as stored columns and indexes need them', async () => {
    const found = await t.owner.rows(
      `select p.proname as name, p.provolatile as volatile, p.proparallel as parallel, p.proisstrict as strict from pg_proc p
         where p.pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and p.proname in ('normalise', 'name_hash') order by 1`,
    );
    expect(found).toEqual([
      { name: 'name_hash', volatile: 'i', parallel: 's', strict: true },
      // not strict: its body has a CASE, and would not be inlined into an INSERT
      { name: 'normalise', volatile: 'i', parallel: 's', strict: false },
    ]);
  });
});
