import pg from 'pg';
import { messageOf, TaxonError } from '../../errors.ts';
import { newClient } from './connect.ts';
import { migrate } from './migrate.ts';
import { roles } from './rights.ts';

/** What a database says of itself before pgtaxon is in it. Everything here only reads. */

interface Extension {
  name: string;
  /** Null: not in this database. */
  installed: string | null;
  /** Null: not on this server. */
  available: string | null;
  /** Whether this login may create it. */
  creatable: boolean;
}

export interface Inspection {
  /** 170002. */
  version: number;
  database: string;
  login: string;
  superuser: boolean;
  encoding: string;
  /** Whether lower() and patterns know letters beyond ASCII. */
  letters: boolean;
  locale: string;
  icu: boolean;
  createSchema: boolean;
  createRole: boolean;
  missingRoles: string[];
  extensions: Extension[];
  /** Bytes of this database. */
  size: number;
  /** Whether the address goes through a transaction pooler. */
  pooled: boolean;
  /** Connections that are free, of those that this server allows. */
  connections: { used: number; most: number };
}

const options = {
  application_name: 'taxon doctor',
  connectionTimeoutMillis: 10_000,
  query_timeout: 30_000,
};

const question = `
  select current_setting('server_version_num')::int as version, current_database() as database, current_user as login,
         r.rolsuper as superuser, getdatabaseencoding() as encoding, 
         -- Cyrillic CHE; another encoding has no such numbers
         lower(chr(case getdatabaseencoding() when 'UTF8' then 1063 else 67 end)) = chr(case getdatabaseencoding() when 'UTF8' then 1095 else 99 end)
           and chr(case getdatabaseencoding() when 'UTF8' then 1095 else 99 end) ~ '[[:alpha:]]' as letters,
         d.datctype as locale, exists (select from pg_collation where collname = 'und-x-icu') as icu,
         has_database_privilege(d.oid, 'create') as "createSchema", r.rolsuper or r.rolcreaterole as "createRole",
         array(select n from unnest($1::text[]) n where n not in (select rolname from pg_roles)) as "missingRoles",
         pg_database_size(d.oid)::float8 as size,
         json_build_object('used', (select count(*) from pg_stat_activity), 'most', current_setting('max_connections')::int) as connections,
         (select json_agg(json_build_object('name', n, 'installed', e.extversion, 'available', a.default_version,
                   'creatable', r.rolsuper or has_database_privilege(d.oid, 'create')
                     and exists (select from pg_available_extension_versions v where v.name = n and v.version = a.default_version and v.trusted)))
            from unnest('{vector,pg_trgm}'::text[]) n left join pg_extension e on e.extname = n
            left join pg_available_extensions a on a.name = n) as extensions
    from pg_database d, pg_roles r where d.datname = current_database() and r.rolname = current_user`;

/**
 * Asks a database about itself, in one transaction that may not write.
 *
 * @throws what the connection throws where it cannot be reached
 */
export async function inspect(url: string): Promise<Inspection> {
  const client = newClient(url, options);
  await client.connect();
  try {
    await client.query('begin transaction read only');
    const { rows } = await client.query<Omit<Inspection, 'pooled'> & { pid: number }>(
      question.replace('select current_setting', 'select pg_backend_pid() as pid, current_setting'),
      [roles],
    );
    await client.query('rollback');
    const [row] = rows;
    if (row === undefined) throw new TaxonError('the database does not tell about itself');
    const { pid, ...told } = row;
    // a server tells each client the process id of its own backend; a pooler makes one up
    return { ...told, pooled: pid !== (client as { processID?: number | null }).processID };
  } finally {
    await client.end();
  }
}

/** What `taxon migrate` would do, or why it could not. */
export type Migration = { due: boolean; made: boolean } | { refused: string; hint: string | undefined };

/** Lets migrate look, without a change: every reason for which it would refuse is met. */
export async function lookAtMigration(url: string, schema: string): Promise<Migration> {
  try {
    const { migrations, repeatable } = await migrate({ url, schema, check: true, lockWaitSeconds: 5 });
    // the first one makes the schemas
    return {
      due: migrations.length > 0 || repeatable,
      made: !migrations.some((name) => name.startsWith('0001')),
    };
  } catch (error) {
    if (error instanceof TaxonError || error instanceof pg.DatabaseError)
      return { refused: messageOf(error), hint: (error as { hint?: string }).hint };
    throw error;
  }
}
