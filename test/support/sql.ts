import pg from 'pg';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type TestDatabase, testDatabase } from './database.ts';
import { emptying } from './emptying.ts';

const int8 = 20;
const numeric = 1700;
/** bigint and numeric as numbers, as src/database/open.ts reads them. */
const types = {
  getTypeParser: (oid: number, format: 'text' | 'binary' = 'text') =>
    format === 'text' && (oid === int8 || oid === numeric) ? Number : pg.types.getTypeParser(oid, 'text'),
};

/** One connection, with the short forms that tests of SQL read best in. */
export interface Session {
  client: pg.Client;
  rows<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T[]>;
  /** The one row; an error when there is another number of them. */
  row<T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<T>;
  /** The first column of the one row. */
  value<T = unknown>(sql: string, ...values: unknown[]): Promise<T>;
  close(): Promise<void>;
}

/** Opens a connection; notices of the server are kept off the screen. */
export async function openSession(url: string, searchPath?: string): Promise<Session> {
  const client = new pg.Client({ connectionString: url, types: types as pg.CustomTypesConfig });
  client.on('error', () => {}); // a test ended the connection on purpose
  await client.connect();
  // a statement that hangs fails its own test instead of all that follow
  await client.query(`set statement_timeout = '120 s'`);
  if (searchPath !== undefined) await client.query(`set search_path = ${searchPath}`);
  async function rows<T>(sql: string, ...values: unknown[]): Promise<T[]> {
    return (await client.query(sql, values)).rows as T[];
  }
  async function row<T>(sql: string, ...values: unknown[]): Promise<T> {
    const found = await rows<T>(sql, ...values);
    const [first] = found;
    if (first === undefined || found.length > 1)
      throw new Error(`${found.length} rows instead of one came back from: ${sql}`);
    return first;
  }
  return {
    client,
    rows,
    row,
    async value<T>(sql: string, ...values: unknown[]): Promise<T> {
      return Object.values(await row<Record<string, T>>(sql, ...values))[0] as T;
    },
    close: () => client.end(),
  };
}

interface Product {
  product_id: number;
  external_id: string | null;
  name: string | null;
  name_key: string | null;
  category_id: number | null;
  l1: number | null;
  l2: number | null;
  l3: number | null;
  l1_confidence: number | null;
  source: string | null;
  similarity: number | null;
  matched_key: string | null;
  model_id: number | null;
  llm_call_id: number | null;
  state: string;
  failure: string | null;
}

/** A migrated database for one test file, emptied before each test. */
export interface TaxonDatabase {
  /** The owner's connection, with the schema in its search_path. */
  readonly owner: Session;
  readonly database: TestDatabase;
  /** One more connection, closed after the file; a role is connected by a login that has nothing else. */
  connect(role?: string, searchPath?: string): Promise<Session>;
  superuser(): Promise<Session>;
  /** Makes a category from "a > b > c" and returns its id. */
  category(path: string): Promise<number>;
  /** Puts a label into memory and returns the category's id. */
  label(name: string, path: string, source?: string): Promise<number>;
  insert(name: string | null): Promise<Product>;
  /** Inserts names in one statement, and takes them in as claims do first. */
  insertAll(...names: string[]): Promise<void>;
  /** Leases names of the local stage to a worker; returns them in order. */
  claim(worker: string, most?: number, lease?: string): Promise<string[]>;
  product(id: number): Promise<Product>;
  /** The name keys in the queue, each as often as it stands there. */
  queued(stage?: 'local' | 'llm'): Promise<string[]>;
}

/** Call at the top of a test file: registers the hooks that make, empty and drop its database. */
export function taxonDatabase(): TaxonDatabase {
  let database: TestDatabase;
  let owner: Session;
  let janitor: Session;
  const sessions: Session[] = [];
  let settings: { key: string; value: string }[] = [];

  async function open(url: string, searchPath?: string): Promise<Session> {
    const session = await openSession(url, searchPath);
    sessions.push(session);
    return session;
  }
  beforeAll(async () => {
    database = await testDatabase();
    owner = await open(database.url, 'taxon, taxon_internal, extensions, public');
    janitor = await open(database.superUrl);
    await janitor.rows('set session_replication_role = replica');
    await janitor.rows(emptying);
    settings = await owner.rows('select key, value::text from all_settings');
  });
  beforeEach(async () => {
    await janitor.rows('select pg_temp.empty_all()');
    await owner.rows(
      'update all_settings s set value = was.value::jsonb from json_to_recordset($1) was(key text, value text) where s.key = was.key and s.value <> was.value::jsonb',
      JSON.stringify(settings),
    );
  });
  afterAll(async () => {
    for (const session of sessions) await session.close().catch(() => {});
    await database?.drop();
  });

  const category = (path: string) =>
    owner.value<number>(`select make_category(string_to_array($1, ' > '))`, path);
  return {
    get owner() {
      return owner;
    },
    get database() {
      return database;
    },
    async connect(role, searchPath) {
      return open(role === undefined ? database.url : await database.urlFor(role), searchPath);
    },
    superuser: () => open(database.superUrl, 'taxon, taxon_internal, extensions, public'),
    category,
    async label(name, path, source = 'llm') {
      const id = await category(path);
      await owner.rows(
        'insert into labels (name_key, category_id, source) values (normalise($1), $2, $3)',
        name,
        id,
        source,
      );
      return id;
    },
    insert: (name) => owner.row('insert into products (name) values ($1) returning *', name),
    async insertAll(...names) {
      await owner.rows('insert into products (name) select unnest($1::text[])', names);
      await owner.rows('select take_in()');
    },
    async claim(worker, most = 100, lease = '60 s') {
      const claimed = await owner.rows<{ name_key: string }>(
        'select name_key from claim($1, $2, $3) order by 1',
        worker,
        most,
        lease,
      );
      return claimed.map((entry) => entry.name_key);
    },
    product: (id) => owner.row('select * from products where product_id = $1', id),
    async queued(stage = 'local') {
      // as claims do first
      await owner.rows('select take_in()');
      const found = await owner.rows<{ name_key: string }>(
        'select name_key from queue where stage = $1 order by name_key, queue_id',
        stage,
      );
      return found.map((entry) => entry.name_key);
    },
  };
}
