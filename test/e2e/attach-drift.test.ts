import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { needs } from '../support/needs.ts';
import { nodePackages } from '../support/other-packages.ts';
import { dumpOf } from '../support/schema.ts';
import { openSession, type Session } from '../support/sql.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'drift-'));
let database: TestDatabase;
let owner: Session;

beforeAll(async () => {
  database = await testDatabase();
  owner = await openSession(database.url);
  await owner.client.query(`
    create schema shop;
    create table shop.categories (id serial primary key, parent_id integer references shop.categories, name text not null);
    create table shop.order_products (id bigserial primary key, title text not null, price numeric(10,2),
      category_id integer references shop.categories, created_at timestamptz not null default now());
    create index on shop.order_products (category_id)`);
});

afterAll(async () => {
  await owner?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const attach = () =>
  owner.rows(
    `select taxon.attach('shop.order_products', name => 'title', labels => 'category_id', categories => 'shop.categories')`,
  );
const detach = () => owner.rows(`select taxon.detach('shop.order_products')`);

test('triggers are all that a schema has more while its table is attached: no tool that compares columns, keys or indexes can find anything', async () => {
  const before = await dumpOf(database.url, 'shop');
  await attach();
  const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('--'));
  const known = new Set(lines(before));
  const more = lines(await dumpOf(database.url, 'shop')).filter((line) => !known.has(line));
  expect(more).toHaveLength(4);
  for (const line of more)
    expect(line).toMatch(/^CREATE TRIGGER taxon_attached_\w+ AFTER .* ON shop\.order_products/);
  await detach();
  expect(await dumpOf(database.url, 'shop')).toBe(before);
});

test('Drizzle reads the same schema, and has nothing to change', async (context) => {
  const packages = await nodePackages();
  if ('missing' in packages)
    return needs(context, false, `Drizzle cannot be installed here: ${packages.missing}`);
  symlinkSync(join(packages.folder, 'node_modules'), join(folder, 'node_modules'));
  const config = (
    out: string,
  ) => `export default { dialect: 'postgresql', schemaFilter: ['shop'], out: './${out}',
    schema: './before/schema.ts', dbCredentials: { url: process.env.DATABASE_URL } };`;
  const drizzle = async (...args: string[]) =>
    (
      await run(join(folder, 'node_modules/.bin/drizzle-kit'), args, {
        cwd: folder,
        env: { ...process.env, DATABASE_URL: database.url },
        timeout: 120_000,
      })
    ).stdout;
  const pulled = async (out: string) => {
    writeFileSync(join(folder, 'drizzle.config.ts'), config(out));
    await drizzle('pull');
    expect(readdirSync(join(folder, out))).toContain('schema.ts');
    return readFileSync(join(folder, out, 'schema.ts'), 'utf8');
  };
  const before = await pulled('before');
  expect(before).toContain('order_products');
  await attach();
  expect(await pulled('after')).toBe(before);
  expect(await drizzle('push', '--strict', '--verbose')).toContain('No changes detected');
  await detach();
});
