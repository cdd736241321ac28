import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uselessDirect } from '../../../src/database/connection/direct.ts';
import { taxonHere } from '../../support/command.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { needsPooler, type Pooler, poolerInstalled, startPooler } from '../../support/pgbouncer.ts';
import { startSidecarHere } from '../../support/sidecar.ts';

let database: TestDatabase;
let other: TestDatabase;
let pooler: Pooler | undefined;
const nowhere = 'postgres://me:hunter22@127.0.0.1:1/shop';

beforeAll(async () => {
  database = await testDatabase();
  other = await testDatabase();
  if (poolerInstalled) pooler = await startPooler(database.url, 2);
});
afterAll(async () => {
  await pooler?.stop();
  await database?.drop();
  await other?.drop();
});

const both = (direct: string) => ({ DATABASE_URL: database.url, TAXON_DIRECT_DATABASE_URL: direct });

describe('TAXON_DIRECT_DATABASE_URL', () => {
  test('of the same database says nothing, past a pooler too', async (context) => {
    expect(await uselessDirect(database.url, database.url)).toBeNull();
    needsPooler(context);
    expect(await uselessDirect(pooler?.urlOf(database.url) ?? '', database.url)).toBeNull();
  });

  test('of another database ends migrate and a sidecar at the start, and says what is wrong', async () => {
    for (const command of [['migrate', '--check'], ['migrate'], ['sidecar']]) {
      const { code, stderr } = await taxonHere(command, both(other.url));
      expect(code).toBe(1);
      expect(stderr).toContain('TAXON_DIRECT_DATABASE_URL leads to another database than DATABASE_URL');
    }
  });

  test('that nobody answers ends migrate; a sidecar says so and polls', async () => {
    const { code, stderr } = await taxonHere(['migrate'], both(nowhere));
    expect(code).toBe(1);
    expect(stderr).toContain('TAXON_DIRECT_DATABASE_URL cannot be reached: ');
    expect(stderr).not.toContain('hunter22');
    const sidecar = await startSidecarHere(database.url, both(nowhere));
    expect(sidecar.troubles()).toContain('TAXON_DIRECT_DATABASE_URL cannot be reached: ');
    await sidecar.stop();
  });

  test('that goes through a pooler too is said', async (context) => {
    needsPooler(context);
    const pooled = pooler?.urlOf(database.url) ?? '';
    expect(await uselessDirect(pooled, pooled)).toBe(
      'TAXON_DIRECT_DATABASE_URL goes through a connection pooler too',
    );
  });
});
