import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taxonHere } from '../support/command.ts';
import { createDatabase, type TestDatabase, testDatabase } from '../support/database.ts';

interface Check {
  item: string;
  status: 'ok' | 'warn' | 'bad';
  value: string;
  todo: string;
}

async function doctor(url: string | undefined, ...args: string[]) {
  const { code, stdout } = await taxonHere(
    ['doctor', '--json', ...args],
    url === undefined ? {} : { DATABASE_URL: url },
  );
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return {
    code,
    of: Object.fromEntries(checks.map((check) => [check.item, check])) as Record<string, Check>,
  };
}

describe('taxon doctor', () => {
  let bare: TestDatabase;
  let migrated: TestDatabase;

  beforeAll(async () => {
    bare = await testDatabase({ template: false });
    migrated = await testDatabase();
  });
  afterAll(async () => {
    await bare?.drop();
    await migrated?.drop();
  });

  it('says what to type as it was called, and so does each hint: npx puts nothing into the PATH', async () => {
    const typed = async (npm_command: string) => {
      const environment = { DATABASE_URL: bare.superUrl, npm_command };
      const { stdout } = await taxonHere(['doctor'], environment);
      const { stderr } = await taxonHere(['status'], environment);
      return { doctor: /→ (.* migrate)/.exec(stdout)?.[1], hint: stderr.trim().split('\n').at(-1)?.trim() };
    };
    expect(await typed('exec')).toEqual({ doctor: 'npx pgtaxon migrate', hint: 'Run: npx pgtaxon migrate' });
    expect(await typed('test')).toEqual({ doctor: 'taxon migrate', hint: 'Run: taxon migrate' });
  });

  it('says of a database that will do what taxon migrate would make', async () => {
    const { code, of } = await doctor(bare.url);
    expect(code).toBe(0);
    // Debian 12 has 0.8.0, the wheel a sound one
    const sound = !/^0\.8\.[0-3]/.test(of.vector?.value ?? '');
    expect(of).toMatchObject({
      node: { status: 'ok', value: process.versions.node },
      database: { status: 'ok' },
      version: { status: 'ok' },
      encoding: { status: 'ok', value: 'UTF8' },
      vector: sound
        ? { status: 'ok' }
        : { status: 'warn', todo: expect.stringContaining('Install pgvector 0.8.4 or newer') },
      pg_trgm: { status: 'ok' },
      rights: { status: 'ok' },
      roles: { status: 'ok' },
      pooler: { status: 'ok', value: 'none' },
      schema: { status: 'ok', value: '"taxon" is not there yet', todo: 'taxon migrate' },
      llm: { status: 'ok', todo: 'export OPENAI_API_KEY=…' },
    });
  });

  it('knows a migrated one', async () => {
    const { code, of } = await doctor(migrated.url);
    expect(code).toBe(0);
    expect(of.schema).toMatchObject({ status: 'ok', value: '"taxon" is up to date' });
  });

  it('a login that may make nothing is bad, with what somebody else has to type', async () => {
    const { code, of } = await doctor(await bare.urlFor('taxon_reader'));
    expect(code).toBe(1);
    expect(of.rights).toMatchObject({
      status: 'bad',
      value: 'login_taxon_reader may not make schemas',
      todo: expect.stringContaining('grant create on database'),
    });
    expect(of.schema).toBeUndefined();
  });

  it('a database of another encoding is bad', async () => {
    const odd = await createDatabase({ locale: 'C', encoding: 'LATIN1' });
    const { code, of } = await doctor(odd.superUrl);
    await odd.drop();
    expect(code).toBe(1);
    expect(of.encoding).toMatchObject({
      status: 'bad',
      value: 'LATIN1',
      todo: expect.stringContaining("encoding 'UTF8'"),
    });
  });

  it('a database that knows no letters beyond ASCII is bad', async () => {
    const odd = await createDatabase({ locale: 'C' });
    const { code, of } = await doctor(odd.superUrl);
    await odd.drop();
    expect(code).toBe(1);
    expect(of.locale).toMatchObject({
      status: 'bad',
      value: expect.stringContaining('no letters beyond ASCII'),
    });
  });

  it('a server that cannot be reached is bad, without a stack', async () => {
    const { code, of } = await doctor('postgres://nobody@127.0.0.1:1/nothing');
    expect(code).toBe(1);
    expect(of.database).toMatchObject({ status: 'bad', value: expect.stringContaining('ECONNREFUSED') });
  });

  it('without a database looks at the machine, and estimates for the names that are said', async () => {
    const { code, of } = await doctor(undefined, '--names', '57029');
    expect(code).toBe(0);
    expect(of.database?.todo).toContain('DATABASE_URL');
    expect(of.estimate?.value).toContain('57,029 names: a first model in 6 s');
  });

  it('prints a line each for people', async () => {
    const { stdout } = await taxonHere(['doctor'], { DATABASE_URL: bare.url });
    expect(stdout).toMatch(/^ok {4}node +\d/m);
    expect(stdout).toContain('→ taxon migrate');
    expect(stdout).toMatch(
      /^warn/m.test(stdout) ? /It can begin; \d of 16 are worth a look\./ : /All is there\./,
    );
  });
});
