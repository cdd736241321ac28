import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Found, nodePackages, pythonPackages } from '../support/other-packages.ts';
import { look } from '../support/rows.ts';

const examples = join(packageRoot, 'examples/applications');
const page = readFileSync(join(packageRoot, 'docs/guide/applications.md'), 'utf8');
const run = promisify(execFile);

let node: Found;
let python: Found;

/** Its folder; skips a test whose packages cannot be had. */
function folderOf(context: TestContext, packages: Found): string {
  if ('missing' in packages)
    return context.skip(`its packages cannot be installed here: ${packages.missing}`);
  return packages.folder;
}

let database: TestDatabase;
let writer: string;

beforeAll(async () => {
  [node, python] = await Promise.all([nodePackages(), pythonPackages()]);
  database = await testDatabase();
  const db = look(database.url);
  await db.rows(
    `insert into taxon.labels (name_key, category_id, source) values ('red kettle 1.7 l', taxon_internal.make_category('{Home,Kitchen,Kettles}'), 'human')`,
  );
  await db.close();
  writer = await database.urlFor('taxon_writer');
}, 600_000);

afterAll(() => database?.drop());

const answer = 'RED  kettle 1.7 l: Home > Kitchen > Kettles (exact)\n';

/** An address of the tests' cluster in the parts that libpq has variables for. */
function partsOf(address: string) {
  const url = new URL(address);
  const parameter = (name: string) => url.searchParams.get(name) ?? '';
  return {
    PGHOST: parameter('host') || decodeURIComponent(url.hostname),
    PGPORT: parameter('port') || url.port || '5432',
    PGUSER: parameter('user') || url.username,
    PGDATABASE: url.pathname.slice(1),
  };
}

/** The same as an address that every library reads: a host, and the folder of the socket behind it. */
function plainAddress(address: string): string {
  const { PGHOST, PGPORT, PGUSER, PGDATABASE } = partsOf(address);
  return `postgres://${PGUSER}@localhost/${PGDATABASE}?host=${encodeURIComponent(PGHOST)}&port=${PGPORT}`;
}

async function inNode(context: TestContext, file: string): Promise<string> {
  const packages = folderOf(context, node);
  const folder = join(packages, 'run');
  cpSync(examples, folder, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: writer };
  if (file.startsWith('prisma/')) {
    // no engine is downloaded: the client needs none
    const prisma = join(packages, 'node_modules/prisma/build/index.js');
    const generate = [prisma, 'generate', '--schema', 'prisma/schema.prisma'];
    // it would fetch the engine that migrates, which generating does not run
    await run(process.execPath, generate, {
      cwd: folder,
      env: { ...env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' },
    });
  }
  return (await run(process.execPath, [file], { cwd: folder, env })).stdout;
}

async function inPython(context: TestContext, file: string): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    PYTHONPATH: folderOf(context, python),
    DATABASE_URL: plainAddress(writer),
  };
  return (await run('python3', [join(examples, file)], { env })).stdout;
}

test('Drizzle', async (context) => {
  expect(await inNode(context, 'drizzle.ts')).toBe(answer);
});

test('Prisma', async (context) => {
  expect(await inNode(context, 'prisma/index.ts')).toBe(answer);
});

test('psycopg', async (context) => {
  expect(await inPython(context, 'psycopg-app.py')).toBe(`${answer}1000 copied and answered\n`);
});

test('Django', async (context) => {
  expect(await inPython(context, 'django-app.py')).toBe(answer);
});

test('dbt', async (context) => {
  const packages = folderOf(context, python);
  const db = look(database.superUrl);
  try {
    await db.rows(`create role dbt_login login in role taxon_reader`).catch(() => {});
    await db.rows('create schema analytics authorization dbt_login');
    await db.rows(`insert into taxon.products (name) values ('red kettle 1.7 l')`);
    const folder = join(packages, 'dbt-run');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(examples, 'dbt'), folder, { recursive: true });
    const env = {
      ...partsOf(database.url),
      PGUSER: 'dbt_login',
      PATH: process.env.PATH,
      PYTHONPATH: packages,
      HOME: packages,
      DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
    };
    await run(join(packages, 'bin/dbt'), ['build', '--profiles-dir', '.'], { cwd: folder, env });
    expect(
      await db.rows('select l1, source, products > 0 as some from analytics.products_by_category'),
    ).toEqual([{ l1: 'Home', source: 'exact', some: true }]);
  } finally {
    await db.close();
  }
});

test('docs/guide/applications.md shows what stands in the examples', () => {
  const files = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.\w+$/.test(file),
  );
  const texts = files.map((file) => readFileSync(join(examples, file), 'utf8'));
  const blocks = Array.from(page.matchAll(/^```\n([\s\S]*?)^```$/gm), ([, block = '']) => block);
  expect(blocks.length).toBeGreaterThan(5);
  expect(blocks.filter((block) => !texts.some((text) => text.includes(block)))).toEqual([]);
});
