import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importLabels } from '../../src/import/labels.ts';
import { readRows } from '../../src/import/read.ts';
import { taxonHere } from '../support/command.ts';
import { taxonDatabase } from '../support/sql.ts';
import { failure, fileWith, given, memoryOf } from './files.ts';

const taxon = taxonDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase(taxon.database.url, { schema: 'taxon', poolSize: 3 });
});
afterAll(() => db.close());

const tree = async () =>
  (
    await taxon.owner.rows<{ path: string }>(
      'select category_path(category_id) as path from categories where retired_at is null order by 1',
    )
  ).map((row) => row.path);

describe('spellings of one category', () => {
  test('case, apostrophes and what nobody sees make no second one; the most frequent wins, level by level', async () => {
    const file = fileWith(
      'spellings.csv',
      "name,l1,l2\nA,home,Солодощі й здоров’я\nB,Home,солодощі й здоров\u02bcя\nC,HOME,Солодощі й здоров'я\nD,Home,Солодощі й здоров’я\nE,Ho\u00adme\u200b,\ufe0fСолодощі  й здоров’я\n",
    );
    const result = await importLabels(db, readRows(file));
    expect(await tree()).toEqual(['Home', 'Home > Солодощі й здоров’я']);
    expect(Object.values(await memoryOf(taxon))).toEqual(
      Array(5).fill('Home > Солодощі й здоров’я (import)'),
    );
    expect(result).toMatchObject({ rows: 5, names: 5, added: 5, categories: 2, lost: 0, respelt: 3 });
    expect(result.spellings).toEqual([
      { given: 'home > Солодощі й здоров’я', kept: 'Home > Солодощі й здоров’я', times: 1, line: 2 },
      { given: 'Home > солодощі й здоров\u02bcя', kept: 'Home > Солодощі й здоров’я', times: 1, line: 3 },
      { given: "HOME > Солодощі й здоров'я", kept: 'Home > Солодощі й здоров’я', times: 1, line: 4 },
    ]);
  });

  test('what the database has wins over the file, and votes count together', async () => {
    await taxon.category('HOME > Tea');
    const result = await importLabels(
      db,
      given(['A', 'Home > tea'], ['A', 'home > TEA'], ['A', 'Home > Mugs'], ['B', 'Home > Tea']),
    );
    expect(await tree()).toEqual(['HOME', 'HOME > Mugs', 'HOME > Tea']);
    expect(await memoryOf(taxon)).toEqual({ a: 'HOME > Tea (import)', b: 'HOME > Tea (import)' });
    expect(result).toMatchObject({ categories: 1, lost: 1, respelt: 4 });
  });

  test('ids: two spellings with one id are no clash, with two they are', async () => {
    await importLabels(db, given(['A', 'Home > tea', 'import', '7'], ['B', 'home > Tea', 'import', '7']));
    expect(await taxon.owner.value(`select count(*) from categories where external_id = '7'`)).toBe(1);
    await importLabels(db, given(['C', 'HOME > TEA', 'import', '7']));
    const error = await failure(
      importLabels(db, given(['A', 'x > y', 'import', '8'], ['B', 'X > Y', 'import', '9'])),
    );
    expect(error.message).toContain('comes with more than one id: 8, 9');
  });

  test('an old spelling of a merged category leads to its successor, with what is below', async () => {
    const old = await taxon.category('Crockery');
    await taxon.category('Crockery > Cups');
    const kept = await taxon.category('Home');
    await taxon.owner.rows('select merge_categories(array[$1::bigint], $2)', old, kept);
    const result = await importLabels(
      db,
      given(['A', 'CROCKERY'], ['B', 'crockery > cups'], ['C', 'Crockery > Cups']),
    );
    expect(await memoryOf(taxon)).toEqual({
      a: 'Home (import)',
      b: 'Home > Cups (import)',
      c: 'Home > Cups (import)',
    });
    expect(result).toMatchObject({ rows: 3, names: 3, categories: 0 });
  });

  test('a person is told', async () => {
    const file = fileWith('told.csv', 'name,l1\nA,Tea\nB,Tea\nC,tea\n');
    const { stdout } = await taxonHere(['import', file], { DATABASE_URL: taxon.database.url });
    expect(stdout).toContain('1 rows spell a category otherwise');
    expect(stdout).toContain('  tea: read as Tea (1 rows, the first in line 4)');
  });
});

describe('SQL makes no second spelling either', () => {
  test('make_category() finds it', async () => {
    const tea = await taxon.category('Дім > Чай «п’ять»');
    expect(await taxon.category("дім > ЧАЙ «п'ять»")).toBe(tea);
    expect(await taxon.category('Дім > Ч\u00adай «п\u02bcять»\u200b')).toBe(tea);
    expect(await tree()).toEqual(['Дім', 'Дім > Чай «п’ять»']);
  });

  test('add, rename, split, move and merge refuse it', async () => {
    const home = await taxon.category('Home');
    const tea = await taxon.category('Home > Tea');
    const mugs = await taxon.category('Home > Mugs');
    const other = await taxon.category('Other');
    const lower = await taxon.category('Other > tea');
    const refusal = async (sql: string, ...values: unknown[]) =>
      (await failure(taxon.owner.rows(sql, ...values))).message;
    expect(await refusal('select add_category($1, $2)', 'TEA', home)).toContain(
      'there is "Home > Tea" already',
    );
    expect(await refusal('select rename_category($1, $2)', mugs, 'te\u200ba')).toContain(
      'there is "Home > Tea" already',
    );
    expect(await refusal('select split_category($1, $2)', tea, ['Green', 'green'])).toContain('each once');
    expect(await refusal('select move_category($1, $2)', lower, home)).toContain(
      'there is "Home > Tea" already',
    );
    expect(await refusal('select merge_categories(array[$1::bigint], $2)', other, home)).toContain(
      'there would be 2 categories',
    );
    expect(await refusal(`select add_category(E'\\u200b')`)).toContain(
      "a category's name has 1 to 500 characters",
    );
    expect(
      await refusal(`insert into categories (name, path_ids, level, l1) values ('HOME', '{}', 0, 0)`),
    ).toContain('categories_name_in_use');
    await taxon.owner.rows('select rename_category($1, $2)', tea, 'TEA');
    expect(await tree()).toContain('Home > TEA');
  });
});
