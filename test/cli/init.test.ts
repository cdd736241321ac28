import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { cacheDir, postgres } from '../support/cluster.ts';
import { taxonHere } from '../support/command.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { ownShop, putShop } from '../support/own-shop.ts';
import { ownTmpdir } from '../support/own-tmpdir.ts';
import { look } from '../support/rows.ts';

const folder = ownTmpdir('taxon-init-');
const page = join(folder, 'picture.html');
const shop = ownShop(400, { twin: false });
let database: TestDatabase;

beforeEach(async () => {
  database = await testDatabase({ template: false });
  await putShop(database.superUrl, shop);
});
afterEach(() => database.drop());

const environment = () => ({
  DATABASE_URL: database.superUrl,
  TAXON_DATA_DIR: join(cacheDir, '..'),
  TMPDIR: folder,
});
const init = (...args: string[]) => taxonHere(['init', '--html', page, ...args], environment());
const schemas = async () => {
  const db = look(database.superUrl);
  const found = await db.rows<{ n: string }>(
    `select nspname as n from pg_namespace where nspname ~ '^taxon' order by 1`,
  );
  await db.close();
  return found.map(({ n }) => n);
};

describe('taxon init', () => {
  it('where nobody can answer says which flags are needed', async () => {
    expect(await init()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--yes') });
  });

  it('with --look shows the picture, and writes a page and nothing else', async () => {
    const { code, stdout } = await init('--look', '--table', 'shop.order_products');
    expect(code).toBe(0);
    expect(stdout).toContain('WHAT YOU WOULD SAVE');
    expect(stdout).toMatch(/labels +category_id\ncategories +shop.categories \(id, parent_id, name\)/);
    expect(stdout).toContain('Nothing was written. Go on later: taxon init --table shop.order_products');
    expect(existsSync(page)).toBe(true);
    expect(await schemas()).toEqual([]);
  });

  it('with --yes finds the table, and leads to shadow', async () => {
    const { code, stdout, stderr } = await init('--yes');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/table +shop.order_products/);
    expect(stdout).toContain('A first model of letters was learnt');
    expect(await schemas()).toEqual(['taxon', 'taxon_internal']);
    const db = look(database.superUrl);
    const facts = await db.row(
      `select taxon_internal.local_mode() as mode, (select count(*)::int from taxon.labels) as labels,
              (select count(*)::int from taxon.categories where external_id is not null) > 0 as own_ids,
              (select min(labelled_at) from taxon.labels)::text as first,
              (select count(*)::int from taxon.shop_order_products) as rows,
              (select state from taxon.attached_tables) as state`,
    );
    await db.close();
    const { planted, rows } = shop;
    expect(facts).toMatchObject({
      mode: 'shadow',
      own_ids: true,
      first: expect.stringMatching(/^2026-01-01/),
      rows: rows.length,
      state: 'following',
    });
    expect((facts as { labels: number }).labels).toBeGreaterThan((rows.length - planted.repeats) * 0.9);
  });

  it('a tree with twins is refused before anything is written', async () => {
    const twins = look(database.superUrl);
    await twins.rows(
      `insert into shop.categories select max(id) + 1, min(parent_id), (select upper(name) from shop.categories where parent_id = min(c.parent_id) order by id limit 1) from shop.categories c`,
    );
    await twins.close();
    expect(await init('--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('have a twin below the same parent'),
    });
    expect(await schemas()).toEqual([]);
  });

  it('a login that may do nothing is stopped by doctor', async () => {
    // its roles are made with the migrated template
    await (await testDatabase()).drop();
    const url = await database.urlFor('taxon_reader');
    const stopped = await taxonHere(['init', '--yes'], { ...environment(), DATABASE_URL: url });
    expect(stopped).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('something must be mended first'),
    });
  });

  it('at a terminal asks, and a no leaves the database as it was', async () => {
    if (spawnSync('script', ['--version']).error !== undefined) return; // a program of util-linux
    const command = [process.execPath, join(packageRoot, 'src/cli/main.ts'), 'init', '--html', page];
    // without a size nothing fits on a line
    const line = `stty cols 80 rows 40; exec ${command.map((word) => `'${word}'`).join(' ')}`;
    const child = spawn('script', ['-qfec', line, '/dev/null'], {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        TERM: 'xterm',
        TAXON_POSTGRES: postgres,
        TAXON_LOG: 'warn',
        ...environment(),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    const answers: [question: string, keys: string][] = [
      ['Which table holds the names?', '\r'],
      ['Is that right?', '\r'],
      ['Go on?', 'n'],
    ];
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const [next] = answers;
      if (next === undefined || !text.includes(next[0])) return;
      answers.shift();
      // a moment later it listens
      setTimeout(() => child.stdin.write(next[1]), 300);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(answers).toEqual([]);
    expect(text).toContain('WHAT YOU WOULD SAVE');
    expect(text).toContain('Nothing was written');
    expect(code).toBe(0);
    expect(await schemas()).toEqual([]);
  });
});
