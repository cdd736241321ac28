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
    expect(stdout).toContain('30 answers were not kept, the first 20:');
    expect(stdout).toContain('  name 19: x1, not x0 (line 40): a later line says otherwise');
    expect(stdout).not.toContain('name 20');
  });

  test('a bad line: exit code 2, nothing on standard output', async () => {
    const file = fileWith('bad.csv', 'name,l1,l2\nA,,y\n');
    const { code, stdout, stderr } = await taxonImport(file);
    expect([code, stdout]).toEqual([2, '']);
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
