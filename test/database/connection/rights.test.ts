import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../../src/database/connection/migrate.ts';
import { TaxonError } from '../../../src/errors.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { openSession, type Session } from '../../support/sql.ts';

/*
 * The owner's functions look into the schema of the extensions. Whoever may create there can offer a function that fits
 * better than the server's own.
 */
let database: TestDatabase;
let admin: Session;
const made: string[] = [];

beforeEach(async () => {
  database = await testDatabase({ template: false });
  admin = await openSession(database.superUrl);
});
afterEach(async () => {
  for (const role of made.splice(0).reverse()) {
    await admin.rows(`drop owned by ${role} cascade`);
    await admin.rows(`drop role ${role}`);
  }
  await admin.close();
  await database.drop();
});

/** A role of this test alone; roles belong to the whole cluster. */
async function role(name: string, options = 'login'): Promise<string> {
  const full = `${name}_${randomBytes(4).toString('hex')}`;
  await admin.rows(`create role ${full} ${options}`);
  made.push(full);
  return full;
}
const run = (check = false) => migrate({ url: database.url, schema: 'taxon', check });
async function refusal(check = false): Promise<TaxonError> {
  const error = await run(check).catch((error) => error);
  expect(error).toBeInstanceOf(TaxonError);
  return error;
}
const health = () => admin.rows(`select value, detail from taxon.health() where item = 'rights'`);

describe('migrate refuses a path into which others can write', () => {
  test('everybody: names the REVOKE and another schema, and makes nothing', async () => {
    await admin.rows('grant create on schema extensions to public');
    const { message, hint } = await refusal();
    expect(message).toBe(
      `pgtaxon's functions would look into a schema that others can write to: PUBLIC may create functions in it ("extensions")`,
    );
    expect(hint).toContain('revoke create on schema extensions from public;');
    expect(hint).toContain('alter extension vector set schema');
    expect(await admin.value(`select to_regnamespace('taxon')`)).toBeNull();
    expect((await refusal(true)).message).toBe(message);
    await admin.rows('revoke create on schema extensions from public');
    expect((await run()).repeatable).toBe(true);
  });

  test('the schema that missing extensions would be made in', async () => {
    await admin.rows('drop extension pg_trgm');
    await admin.rows('grant create on schema public to public');
    const { hint } = await refusal();
    expect(hint).toContain('revoke create on schema public from public;');
    expect(await admin.rows(`select from pg_extension where extname = 'pg_trgm'`)).toEqual([]);
  });

  test('one role, and not each of its members as well', async () => {
    const team = await role('team', 'nologin');
    await role('member', `login in role ${team}`);
    await admin.rows(`grant create on schema extensions to ${team}`);
    const { message, hint } = await refusal();
    expect(message).toMatch(new RegExp(`: ${team} may create functions in it \\("extensions"\\)$`));
    expect(hint).toContain(`revoke create on schema extensions from ${team};`);
  });

  test('the owner of that schema', async () => {
    const landlord = await role('landlord');
    await admin.rows(`alter schema extensions owner to ${landlord}`);
    expect((await refusal()).hint).toContain('alter schema extensions owner to owner;');
    await admin.rows('alter schema extensions owner to postgres');
  });

  test('a function and an operator that somebody left there before he lost the right to', async () => {
    const mallory = await role('mallory');
    await admin.rows(`grant create on schema extensions to ${mallory}`);
    const attack = await openSession(await database.urlFor(mallory), 'extensions');
    await attack.rows('create function pg_sleep(numeric) returns void language sql as $$ $$');
    await attack.rows('create function same(text, name) returns boolean language sql return true');
    await attack.rows('create operator = (function = same, leftarg = text, rightarg = name)');
    await attack.close();
    await admin.rows(`revoke create on schema extensions from ${mallory}`);
    const { message, hint } = await refusal();
    expect(message).toContain(`${mallory} owns the function extensions.pg_sleep(numeric) in it`);
    expect(hint).toContain('drop function extensions.pg_sleep(numeric);');
    expect(hint).toContain('drop operator extensions.= (text, name);');
  });

  test('but not superusers, the owner, or who can become the owner anyway', async () => {
    const deputy = await role('deputy', 'login in role owner');
    await admin.rows(`grant create on schema extensions to ${deputy}, owner, postgres`);
    expect((await run()).repeatable).toBe(true);
  });
});

describe('what changes later', () => {
  test('is said by health(), with the statement that ends it', async () => {
    await run();
    expect(await health()).toEqual([]);
    await admin.rows('grant create on schema extensions to public');
    const app = await role('app');
    await admin.rows(`grant all on taxon.products to ${app}`);
    // a table of the application beside the extensions, which no function of ours writes
    await admin.rows('create table extensions.stock (id int)');
    await admin.rows('alter table extensions.stock owner to owner');
    await admin.rows(`grant all on extensions.stock to ${app}`);
    expect(await health()).toEqual([
      {
        value: 'PUBLIC',
        detail: `PUBLIC may create functions in it (schema extensions), so the owner's rights are theirs too: revoke create on schema extensions from public`,
      },
      {
        value: app,
        detail: `${app} may make triggers on taxon.products (schema taxon), so the owner's rights are theirs too: revoke trigger on taxon.products from ${app}`,
      },
    ]);
    await admin.rows('grant execute on function taxon_internal.claim to public');
    expect((await health()).at(-1)).toMatchObject({
      value: 'PUBLIC',
      detail: expect.stringContaining('type: taxon migrate'),
    });
  });
});
