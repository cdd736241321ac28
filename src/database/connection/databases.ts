import pg from 'pg';

const duplicate = ['42P04', '23505'];

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'taxon db', ssl: false });
  client.on('error', () => {}); // what runs on it fails too
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * The first of the names that the server has a database of.
 *
 * @param url of its database `postgres`
 */
export function firstDatabase(url: string, names: readonly string[]): Promise<string | undefined> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where datallowconn and datname = any($1)',
      [names],
    );
    return names.find((name) => rows.some((row) => row.datname === name));
  });
}

/**
 * Creates a database, empty and in UTF-8, where it is absent.
 *
 * @param url of the server's database `postgres`, as somebody who may create databases
 */
export async function ensureDatabase(url: string, name: string): Promise<void> {
  if ((await firstDatabase(url, [name])) !== undefined) return;
  await withClient(url, async (client) => {
    try {
      await client.query(
        `create database ${client.escapeIdentifier(name)} template template0 encoding 'UTF8'`,
      );
    } catch (error) {
      // Another process was faster: what was wanted is there.
      if (!duplicate.includes((error as pg.DatabaseError).code ?? '')) throw error;
    }
  });
}
