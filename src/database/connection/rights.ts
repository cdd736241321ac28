import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { packageRoot } from '../../config.ts';
import { messageOf, TaxonError } from '../../errors.ts';
import { log } from '../../log.ts';
import { internalSchema } from './schemas.ts';

/** What every statement of applications, people and sidecars is granted to. */
export const roles = ['taxon_reader', 'taxon_writer', 'taxon_admin', 'taxon_sidecar'] as const;

/**
 * Makes the four roles where they are missing.
 *
 * @param create false: only says when they could not be made
 * @throws TaxonError with the statements for somebody who may
 */
export async function requireRoles(client: pg.Client, create: boolean): Promise<void> {
  const { rows } = await client.query<{ name: string; login: string; may: boolean }>(
    `select r.name, current_user as login, m.rolsuper or m.rolcreaterole as may
       from unnest($1::text[]) with ordinality r(name, nth), pg_roles m
       where m.rolname = current_user and not exists (select from pg_roles p where p.rolname = r.name)
       order by r.nth`,
    [roles],
  );
  const [first] = rows;
  if (first === undefined) return;
  if (!first.may) {
    throw new TaxonError(
      `${first.login} may not make roles, and these are missing: ${rows.map(({ name }) => name).join(', ')}`,
      {
        hint: `As somebody who may, type: ${rows.map(({ name }) => `create role ${name} nologin;`).join(' ')}`,
      },
    );
  }
  for (const { name } of create ? rows : []) {
    await client.query(`create role ${name} nologin`).catch((error: { code?: string }) => {
      // another database of the cluster made it this moment
      if (error.code !== '42710' && error.code !== '23505') throw error;
    });
  }
}

/**
 * Works on as the role that the schema's tables belong to, where a superuser or a member of it migrates: all that runs
 * with the owner's rights must be one owner's.
 *
 * @throws TaxonError when the schema cannot be worked on as this login
 */
export async function actAsOwner(client: pg.Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ owner: string; login: string; closed: string[] }>(
    `select coalesce((select pg_get_userbyid(c.relowner) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                        where n.nspname = $2 and c.relname = 'migrations'), current_user) as owner,
            current_user as login,
            array(select s.name from unnest($1::text[]) with ordinality s(name, nth) left join pg_namespace n on n.nspname = s.name
                    where not case when n.oid is null then has_database_privilege(current_database(), 'create')
                                   else has_schema_privilege(n.oid, 'create') end order by s.nth) as closed`,
    [[schema, internalSchema(schema)], internalSchema(schema)],
  );
  const { owner, login, closed } = rows[0] ?? { owner: '', login: '', closed: [] };
  if (owner === login) {
    if (closed.length === 0) return;
    const named = closed.map((name) => `"${name}"`);
    const statement = (name: string) =>
      `create schema ${name} authorization ${client.escapeIdentifier(login)};`;
    throw new TaxonError(`${login} may not make the schema ${named.join(' and ')}, or anything in it`, {
      hint: `As somebody who may, type: ${named.map(statement).join(' ')}`,
    });
  }
  try {
    await client.query(`set role ${client.escapeIdentifier(owner)}`);
  } catch (error) {
    throw new TaxonError(
      `the schema "${schema}" belongs to ${owner}, and ${login} may not act as that role`,
      {
        hint: `Connect as ${owner}, or have it granted: grant ${client.escapeIdentifier(owner)} to ${client.escapeIdentifier(login)};`,
        cause: error,
      },
    );
  }
}

/**
 * The query that stands in sql/ as the function path_risks(): it is needed before there is a schema.
 *
 * @param schemas an expression of type text[]
 */
export function pathRisks(schemas: string): string {
  const text = readFileSync(join(packageRoot, 'sql/ground/rights.sql'), 'utf8');
  const body = /\nbegin atomic\n([\s\S]*?);\nend;\n/.exec(text)?.[1];
  // no query would mean no risk
  if (body === undefined) throw new Error('sql/ground/rights.sql has lost its frame: begin atomic … end;');
  return body.replaceAll('path_risks.schemas', schemas);
}

/**
 * Refuses while others could make the owner's functions call theirs: the server takes the function that fits best from
 * any schema of the pinned search_path, so whoever may create in one of them, or has, may do what the owner may.
 *
 * @param schemas those of the path
 * @throws TaxonError with the statements that end it
 */
export async function requireSafePath(client: pg.Client, schemas: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ place: string; who: string; risk: string; remedy: string }>(
    pathRisks('$1::text[]'),
    [schemas],
  );
  if (rows.length === 0) return;
  const said = rows.map(({ place, who, risk }) => `${who} ${risk} ("${place}")`);
  throw new TaxonError(
    `pgtaxon's functions would look into a schema that others can write to: ${said.slice(0, 5).join('; ')}`,
    {
      hint: `As its owner type: ${rows
        .slice(0, 5)
        .map(({ remedy }) => `${remedy};`)
        .join(
          ' ',
        )} Or give the extensions a schema of their own: create schema extensions; alter extension vector set schema extensions; alter extension pg_trgm set schema extensions; grant usage on schema extensions to public;`,
    },
  );
}

/**
 * Says in the error's hint which role is missing, where the server refused for lack of rights; other errors, and those
 * that have a hint, stay as they are. Never throws.
 *
 * @param sidecar whether a sidecar asks
 */
export async function hintAtRole(
  client: Pick<pg.ClientBase, 'query'>,
  schema: string,
  error: unknown,
  sidecar: boolean,
): Promise<void> {
  const denied = error as { code?: string; hint?: string; message?: string };
  if (denied.code !== '42501' || denied.hint !== undefined) return;
  // "permission denied for function claim": the name is last, whatever the language
  const object =
    denied.message
      ?.split(' ')
      .at(-1)
      ?.replace(/["«»„“]/g, '') ?? '';
  try {
    const { rows } = await client.query<{ login: string; holders: string[] }>(
      `with ours as (select n.oid from pg_namespace n where n.nspname = any ($1))
       select quote_ident(session_user) as login, array(
         select r.rolname::text from unnest($3::text[]) with ordinality o(name, place) join pg_roles r on r.rolname = o.name
           where not pg_has_role(r.oid, 'usage') and (
             exists (select from pg_proc p join ours n on n.oid = p.pronamespace where p.proname = $2
                       and has_function_privilege(r.oid, p.oid, 'execute') and not has_function_privilege(p.oid, 'execute'))
             or exists (select from pg_class c join ours n on n.oid = c.relnamespace, unnest('{select,insert,update,delete}'::text[]) may
                          where c.relname = $2 and c.relkind in ('r', 'v')
                            and case when may = 'delete' then has_table_privilege(r.oid, c.oid, may) and not has_table_privilege(c.oid, may)
                                     else has_any_column_privilege(r.oid, c.oid, may) and not has_any_column_privilege(c.oid, may) end))
           order by o.place) as holders
         where exists (select from ours)`,
      [[schema, internalSchema(schema)], object, sidecar ? ['taxon_sidecar', 'taxon_admin'] : roles],
    );
    const [found] = rows;
    if (found === undefined) return;
    const role = found.holders[0] ?? (sidecar ? 'taxon_sidecar' : undefined);
    if (role !== undefined) denied.hint = `As the owner of the schema type: grant ${role} to ${found.login};`;
    else if ([schema, internalSchema(schema)].includes(object))
      denied.hint = `As the owner of the schema type: grant taxon_reader to ${found.login}; to look, or taxon_admin to change things.`;
  } catch (problem) {
    log.debug('who may do it could not be asked', { error: messageOf(problem) });
  }
}
