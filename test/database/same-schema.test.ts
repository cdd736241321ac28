import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/database/connection/migrate.ts';
import { migrationScript } from '../../src/database/connection/sql-files.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { copySql, migrationNames, psqlFile, schemaText } from '../support/schema.ts';
import { openSession } from '../support/sql.ts';

let fresh: string;
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  fresh = await schemaText(database.url, 'taxon');
  await database.drop();
});
afterEach(() => database.drop());

test('the text that is compared has everything in it', () => {
  for (const part of [
    'CREATE TABLE taxon.products (',
    'CREATE FUNCTION taxon.normalise(name text)',
    'CREATE TRIGGER answer_on_insert',
    'CREATE INDEX labels_trigrams',
    'CREATE VIEW taxon.products_readable',
    "COMMENT ON COLUMN taxon.products.name IS 'The name as given.",
    'GRANT INSERT(name),UPDATE(name) ON TABLE taxon.products TO taxon_writer',
    'REVOKE ALL ON FUNCTION taxon_internal.claim(',
    'ALTER TABLE taxon.labels OWNER TO owner',
    '\nmax_attempts|5|',
    '\nsql_sha256|"',
  ])
    expect(fresh).toContain(part);
});

describe('an upgrade gives what a fresh database has', () => {
  // Nothing is released, so no stand is anybody's: the first, one in the middle and the last show that each file needs
  // those before it alone, and that the repeatable SQL may come later. Each loads all SQL and dumps the schema, 1 s.
  const files = migrationNames();
  const stands = [1, Math.floor(files.length / 2), files.length];
  test.each(stands.map((count) => [files[count - 1], count] as const))(
    'from the stand of %s',
    async (_file, count) => {
      const stand = copySql(count, false);
      try {
        const { migrations } = await migrate({ url: await emptyUrl(), schema: 'taxon', root: stand.folder });
        expect(migrations).toHaveLength(count);
      } finally {
        stand.remove();
      }
      expect(await migrate({ url: database.url, schema: 'taxon' })).toMatchObject({
        migrations: files.slice(count).map((file) => file.replace('.sql', '')),
        repeatable: true,
      });
      expect(await schemaText(database.url, 'taxon')).toBe(fresh);
    },
  );
});

describe('taxon migrate --sql', () => {
  const file = join(tmpdir(), `pgtaxon-${process.pid}.sql`);
  afterAll(() => rmSync(file, { force: true }));

  test('run by a DBA in psql -1 gives the same, and migrate has nothing left to do', async () => {
    const url = await emptyUrl();
    writeFileSync(file, migrationScript('taxon', ['extensions']));
    await psqlFile(url, file);
    expect(await schemaText(url, 'taxon')).toBe(fresh);
    expect(await migrate({ url, schema: 'taxon' })).toEqual({ migrations: [], repeatable: false });
  });

  test('refuses a path into which others can write, as migrate does', async () => {
    await emptyUrl();
    const admin = await openSession(database.superUrl);
    await admin.rows('grant create on schema extensions to public');
    writeFileSync(file, migrationScript('taxon', ['extensions']));
    await expect(psqlFile(database.url, file)).rejects.toThrow(
      'PUBLIC may create functions in it (schema extensions)',
    );
    expect(await admin.value(`select to_regnamespace('taxon')`)).toBeNull();
    await admin.close();
  });
});

async function emptyUrl(): Promise<string> {
  database = await testDatabase({ template: false });
  return database.url;
}
