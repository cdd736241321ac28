import { describe, expect, test } from 'vitest';
import { failure, fileWith, rowsOf } from './files.ts';

const read = async (content: string, as: 'labels' | 'products' = 'labels', name = 'dialect.csv') =>
  (await rowsOf(fileWith(name, content), as)).map((row) => [row.line, row.name, ...row.path]);

describe('the separator of a .csv', () => {
  const cases: [what: string, content: string][] = [
    ['a title with a comma', 'name;Цена, грн;l1\nЧайник 1,7 л;99,5;x\n'],
    ['a title with a semicolon', 'name,"size; cm",l1\n"Чайник 1,7 л",9;5,x\n'],
    ['a quoted title with both, over two lines', '"Цена, ""грн""; с\nНДС";name;l1\n1;Чайник 1,7 л;x\n'],
    ['quoted titles', '"name";"l1"\n"Чайник 1,7 л";"x"\n'],
    ['tabs', 'name\tЦена, грн\tl1\nЧайник 1,7 л\t99,5\tx\n'],
    ['pipes', 'Цена, грн|name|l1\n99,5|Чайник 1,7 л|x\n'],
    ['what Excel says in the first line', 'sep=;\r\nname;l1\r\nЧайник 1,7 л;x\r\n'],
    ['the same, quoted, with more of it behind', '"sep=;;;"\nname;price;l1\nЧайник 1,7 л;1;x\n'],
    ['the same, of another character', 'sep=^\nname^l1\nЧайник 1,7 л^x\n'],
    ['the same, and it is not true', 'sep=,\nname;l1\nЧайник 1,7 л;x\n'],
    [
      'a byte order mark, titles with spaces, case and quotes',
      '\ufeff" Name ";Price, EUR;"L1"\nЧайник 1,7 л;;x\n',
    ],
    ['two byte order marks', '\ufeff\ufeffname;l1\nЧайник 1,7 л;x\n'],
  ];
  test.each(cases)('%s', async (_, content) => {
    const rows = await read(content);
    expect(rows.map(([, ...row]) => row)).toEqual([['Чайник 1,7 л', 'x']]);
  });

  test('lines are counted with what stands before the header', async () => {
    expect(await read('sep=;\n\nname;l1\nA;x\n\nB;x\n')).toEqual([
      [4, 'A', 'x'],
      [6, 'B', 'x'],
    ]);
    const file = fileWith('excel.csv', 'sep=;\nname;l1\nA;x\n"B;x\n');
    expect((await failure(rowsOf(file))).message).toContain(`${file}, line 4: a quote is opened`);
  });

  test('a title that fits two ways: the records tell', async () => {
    expect(await read('id, old;name;name, old\n7, 8;A;b\n', 'products')).toEqual([[2, 'A']]);
  });

  test('one column has none', async () => {
    expect(await read('name\nЧайник 1,7 л\n"a, ""b""; c"\nx | y\n', 'products')).toEqual([
      [2, 'Чайник 1,7 л'],
      [3, 'a, "b"; c'],
      [4, 'x | y'],
    ]);
    expect(await read('sep=;\nName\nЧайник 1,7 л\n', 'products')).toEqual([[3, 'Чайник 1,7 л']]);
    const file = fileWith('tab.csv', 'name\nA\t5\n');
    expect((await failure(rowsOf(file, 'products'))).message).toContain('2 fields where the header has 1');
  });

  test('titles with spaces for underscores', async () => {
    const file = fileWith('titles.csv', 'Name;Category External ID;L1\nA;7;x\n');
    expect(await rowsOf(file)).toMatchObject([{ name: 'A', externalId: '7' }]);
  });

  test('lines that end with a carriage return alone', async () => {
    const error = await failure(rowsOf(fileWith('mac.csv', 'name,l1\rA,x\rB,y\r')));
    expect(error.message).toContain('carriage return alone');
    expect(error.hint).toContain('tr ');
  });
});
