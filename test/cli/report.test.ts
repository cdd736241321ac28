import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { registerEncoder, storeModel } from '../../src/database/registry.ts';
import { endRun, startRun } from '../../src/database/runs.ts';
import { generatedReport } from '../report/generated.ts';
import { taxonHere } from '../support/command.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { insert, look } from '../support/rows.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';

const folder = mkdtempSync(join(tmpdir(), 'taxon-report-'));
const main = join(packageRoot, 'src', 'cli', 'main.ts');
const report = generatedReport();
let database: TestDatabase;
let db: Database;

/** A champion whose training run left this behind. */
async function trained(left: object): Promise<number> {
  const encoderId = await registerEncoder(db, 'some-encoder', 8);
  const runId = await startRun(db, {}, 'test', 60);
  const id = await storeModel(db, {
    encoderId,
    runId,
    manifest: {},
    files: new Map([['a', Buffer.from('a')]]),
    promote: true,
  });
  await endRun(db, runId, left, null);
  return id;
}

beforeAll(async () => {
  database = await testDatabase();
  db = look(database.url);
});

afterAll(async () => {
  await db?.close();
  await database?.drop();
  rmSync(folder, { recursive: true });
});

const taxon = (...args: string[]) => taxonHere(['report', ...args], { DATABASE_URL: database.url });

describe('taxon report', () => {
  let old: number;

  it('says to train first while there is no champion, or none with a report', async () => {
    expect(await taxon()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'taxon: there is no champion to report on\n  Train one: taxon train\n',
    });
    old = await trained({ labels: 3 });
    expect(await taxon('--json')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `model ${old} has no report.*\n  Trained here, it can be measured: taxon train --measure ${old}\n$`,
        ),
      ),
    });
  });

  it('--json prints the stored report, the model and the routing, alone', async () => {
    const id = await trained({ labels: 3, diagnostics: report });
    await insert(db, ['<script>never seen</script>']);
    const { code, stdout, stderr } = await taxon('--json');
    expect([code, stderr]).toEqual([0, '']);
    const printed = JSON.parse(stdout);
    expect(printed.report).toEqual(report);
    expect(printed.model).toMatchObject({ model_id: id, state: 'champion' });
    expect(printed.routing).toContainEqual(expect.objectContaining({ layer: 'pending', products: 1 }));
  });

  it('prints tables without a file, long ones cut', async () => {
    const { code, stdout } = await taxon();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^IN SHORT\nThe whole path is right for/);
    expect(stdout).toMatch(/method +l1 +l2 +l3 +all three/);
    expect(stdout).toMatch(/\njoined without letters +\d/);
    expect(stdout).toContain('l1: the black hole is "Home & Garden"');
    expect(stdout).toContain('… and 85 more: --json, or FILE.html');
  });

  it('writes one page with a file', async () => {
    const file = join(folder, 'report.html');
    const { code, stdout } = await taxon(file);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`written: ${file}`)]);
    const page = readFileSync(file, 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('Model 2');
    expect(page).toContain('Routing of the last day');
  });

  it('leaves the page that was there, and no half, where the disk has no room', async () => {
    const file = join(folder, 'report.html');
    const before = readFileSync(file, 'utf8');
    // a limit on the size of files stops the writing in the middle, as a full disk does
    const limited = promisify(execFile)(
      'bash',
      ['-c', `trap '' XFSZ; ulimit -f 4; exec "$@"`, 'bash', process.execPath, main, 'report', file],
      { env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: database.url } },
    );
    await expect(limited).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('report.html cannot be written: it would be larger than'),
    });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['report.html']);
  });

  it('shows another model than the champion, by its id', async () => {
    const newest = await trained({ diagnostics: generatedReport({ against: 'truth' }) });
    expect(JSON.parse((await taxon('--json')).stdout).model.model_id).toBe(newest);
    const { stdout } = await taxon('--model', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      model: { model_id: 2, state: 'retired' },
      report: { against: 'labels' },
    });
    expect(await taxon('--model', '99')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no model 99'),
    });
    expect(await taxon('--model', 'best')).toMatchObject({ code: 2, stdout: '' });
  });

  it('overwrites nothing that is no page, and says why it cannot write', async () => {
    const labels = join(folder, 'labels.csv');
    writeFileSync(labels, 'precious');
    expect(await taxon(labels)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('.html'),
    });
    expect(readFileSync(labels, 'utf8')).toBe('precious');
    expect(await taxon(join(folder, 'nowhere', 'report.html'))).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^taxon: .*report\.html cannot be written: there is no such folder/),
    });
  });
});

describe('taxon model evaluate', () => {
  const gold = join(folder, 'gold.tsv');
  let shop: TestDatabase;
  const evaluate = (...args: string[]) =>
    taxonHere(['model', 'evaluate', gold, ...args], { DATABASE_URL: shop.url });

  beforeAll(async () => {
    const rows = newNames(40).map(({ name, path }) => [name, ...path].join('\t'));
    writeFileSync(gold, ['name\tl1\tl2\tl3', ...rows, ''].join('\n'));
    shop = await lettersShop();
  });
  afterAll(() => shop?.drop());

  it('--min exits with 1 and a line for each bound that does not hold', async () => {
    const failed = await evaluate('--json', '--min', 'l3=1', '--min', 'path=1', '--min', 'l1=0.3');
    const { levels, path } = JSON.parse(failed.stdout);
    // eight of the 40 names say nothing of what they are
    expect(levels.l3.top1).toBeLessThan(1);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      `taxon: l3 is ${levels.l3.top1}, below 1\ntaxon: path is ${path}, below 1\n`,
    );
    expect(failed.stderr).not.toContain('l1 is');
    expect(await evaluate('--min', `l3=${levels.l3.top1}`, '--min', 'coverage=.01')).toMatchObject({
      code: 0,
    });
  });

  it('fails where there is nothing to compare with the bound', async () => {
    const flat = join(folder, 'flat.tsv');
    writeFileSync(flat, 'name\tl1\tl2\tl3\nчай\tFood\t\t\n');
    const { code, stderr } = await taxonHere(['model', 'evaluate', flat, '--min', 'l3=.1'], {
      DATABASE_URL: shop.url,
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining('l3: no name has this level')]);
  });

  it('takes only figures that there are, and shares', async () => {
    for (const bound of ['l4=.5', 'l3', 'l3=high', 'l3=70', 'constructor=.5', 'l3=-.1'])
      expect(await evaluate('--min', bound)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(`--min ${bound}`),
      });
  });

  it('--report writes the page of this evaluation, --json stays as it is without', async () => {
    const file = join(folder, 'evaluation.html');
    const { code, stdout } = await evaluate('--report', file, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse((await evaluate('--json')).stdout));
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('<h1>Evaluation</h1>');
    expect(page).toMatch(/Home &gt; Kitchen &gt; K/);
    expect(page).not.toContain('Routing of the last day');
  });
});
