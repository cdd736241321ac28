import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Cluster, startCluster } from '../../src/cluster/cluster.ts';
import { migrate } from '../../src/database/connection/migrate.ts';
import { postgres } from './cluster.ts';

export { type OwnCluster, ownCluster } from './cluster.ts';

/** Owns every test database: what a managed PostgreSQL gives. */
const owner = 'owner';
/** As a managed PostgreSQL hands it over: the extensions are there, in a schema of their own. */
const bareTemplate = 'template_bare';
/** The same, migrated. */
const migratedTemplate = 'template_taxon';
/** One lock for what all test processes make once: roles and templates. */
const setUpLock = 7_301_992;

export interface TestDatabase {
  name: string;
  /** Connects as `owner`, who is no superuser. */
  url: string;
  superUrl: string;
  /**
   * Connects as a login that is a member of the role and of nothing else, as an application would; `owner` and other
   * roles that may log in connect themselves.
   */
  urlFor(role: string): Promise<string>;
  drop(): Promise<void>;
}

export interface Locale {
  /** The operating system's locale, e.g. `C` or `C.UTF-8`. */
  locale: string;
  /** An ICU locale, e.g. `tr-TR`; then `locale` is only what ICU does not do. */
  icuLocale?: string;
  /** Default UTF8. */
  encoding?: string;
}

type Rows = Record<string, unknown>[];

/** Runs statements one by one and returns the last one's rows. */
async function runEach(on: pg.Client | pg.Pool, statements: readonly string[]): Promise<Rows> {
  let rows: Rows = [];
  for (const statement of statements) rows = (await on.query(statement)).rows;
  return rows;
}

/** The same as one client. */
async function sql(url: string, ...statements: string[]): Promise<Rows> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await runEach(client, statements);
  } finally {
    await client.end();
  }
}

let administrator: pg.Pool | undefined;

/**
 * The same in the shared cluster, on one connection a process: each costs
 * the server some 5 ms before it does anything, and a file makes, asks for and drops databases half a dozen times.
 */
async function administer(cluster: Cluster, ...statements: string[]): Promise<Rows> {
  if (administrator === undefined) {
    administrator = new pg.Pool({
      connectionString: cluster.url('postgres'),
      max: 1,
      idleTimeoutMillis: 0,
      allowExitOnIdle: true,
    });
    administrator.on('error', () => {}); // gone with the cluster, or ended by a test: the next statement opens another
  }
  return runEach(administrator, statements);
}

const extensions = [
  `create schema extensions`,
  `create extension vector schema extensions`,
  `create extension pg_trgm schema extensions`,
  `grant usage on schema extensions to public`,
];

/** Does what is to be done once in the cluster, while no other test process does; `done` says that it was. */
async function once(cluster: Cluster, done: string, work: () => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: cluster.url('postgres') });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [setUpLock]);
    if ((await client.query(done)).rowCount === 0) await work();
  } finally {
    await client.end();
  }
}

const made = new Map<string, Promise<void>>();

/** Templates stay for the run, so that a process asks for each one time. */
function template(cluster: Cluster, name: string, make: () => Promise<void>): Promise<void> {
  const known = made.get(name) ?? once(cluster, exists(name), make);
  made.set(name, known);
  known.catch(() => made.delete(name));
  return known;
}

const exists = (template: string) => `select from pg_database where datname = '${template}'`;

async function makeBareTemplate(cluster: Cluster): Promise<void> {
  const building = `${bareTemplate}_building`;
  await administer(
    cluster,
    `create role ${owner} login createrole createdb nosuperuser`,
    `create database ${building} owner ${owner} template template0 encoding 'UTF8'`,
  );
  await sql(cluster.url(building), ...extensions);
  await administer(cluster, `alter database ${building} rename to ${bareTemplate}`);
}

async function makeMigratedTemplate(cluster: Cluster): Promise<void> {
  const building = `${migratedTemplate}_building`;
  // An earlier attempt failed in migrate.
  await administer(
    cluster,
    `drop database if exists ${building}`,
    `create database ${building} owner ${owner} template ${bareTemplate}`,
  );
  await migrate({ url: cluster.url(building, owner), schema: 'taxon' });
  await administer(cluster, `alter database ${building} rename to ${migratedTemplate}`);
}

const bare = (cluster: Cluster) => template(cluster, bareTemplate, () => makeBareTemplate(cluster));

async function migrated(cluster: Cluster): Promise<void> {
  await bare(cluster);
  await template(cluster, migratedTemplate, () => makeMigratedTemplate(cluster));
}

let started: Promise<Cluster> | undefined;

/** The run's shared cluster; the first call of the run starts it, which costs about 1.5 s. */
function sharedCluster(): Promise<Cluster> {
  started ??= startCluster(inject('clusterDataDir'), { postgres, throwAway: true });
  return started;
}

function databaseOf(cluster: Cluster, name: string): TestDatabase {
  return {
    name,
    url: cluster.url(name, owner),
    superUrl: cluster.url(name),
    async urlFor(role) {
      const [found] = await administer(cluster, `select rolcanlogin from pg_roles where rolname = '${role}'`);
      if (found === undefined) throw new Error(`there is no role ${role}`);
      if (found.rolcanlogin === true) return cluster.url(name, role);
      const login = `login_${role}`;
      await once(cluster, `select from pg_roles where rolname = '${login}'`, async () => {
        await administer(cluster, `create role ${login} login in role ${role}`);
      });
      return cluster.url(name, login);
    },
    async drop() {
      await administer(cluster, `drop database if exists ${name} with (force)`);
    },
  };
}

const uniqueName = () => `test_${randomBytes(6).toString('hex')}`;

/** Copies the files: 75 ms, where the default, which writes all pages to the log, took 155. */
async function clone(cluster: Cluster, template: string): Promise<TestDatabase> {
  const name = uniqueName();
  await administer(cluster, `create database ${name} owner ${owner} template ${template} strategy file_copy`);
  return databaseOf(cluster, name);
}

/**
 * A database for one test file, cloned from a template in about .1 s.
 *
 * @param options template: migrated, schema `taxon` (the default), or with the extensions alone (false)
 */
export async function testDatabase(options: { template?: boolean } = {}): Promise<TestDatabase> {
  const cluster = await sharedCluster();
  if (options.template === false) {
    await bare(cluster);
    return clone(cluster, bareTemplate);
  }
  await migrated(cluster);
  return clone(cluster, migratedTemplate);
}

/**
 * A database cloned from a template that `build` fills once a run, starting from a migrated database.
 *
 * @param name of the template
 * @param build gets the URL of the template in the making, as `owner`
 */
export async function testDatabaseFrom(
  name: string,
  build: (url: string) => Promise<void>,
): Promise<TestDatabase> {
  const cluster = await sharedCluster();
  await migrated(cluster);
  await template(cluster, name, async () => {
    const building = `${name}_building`;
    await administer(
      cluster,
      `drop database if exists ${building}`,
      `create database ${building} owner ${owner} template ${migratedTemplate}`,
    );
    await build(cluster.url(building, owner));
    await administer(cluster, `alter database ${building} rename to ${name}`);
  });
  return clone(cluster, name);
}

/** A database of another locale, not migrated, with the extensions in the schema `extensions`. */
export async function createDatabase(options: Locale): Promise<TestDatabase> {
  const cluster = await sharedCluster();
  await bare(cluster);
  const name = uniqueName();
  const icu = options.icuLocale === undefined ? '' : `locale_provider icu icu_locale '${options.icuLocale}'`;
  await administer(
    cluster,
    `create database ${name} owner ${owner} template template0 encoding '${options.encoding ?? 'UTF8'}' locale '${options.locale}' ${icu}`,
  );
  await sql(cluster.url(name), ...extensions);
  return databaseOf(cluster, name);
}
