import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { provideBinaries } from '../../src/cluster/provide.ts';
import { packageRoot } from '../../src/config.ts';
import { cacheDir, postgres } from '../support/cluster.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { commandsOf, shellOf } from '../support/pages.ts';
import { until } from '../support/processes.ts';
import { look, tally } from '../support/rows.ts';
import { shopOfFile } from '../support/shop.ts';
import { labelled, newNames } from '../support/shop-names.ts';

const folder = mkdtempSync(join(tmpdir(), 'taxon-pages-'));
let programs: string;

beforeAll(async () => {
  programs = (await provideBinaries(cacheDir, postgres)).binDir;
  // as in a checkout
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(packageRoot, 'bin', 'taxon'), join(folder, 'bin', 'taxon'));
  const rows = labelled.map(({ name, path }) => [name, ...path].join(','));
  writeFileSync(join(folder, 'labels.csv'), `name,l1,l2,l3\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'categories.csv'), 'id,parent_id,name\n1,,Boats\n2,1,Oars\n');
  const names = newNames(10, 80_000, false).map(({ name }) => name);
  writeFileSync(join(folder, 'products.csv'), `name\n${names.join('\n')}\nMug for Jane Doe\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts bash in a folder like a checkout's, on some lines; it ends at the first that fails. */
function bash(script: string, environment: Record<string, string>) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    // a group of its own, so that what it starts ends with it
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${join(folder, 'bin')}:${programs}:${process.env.PATH}`,
      HOME: folder,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      ...environment,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    ended,
    said: () => said,
    stop: () => child.exitCode ?? process.kill(-(child.pid as number), 'SIGTERM'),
  };
}

async function runs(script: string, environment: Record<string, string>): Promise<string> {
  const shell = bash(script, environment);
  const code = await shell.ended;
  if (code !== 0) throw new Error(`${script}\nended with ${code}:\n${shell.said()}`);
  return shell.said();
}

async function bare(template: boolean): Promise<TestDatabase> {
  const database = await testDatabase({ template });
  onTestFinished(() => database.drop());
  return database;
}

test('"Your own data" of README.md leads from an empty database to answers', async () => {
  const database = await bare(false);
  const script = shellOf('README.md', 'Your own data')
    .replace('postgres://owner@localhost/shop', `'${database.url}'`)
    // nothing is paid for here
    .replace('OPENAI_API_KEY=sk-…', 'TAXON_LLM_PROVIDER=none');
  expect(script).toContain(database.url);
  const shell = bash(script, { TAXON_ENCODER_THREADS: '1', TAXON_ENCODER: inject('encoder') });
  onTestFinished(async () => {
    shell.stop();
    await shell.ended;
  });
  await until(
    () => Promise.race([shell.ended, Promise.resolve(shell.said())]),
    (said) => {
      if (typeof said !== 'string') throw new Error(`${script}\nended with ${said}:\n${shell.said()}`);
      return said.includes('sidecar started');
    },
  );
  const db = look(database.url);
  onTestFinished(() => db.close());
  const [first, second] = newNames(2, 90_000, false);
  await db.rows('insert into taxon.products (name) values ($1), ($2), ($3)', [
    labelled[0]?.name,
    first?.name,
    second?.name,
  ]);
  expect(
    await until(
      () => tally(db),
      (counts) => counts.exact === 1 && counts.local !== undefined,
    ),
  ).toMatchObject({ exact: 1 });
});

test('"Your own database" of docs/guide/start.md types the same commands', () => {
  const typed = (page: string) =>
    commandsOf(page)
      .map(({ words }) => words.join(' '))
      .filter((command) => /^taxon (?:migrate|import|train|sidecar)/.test(command));
  expect(typed('docs/guide/start.md')).toEqual(typed('README.md'));
});

describe('in a shop', () => {
  const shop = shopOfFile();
  /** Of the encoder that its model reads. */
  const inShop = () => ({ DATABASE_URL: shop.url, TAXON_ENCODER: inject('encoder') });

  test('docs/guide/import-export.md: files go in, labels and a model come out and go in again', async () => {
    await shop.db.rows('create table goods (title text, shelf text)');
    await shop.db.rows(`insert into goods values ('garden gnome', 'Garden > Ornaments > Gnomes')`);
    await runs(shellOf('docs/guide/import-export.md', 'Import and export'), inShop());
    expect(
      await shop.db.row(
        `select taxon.category_path(category_id) as path from taxon.labels where name_key = 'garden gnome'`,
      ),
    ).toEqual({ path: 'Garden > Ornaments > Gnomes' });
    expect(await shop.db.row('select count(*) as n from taxon.products')).toEqual({ n: 11 });
    expect(
      await shop.db.rows(
        `select external_id, taxon.category_path(category_id) as path from taxon.categories where external_id is not null order by 1`,
      ),
    ).toEqual([
      { external_id: '1', path: 'Boats' },
      { external_id: '2', path: 'Boats > Oars' },
    ]);
    const said = await runs(shellOf('docs/guide/import-export.md', 'Each import is a run'), inShop());
    expect(said).toMatch(/import \| price list of spring/);
    expect(said).toContain('labels_restored');
    expect(await shop.db.row('select count(*) as n from taxon.models_readable')).toEqual({ n: 2 });
  });

  test('docs/guide/keeping.md: a name is forgotten', async () => {
    await shop.db.rows(`insert into taxon.products (name) values ('Mug for Jane Doe')`);
    const said = await runs(shellOf('docs/guide/keeping.md', 'Forgetting a name'), inShop());
    expect(said).toMatch(/products/);
    expect(
      await shop.db.row(`select count(*) as n from taxon.products where name ilike '%jane doe%'`),
    ).toEqual({ n: 0 });
  });

  test.each([
    ['Dump and restore', false],
    ['A dump of data alone', true],
  ])('docs/guide/backup.md: %s brings the shop back', async (heading, migrated) => {
    const restored = await bare(migrated);
    await runs(shellOf('docs/guide/backup.md', heading), { ...inShop(), NEW_DATABASE_URL: restored.url });
    const db = look(restored.url);
    onTestFinished(() => db.close());
    for (const table of ['taxon.labels', 'taxon.products', 'taxon_internal.models']) {
      const count = `select count(*) as n from ${table}`;
      expect(await db.row(count)).toEqual(await shop.db.row(count));
    }
  });
});
