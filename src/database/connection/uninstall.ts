import type pg from 'pg';
import { TaxonError } from '../../errors.ts';
import { newClient } from './connect.ts';
import { givingWay } from './give-way.ts';
import { requireDirect } from './requirements.ts';
import { internalSchema } from './schemas.ts';

/** One thing that goes, or stays, as a person reads it. */
export interface Removal {
  /** schema, triggers, view or table of somebody's, role. */
  readonly what: 'schema' | 'triggers' | 'dependent' | 'role';
  readonly name: string;
  /** How much is in it, or why it stays. */
  readonly detail: string;
  readonly stays: boolean;
}

export interface UninstallPlan {
  readonly removals: Removal[];
  /** Sidecars that were seen in the last half minute. */
  readonly sidecars: number;
}

const roles = ['taxon_reader', 'taxon_writer', 'taxon_admin', 'taxon_sidecar'];

/** Objects of others that read ours and would go with them. */
const dependents = `
  with ours as (select oid from pg_namespace where nspname = any ($1))
  select distinct format('%s %s', case v.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, v.oid::regclass) as name
    from pg_depend d
    left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
    left join pg_attrdef f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
    join pg_class v on v.oid = coalesce(r.ev_class, k.conrelid, f.adrelid)
    left join pg_class t on d.refclassid = 'pg_class'::regclass and t.oid = d.refobjid
    left join pg_proc p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
    where coalesce(t.relnamespace, p.pronamespace) in (select oid from ours) and v.relnamespace not in (select oid from ours)
    order by 1`;

/** Triggers on tables of others that call our functions. */
const triggers = `
  select t.tgname as trigger, t.tgrelid::regclass::text as relation
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
    join pg_class c on c.oid = t.tgrelid
    where n.nspname = any ($1) and c.relnamespace <> all (select oid from pg_namespace where nspname = any ($1)) and t.tgparentid = 0
    order by 2, 1`;

/** What needs a role beside the two schemas of this database: in other databases, and in other schemas here. */
const needed = `
  select r.rolname as role,
         (select string_agg(distinct coalesce('database ' || d.datname, 'the whole server'), ', ')
            from pg_shdepend s left join pg_database d on d.oid = s.dbid
            where s.refclassid = 'pg_authid'::regclass and s.refobjid = r.oid
              and s.dbid <> (select oid from pg_database where datname = current_database())) as elsewhere,
         (select string_agg(distinct x.kind, ', ') from (
            select 'table ' || c.oid::regclass as kind from pg_shdepend s join pg_class c on s.classid = 'pg_class'::regclass and c.oid = s.objid
              where s.refobjid = r.oid and s.refclassid = 'pg_authid'::regclass and s.dbid = (select oid from pg_database where datname = current_database())
                and c.relnamespace <> all (select oid from pg_namespace where nspname = any ($1))
            union all
            select 'function ' || p.oid::regprocedure from pg_shdepend s join pg_proc p on s.classid = 'pg_proc'::regclass and p.oid = s.objid
              where s.refobjid = r.oid and s.refclassid = 'pg_authid'::regclass and s.dbid = (select oid from pg_database where datname = current_database())
                and p.pronamespace <> all (select oid from pg_namespace where nspname = any ($1))
            union all
            select 'schema ' || n.nspname from pg_shdepend s join pg_namespace n on s.classid = 'pg_namespace'::regclass and n.oid = s.objid
              where s.refobjid = r.oid and s.refclassid = 'pg_authid'::regclass and s.dbid = (select oid from pg_database where datname = current_database())
                and n.nspname <> all ($1)) x) as here,
         (select string_agg(m.rolname, ', ' order by m.rolname) from pg_auth_members a join pg_roles m on m.oid = a.member
            where a.roleid = r.oid and m.rolname <> current_user) as members
    from pg_roles r where r.rolname = any ($2) order by 1`;

/** Looks at what is there; changes nothing. */
async function look(client: pg.Client, schema: string): Promise<UninstallPlan> {
  const schemas = [schema, internalSchema(schema)];
  const removals: Removal[] = [];
  const count = async (name: string) => {
    const { rows } = await client.query<{ n: string }>(`select count(*) as n from "${schema}".${name}`);
    return Number(rows[0]?.n ?? 0);
  };
  const tables = await client.query<{ relation: string; n: string }>(
    `select relation, count(*) as n from (${triggers}) t group by 1 order by 1`,
    [schemas],
  );
  for (const { relation, n } of tables.rows)
    removals.push({
      what: 'triggers',
      name: relation,
      detail: `${n} triggers; the table itself stays as it is`,
      stays: false,
    });
  for (const { name } of (await client.query<{ name: string }>(dependents, [schemas])).rows)
    removals.push({ what: 'dependent', name, detail: 'reads pgtaxon and goes with it', stays: false });
  const [products, labels] = [await count('products'), await count('labels')];
  const there = await client.query<{ nspname: string; bytes: string }>(
    `select n.nspname, coalesce(sum(pg_total_relation_size(c.oid)) filter (where c.relkind = 'r'), 0) as bytes
       from pg_namespace n left join pg_class c on c.relnamespace = n.oid where n.nspname = any ($1) group by 1 order by 1`,
    [schemas],
  );
  for (const { nspname, bytes } of there.rows)
    removals.push({
      what: 'schema',
      name: nspname,
      detail:
        `${Math.round(Number(bytes) / 1e6)} MB` +
        (nspname === schema ? `: ${products} rows of products, ${labels} labels` : ''),
      stays: false,
    });
  const found = await client.query<{
    role: string;
    elsewhere: string | null;
    here: string | null;
    members: string | null;
  }>(needed, [schemas, roles]);
  for (const { role, elsewhere, here, members } of found.rows) {
    const needs = [elsewhere, here].filter((part) => part !== null).join(', ');
    removals.push({
      what: 'role',
      name: role,
      detail:
        needs !== '' ? `needed by ${needs}` : members === null ? 'nobody is in it' : `in it are ${members}`,
      stays: needs !== '',
    });
  }
  const sidecars = await client.query<{ n: string }>(
    `select count(*) as n from pg_stat_activity
       where datname = current_database() and application_name = 'taxon sidecar' and pid <> pg_backend_pid()`,
  );
  return { removals, sidecars: Number(sidecars.rows[0]?.n ?? 0) };
}

/** Runs `work` in a transaction of its own. */
async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  try {
    await work();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** Removes a role, unless something came to need it meanwhile; returns why it stays. */
async function dropRole(client: pg.Client, role: string): Promise<string | null> {
  try {
    await client.query(`drop role if exists "${role}"`);
    return null;
  } catch (error) {
    return (error as pg.DatabaseError).detail ?? (error as Error).message;
  }
}

/**
 * Removes both schemas with all that is in them, the triggers on attached tables first, and the roles that nothing else needs. The
 * extensions stay, as others may use them. Each table is locked for a moment; while somebody is in the way it is tried again.
 *
 * @param confirm is shown what would go; false: nothing is changed
 * @returns what was, or would be, removed, with the roles that stayed; null where pgtaxon is not here
 * @throws TaxonError where sidecars are running, or somebody was in the way all the time
 */
export async function uninstall(
  url: string,
  schema: string,
  confirm: (plan: UninstallPlan) => Promise<boolean>,
  lockWaitSeconds?: number,
): Promise<{ plan: UninstallPlan; done: boolean } | null> {
  const client = newClient(url, { application_name: 'taxon uninstall' });
  await client.connect();
  const schemas = [schema, internalSchema(schema)];
  try {
    await requireDirect(client);
    const ours = await client.query('select where to_regclass($1) is not null', [
      `"${internalSchema(schema)}".migrations`,
    ]);
    if (ours.rowCount === 0) return null;
    const plan = await look(client, schema);
    if (!(await confirm(plan))) return { plan, done: false };
    if (plan.sidecars > 0)
      throw new TaxonError(`${plan.sidecars} connections of a sidecar are open`, {
        hint: 'Stop the sidecars first: they would only fail from then on.',
      });
    const patiently = (what: string, work: () => Promise<void>) =>
      givingWay(client, url, what, () => inTransaction(client, work), lockWaitSeconds);
    const { rows } = await client.query<{ trigger: string; relation: string }>(triggers, [schemas]);
    for (const { trigger, relation } of rows)
      await patiently(`letting ${relation} go`, async () => {
        await client.query(`drop trigger if exists ${client.escapeIdentifier(trigger)} on ${relation}`);
      });
    await patiently('removing the schemas', async () => {
      for (const name of schemas) await client.query(`drop schema if exists "${name}" cascade`);
    });
    const removals: Removal[] = [];
    for (const removal of plan.removals) {
      const why = removal.what === 'role' && !removal.stays ? await dropRole(client, removal.name) : null;
      removals.push(why === null ? removal : { ...removal, detail: why, stays: true });
    }
    return { plan: { ...plan, removals }, done: true };
  } finally {
    await client.end();
  }
}
