import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { taxonHere } from '../support/command.ts';
import { taxonDatabase } from '../support/sql.ts';
import { fileWith } from './files.ts';

const taxon = taxonDatabase();

const taxonImport = (...args: string[]) =>
  taxonHere(['import', ...args], { DATABASE_URL: taxon.database.url });

describe('taxon import', () => {
  test('--json prints one object alone; a file’s own source counts before --source', async () => {
    const file = fileWith('labels.csv', 'name,l1,l2,source\nA,x,y,human\nB,x,,\n');
    const { code, stdout, stderr } = await taxonImport(file, '--as', 'labels', '--source', 'llm', '--json');
    expect(stderr).toContain('reading');
    expect(code).toBe(0);
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(JSON.parse(stdout)).toMatchObject({ rows: 2, added: 2, categories: 2, lost: 0, losers: [] });
    expect(await taxon.owner.rows('select name_key, source from labels order by 1')).toEqual([
      { name_key: 'a', source: 'human' },
      { name_key: 'b', source: 'llm' },
    ]);
  });

  test('a person reads the numbers, and the first 20 answers that were not kept', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => `name ${String(i >> 1).padStart(2, '0')},x${i % 2}`);
    const { stdout } = await taxonImport(fileWith('conflicts.csv', `name,l1\n${lines.join('\n')}\n`));
    expect(stdout).toContain('60 rows, 30 names: 30 labels added, 0 changed, 0 as they were');
    expect(stdout).toContain('2 categories made');
    expect(stdout).toContain('30 answers were not kept, the first 20 (--conflicts FILE has all):');
    expect(stdout).toContain('  name 19: x1, not x0 (line 40): a later line says otherwise');
    expect(stdout).not.toContain('name 20');
  });

  test('a bad line: exit code 1, nothing on standard output', async () => {
    const file = fileWith('bad.csv', 'name,l1,l2\nA,,y\n');
    const { code, stdout, stderr } = await taxonImport(file);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`taxon: ${file}, line 2: a hole in the path`);
  });

  test('--query and --tree-levels', async () => {
    const sql = "select 'A' as name, 'a > b > c > d' as path, 9 as category_external_id";
    const { code } = await taxonImport('--query', sql, '--tree-levels', '1,2,3');
    expect(code).toBe(0);
    await taxon.insert('a');
    expect(await taxon.owner.row('select l3, path from products_readable')).toEqual({
      l3: 'c',
      path: 'a > b > c > d',
    });
  });

  test('--as products', async () => {
    const { stdout } = await taxonImport(fileWith('new.csv', 'name\nA\nB\n'), '--as', 'products');
    expect(stdout).toContain('2 products: 0 answered from memory, 2 wait for a sidecar, 0 without a name');
  });

  test.each([
    [[], 'give either a file or --query'],
    [['a.csv', '--query', 'select 1'], 'give either a file or --query'],
    [['a.csv', '--as', 'things'], 'labels, products'],
    [['a.csv', '--source', 'robot'], 'llm, human, import'],
    [['/nowhere.csv'], 'there is no file /nowhere.csv'],
  ])('misuse: %j', async (args, says) => {
    const { code, stderr } = await taxonImport(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  test('--help has examples', async () => {
    const { code, stdout } = await taxonImport('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('taxon import labels.csv --as labels --source llm');
  });
});

describe('taxon import, forgiving', () => {
  const all = (text: string) => text.replaceAll(/\s+/g, ' ');

  test('--skip-bad, --conflicts, --reason: what was left out and what lost go into files, the run has its id', async () => {
    const file = fileWith('mixed.csv', 'id,name,l1\n1,A,x\n2,,x\n3,A,y\n4,B,\n5,C,x\n');
    const [bad, conflicts] = [fileWith('bad-rows.csv', ''), fileWith('losers.csv', '')];
    const flags = ['--skip-bad', bad, '--conflicts', conflicts, '--reason', 'spring list', '--json'];
    const { code, stdout } = await taxonImport(file, ...flags);
    expect(code).toBe(0);
    const { run_id, ...result } = JSON.parse(stdout);
    expect(result).toMatchObject({ rows: 3, added: 2, lost: 1, skipped: 2 });
    expect(readFileSync(bad, 'utf8')).toBe(
      'line,own_id,reason,id,name,l1\n3,2,the name is empty,2,,x\n5,4,the category is empty,4,B,\n',
    );
    expect(readFileSync(conflicts, 'utf8')).toBe(
      'name,kept,lost,reason,times,lines\na,y,x,a later line says otherwise,1,2\n',
    );
    expect(await taxon.owner.row('select run_id, reason, file from runs')).toEqual({
      ...{ run_id, reason: 'spring list', file },
    });
    expect(await taxon.owner.value('select count(*) from import_losers')).toBe(0);
  });

  test('without --skip-bad all faults are told at once, with exit code 1', async () => {
    const { code, stderr } = await taxonImport(fileWith('faults.csv', 'name,l1\n,x\nB,\nC,x\n'));
    expect(code).toBe(1);
    expect(stderr).toContain('faults.csv: 2 rows cannot be read:');
    expect(stderr).toContain('line 2: the name is empty');
    expect(stderr).toContain('line 3: the category is empty');
    expect(stderr).toContain('--skip-bad FILE');
    expect(await taxon.owner.value('select count(*) from labels')).toBe(0);
  });

  test('--dry-run needs no database for a file, and writes nothing', async () => {
    const file = fileWith('dry-run.csv', 'name,path\nM&amp;M,a > b > c > d\n,x\n');
    const { code, stdout } = await taxonHere(['import', file, '--dry-run'], {
      DATABASE_URL: 'postgres://nowhere:1/x',
    });
    expect(code).toBe(0);
    expect(stdout).toContain('1 rows can be read, 1 cannot; nothing was written');
    expect(stdout).toContain('1 rows hold HTML entities such as &amp; or &quot;: decoded');
    expect(all(stdout)).toContain('2 M&M a > b > c > d import');
    expect(stdout).toContain('1: the name is empty');
    const json = await taxonImport('--query', `select 'A' as name, 'x' as l1`, '--dry-run', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ rows: 1, faults: 0, sample: [{ name: 'A', path: 'x' }] });
    expect(await taxon.owner.value('select count(*) from labels')).toBe(0);
  });

  test('deep trees, other separators and ids that lead elsewhere are told; --as tree', async () => {
    const nodes = fileWith('nodes.csv', 'id,parent_id,name\n1,,Home\n2,1,Pots\n');
    expect(all((await taxonImport(nodes, '--as', 'tree')).stdout)).toContain(
      '2 categories in the file, 2 levels deep: 2 made, 0 were there',
    );
    const file = fileWith(
      'deep.csv',
      'name,path,category_external_id\nA,Home/Cookware/Iron/Small,9\nB,Home/Cookware,2\n',
    );
    const { stdout } = await taxonImport(file, '--path-separator', '/');
    expect(stdout).toContain('1 rows name a category by another path than the database has: read by its id');
    expect(stdout).toContain('2: Home > Cookware, here Home > Pots (1 rows, the first in line 3)');
    expect(stdout).toContain('depths 1 and 2 and the deepest count as l1, l2 and l3');
    expect(stdout).toContain('Home > Pots > Iron > Small: Home, Pots, Small');
    expect(stdout).toMatch(/run \d+; back again: select \* from taxon\.undo_run\(\d+\);/);
    const renamed = await taxonImport(file, '--path-separator', '/', '--rename');
    expect(renamed.stdout).toContain('1 categories got the name or place of the file');
    expect(
      await taxon.owner.value(`select category_path(category_id) from categories where external_id = '2'`),
    ).toBe('Home > Cookware');
  });

  test.each([
    [['a.csv', '--as', 'products', '--rename'], '--rename goes with --as labels or --as tree'],
    [['a.csv', '--as', 'tree', '--conflicts', 'x.csv'], '--conflicts goes with --as labels'],
    [['a.csv', '--several-paths', 'last'], 'refuse, first, deepest, one'],
    [['a.csv', '--path-separator', ' '], '--path-separator must not be empty'],
    [['a.csv', '--skip-bad', '/nowhere/x.csv'], '/nowhere/x.csv cannot be written'],
  ])('misuse: %j', async (args, says) => {
    const { code, stderr } = await taxonImport(...args);
    expect(code).toBe(2);
    expect(all(stderr)).toContain(says);
  });
});
