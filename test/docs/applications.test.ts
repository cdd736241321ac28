import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { cacheDir } from '../support/cluster.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { look } from '../support/rows.ts';

const examples = join(packageRoot, 'examples/applications');
const page = readFileSync(join(packageRoot, 'docs/guide/applications.md'), 'utf8');
const run = promisify(execFile);

/** Where packages of other languages and frameworks are kept from one run of the tests to the next. */
const home = join(cacheDir, 'applications');
const node = join(home, 'node');
const python = join(home, 'python');

/** Newest versions that these examples were written with. */
const packages = {
  node: ['drizzle-orm@0.45', 'prisma@7', '@prisma/client@7', '@prisma/adapter-pg@7', 'pg@8'],
  python: ['psycopg[binary]>=3.2,<4', 'django>=5.2,<6.1', 'dbt-core>=1.10,<1.11', 'dbt-postgres>=1.9,<1.10'],
};

/** What could not be installed, and why. */
const missing = new Map<'node' | 'python', string>();

/** Installs once; `done` marks a folder that is whole. */
async function install(kind: 'node' | 'python', work: () => Promise<unknown>): Promise<void> {
  const folder = join(home, kind);
  const done = join(folder, 'installed.json');
  const wanted = JSON.stringify(packages[kind]);
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    await work();
    writeFileSync(done, wanted);
  } catch (error) {
    missing.set(kind, String((error as { stderr?: string }).stderr || error).slice(-500));
  }
}

function needsPackages(context: TestContext, kind: 'node' | 'python'): void {
  const why = missing.get(kind);
  if (why !== undefined) context.skip(`its packages cannot be installed here: ${why}`);
}

let database: TestDatabase;
let writer: string;

beforeAll(async () => {
  await Promise.all([
    install('node', async () => {
      writeFileSync(join(node, 'package.json'), '{"private": true, "type": "module"}');
      const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
      await run('npm', ['install', ...options, ...packages.node], { cwd: node, timeout: 300_000 });
    }),
    install('python', async () => {
      await run('python3', ['-m', 'venv', python], { timeout: 120_000 });
      await run(join(python, 'bin/pip'), ['install', '--quiet', '--prefer-binary', ...packages.python], {
        timeout: 300_000,
      });
    }),
  ]);
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

async function inNode(file: string): Promise<string> {
  const folder = join(node, 'run');
  cpSync(examples, folder, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: writer };
  if (file.startsWith('prisma/')) {
    // no engine is downloaded: the client needs none
    const prisma = join(node, 'node_modules/prisma/build/index.js');
    const generate = [prisma, 'generate', '--schema', 'prisma/schema.prisma'];
    // it would fetch the engine that migrates, which generating does not run
    await run(process.execPath, generate, {
      cwd: folder,
      env: { ...env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' },
    });
  }
  return (await run(process.execPath, [file], { cwd: folder, env })).stdout;
}

const inPython = async (file: string) =>
  (
    await run(join(python, 'bin/python'), [join(examples, file)], {
      env: { DATABASE_URL: plainAddress(writer) },
    })
  ).stdout;

test('Drizzle', async (context) => {
  needsPackages(context, 'node');
  expect(await inNode('drizzle.ts')).toBe(answer);
});

test('Prisma', async (context) => {
  needsPackages(context, 'node');
  expect(await inNode('prisma/index.ts')).toBe(answer);
});

test('psycopg', async (context) => {
  needsPackages(context, 'python');
  expect(await inPython('psycopg-app.py')).toBe(`${answer}1000 copied and answered\n`);
});

test('Django', async (context) => {
  needsPackages(context, 'python');
  expect(await inPython('django-app.py')).toBe(answer);
});

test('dbt', async (context) => {
  needsPackages(context, 'python');
  const db = look(database.superUrl);
  try {
    await db.rows(`create role dbt_login login in role taxon_reader`).catch(() => {});
    await db.rows('create schema analytics authorization dbt_login');
    await db.rows(`insert into taxon.products (name) values ('red kettle 1.7 l')`);
    const folder = join(python, 'dbt');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(examples, 'dbt'), folder, { recursive: true });
    const env = {
      ...partsOf(database.url),
      PGUSER: 'dbt_login',
      PATH: `${join(python, 'bin')}:${process.env.PATH}`,
      HOME: python,
      DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
    };
    await run(join(python, 'bin/dbt'), ['build', '--profiles-dir', '.'], { cwd: folder, env });
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
