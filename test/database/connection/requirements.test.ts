import { afterEach, describe, expect, test } from 'vitest';
import { migrate } from '../../../src/database/connection/migrate.ts';
import { TaxonError } from '../../../src/errors.ts';
import { createDatabase, type TestDatabase, testDatabase } from '../../support/database.ts';
import { needsMachine } from '../../support/needs.ts';
import { needsPooler, startPooler } from '../../support/pgbouncer.ts';
import { openSession } from '../../support/sql.ts';

let database: TestDatabase;
afterEach(() => database.drop());

/** What migrate says, once it is sure that it left nothing behind. */
async function refusal(url = database.url): Promise<TaxonError> {
  const error = await migrate({ url, schema: 'taxon' }).catch((error) => error);
  expect(error).toBeInstanceOf(TaxonError);
  const sql = await openSession(database.url);
  expect(await sql.value(`select to_regnamespace('taxon')`)).toBeNull();
  await sql.close();
  return error;
}

describe('migrate refuses', () => {
  test('a database whose encoding is not UTF8', async () => {
    database = await createDatabase({ locale: 'C', encoding: 'LATIN1' });
    const { message, hint } = await refusal();
    expect(message).toBe(`the database ${database.name} has the encoding LATIN1`);
    expect(hint).toContain(`encoding 'UTF8'`);
  });

  test('a database in whose locale pg_trgm is blind to Cyrillic', async () => {
    database = await createDatabase({ locale: 'C' });
    const { message, hint } = await refusal();
    expect(message).toBe('pg_trgm sees no letters in Cyrillic names here: the database has the locale C');
    expect(hint).toContain(`locale 'C.UTF-8'`);
  });

  test('that also where ICU does the rest', async (context) => {
    needsMachine(context, 'ICU');
    database = await createDatabase({ locale: 'C', icuLocale: 'tr-TR' });
    expect((await refusal()).message).toContain('pg_trgm sees no letters');
  });

  test('an extension that is missing and that its role may not make', async () => {
    database = await testDatabase({ template: false });
    const admin = await openSession(database.superUrl);
    await admin.rows('drop extension vector');
    await admin.close();
    const { message, hint } = await refusal();
    expect(message).toBe('the extension vector is not installed in this database and could not be created');
    expect(hint).toContain('As a superuser type: create extension vector;');
  });

  test('a transaction pooler, of one connection and of several', async (context) => {
    needsPooler(context);
    database = await testDatabase({ template: false });
    for (const size of [1, 3]) {
      const pooler = await startPooler(database.url, size);
      try {
        const { message, hint } = await refusal(pooler.urlOf(database.url));
        expect(message).toBe('migrations cannot run through a connection pooler');
        expect(hint).toContain('TAXON_DIRECT_DATABASE_URL');
      } finally {
        await pooler.stop();
      }
    }
  });
});

describe('migrate accepts', () => {
  test('a Turkish database', async (context) => {
    needsMachine(context, 'ICU');
    database = await createDatabase({ locale: 'C.UTF-8', icuLocale: 'tr-TR' });
    expect((await migrate({ url: database.url, schema: 'taxon' })).repeatable).toBe(true);
  });
});
