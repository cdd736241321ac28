import type { Config } from '../config.ts';
import { uselessDirect } from '../database/connection/direct.ts';
import { type Inspection, inspect, lookAtMigration } from '../database/connection/inspect.ts';
import { messageOf } from '../errors.ts';
import { bad, type Check, gigabytes, ok, warn } from './check.ts';

const oldest = 150_000;
/** Below it, vacuuming an HNSW index has faults. */
const soundVector = [0, 8, 4];

const older = (version: string, than: readonly number[]) => {
  const parts = version.split('.').map(Number);
  const at = than.findIndex((part, i) => part !== (parts[i] ?? 0));
  return at !== -1 && (parts[at] ?? 0) < (than[at] ?? 0);
};

function version({ version }: Inspection): Check {
  const said = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}`;
  return version < oldest
    ? bad('version', said, 'pgtaxon needs 15 or newer: upgrade the server.')
    : ok('version', said);
}

function extension({ name, installed, available, creatable }: Inspection['extensions'][number]): Check {
  if (installed !== null)
    return name === 'vector' && older(installed, soundVector)
      ? warn(
          name,
          `${installed}: nearest neighbours stay exact, which is slower`,
          available !== null && !older(available, soundVector)
            ? 'As a superuser: alter extension vector update;'
            : `Install pgvector ${soundVector.join('.')} or newer on the server, then as a superuser: alter extension vector update;`,
        )
      : ok(name, installed);
  if (available === null)
    return bad(
      name,
      'not on this server',
      name === 'vector'
        ? 'Install pgvector (Debian: apt-get install postgresql-NN-pgvector), or switch it on at your provider.'
        : 'Install the contrib modules (Debian: they come with postgresql-NN).',
    );
  return creatable
    ? ok(name, `${available}, made by taxon migrate`)
    : bad(name, `${available} is there, not in this database`, `As a superuser: create extension ${name};`);
}

function text({ encoding, letters, locale, icu, database }: Inspection): Check[] {
  const anew = `create database ${database}_utf8 template template0 encoding 'UTF8' locale 'C.UTF-8';`;
  return [
    encoding === 'UTF8' ? ok('encoding', encoding) : bad('encoding', encoding, anew),
    letters
      ? ok('locale', `${locale}${icu ? ', ICU' : ', no ICU: lower case by the server’s own tables'}`)
      : bad('locale', `${locale}: it knows no letters beyond ASCII`, anew),
  ];
}

function rights({ login, superuser, createSchema, createRole, missingRoles, database }: Inspection): Check[] {
  const made = missingRoles.map((name) => `create role ${name} nologin;`).join(' ');
  const roles =
    missingRoles.length === 0
      ? ok('roles', 'the four are there')
      : createRole
        ? ok('roles', `${missingRoles.length} of 4 are missing, taxon migrate makes them`)
        : bad(
            'roles',
            `${login} may not make roles, missing: ${missingRoles.join(', ')}`,
            `As somebody who may: ${made}`,
          );
  return [
    createSchema
      ? ok(
          'rights',
          `${login} may make schemas${superuser ? '; it is a superuser, an owner without is enough' : ''}`,
        )
      : bad(
          'rights',
          `${login} may not make schemas`,
          `As the owner of the database: grant create on database ${database} to ${login};`,
        ),
    roles,
  ];
}

async function pooler({ pooled }: Inspection, url: string, config: Config): Promise<Check> {
  const direct = config.directDatabaseUrl;
  if (direct !== undefined) {
    const reason = await uselessDirect(url, direct).catch(messageOf);
    return reason === null
      ? ok('pooler', `${pooled ? 'a pooler; ' : ''}TAXON_DIRECT_DATABASE_URL leads past it`)
      : bad(
          'pooler',
          reason,
          'Correct TAXON_DIRECT_DATABASE_URL, or leave it out where DATABASE_URL is direct.',
        );
  }
  return pooled
    ? bad(
        'pooler',
        'DATABASE_URL goes through a pooler',
        'Give the address past it too: export TAXON_DIRECT_DATABASE_URL=postgres://…',
      )
    : ok('pooler', 'none');
}

async function schema(url: string, config: Config): Promise<Check> {
  const found = await lookAtMigration(config.directDatabaseUrl ?? url, config.schema);
  if ('refused' in found)
    return bad(
      'schema',
      found.refused,
      found.hint ?? 'See the message, and try again: taxon migrate --check',
    );
  if (!found.made) return ok('schema', `"${config.schema}" is not there yet`, 'taxon migrate');
  return found.due
    ? warn('schema', `"${config.schema}" is older than this program`, 'taxon migrate')
    : ok('schema', `"${config.schema}" is up to date`);
}

/** The database; what follows from a server that is too old or cannot be reached is not asked. */
export async function serverChecks(url: string, config: Config): Promise<Check[]> {
  let found: Inspection;
  try {
    found = await inspect(url);
  } catch (error) {
    return [
      bad(
        'database',
        messageOf(error),
        'Correct DATABASE_URL=postgres://user@host:5432/database, and see that the server runs.',
      ),
    ];
  }
  const { used, most } = found.connections;
  const reached = `${found.database} as ${found.login}, ${gigabytes(found.size)}, ${used} of ${most} connections in use`;
  const checks = [
    ok('database', reached),
    version(found),
    ...text(found),
    ...found.extensions.map(extension),
    ...rights(found),
    await pooler(found, url, config),
  ];
  // what it would say is said already
  const hopeless = checks.some(({ status, item }) => status === 'bad' && item !== 'schema');
  return hopeless ? checks : [...checks, await schema(url, config)];
}
