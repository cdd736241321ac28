import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readLabelled, readRows } from '../../src/import/read.ts';
import { collect, failure, fileWith, fixture, rowsOf } from './files.ts';

const paths = async (path: string) => (await rowsOf(path)).map((row) => [row.name, ...row.path]);

describe('csv', () => {
  test('l1, l2, l3, a level empty where the path stops', async () => {
    const file = fileWith('levels.csv', 'name,l1,l2,l3,source\nA,x,y,z,human\nB,x,y,,\nC,x,,,LLM\n');
    expect(await rowsOf(file)).toEqual([
      { line: 2, name: 'A', path: ['x', 'y', 'z'], source: 'human', externalId: null },
      { line: 3, name: 'B', path: ['x', 'y'], source: null, externalId: null },
      { line: 4, name: 'C', path: ['x'], source: 'llm', externalId: null },
    ]);
  });

  test('columns in any order and case; others are not read', async () => {
    const file = fileWith('order.csv', 'L2,shop, Name ,L1\ny,S,A,x\n');
    expect(await paths(file)).toEqual([['A', 'x', 'y']]);
  });

  test('quoted fields hold delimiters, quotes and line ends; lines are counted through them', async () => {
    const file = fileWith('quotes.csv', 'name,l1\n"27"" monitor, black",x\n\n"two\n\nlines",x\nlast,x');
    const rows = await rowsOf(file);
    expect(rows.map((row) => [row.line, row.name])).toEqual([
      [2, '27" monitor, black'],
      [4, 'two\n\nlines'],
      [7, 'last'],
    ]);
  });

  test('semicolons, as Excel writes them where the comma is the decimal sign', async () => {
    expect(await paths(fileWith('semi.csv', 'name;l1\n"1,5 l; bottle";x\n'))).toEqual([
      ['1,5 l; bottle', 'x'],
    ]);
  });

  test('byte order mark, CRLF, no line end at the end', async () => {
    const file = fileWith('bom.csv', '\ufeffname,l1\r\nA,x\r\nB,y');
    expect(await paths(file)).toEqual([
      ['A', 'x'],
      ['B', 'y'],
    ]);
  });

  test('a quote that is never closed is named where it was opened, not where the file ends', async () => {
    const file = fileWith('open.csv', `name,l1\nA,x\n\n"B,x\n${'C,x\n'.repeat(400_000)}`);
    const error = await failure(rowsOf(file));
    expect(error.message).toBe(`${file}, line 4: a quote is opened and never closed: "B,x`);
    expect(error.hint).toContain('"27"" monitor"');
  });

  test('a quote within a field that has none around it is a letter, and people are told', async () => {
    const notices: string[] = [];
    const lines = ['A,x', '27" monitor,x', '"A" B,x', '"""C"" D",x', '"5" LED",x', '"27"" TV",x'];
    const file = fileWith('stray.csv', `name,l1\n${lines.join('\n')}\n`);
    const read: string[] = [];
    for await (const { name } of readRows(file, { onNotice: (text) => notices.push(text) })) read.push(name);
    expect(read).toEqual(['A', '27" monitor', '"A" B', '"C" D', '"5" LED"', '27" TV']);
    expect(notices).toEqual([
      `${file}: 2 rows hold a quote in a field that has none around it, as in 27" monitor: kept as a letter (first: line 3: 27" monitor | x)`,
    ]);
  });

  test('a delimiter behind such a quote divides, and the row has too many fields', async () => {
    const file = fileWith('divided.csv', 'name,l1\nA,x\n"TV 55", black",x\n');
    expect((await failure(rowsOf(file))).message).toContain('line 3: 3 fields where the header has 2');
  });
});

describe('tsv', () => {
  test('quotes and backslashes mean nothing', async () => {
    const file = fileWith('quotes.tsv', 'name\tl1\n27" monitor\tx\n"open\tx\n""\tx\na\\tb\\n\tx\r\n');
    expect(await paths(file)).toEqual([
      ['27" monitor', 'x'],
      ['"open', 'x'],
      ['""', 'x'],
      ['a\\tb\\n', 'x'],
    ]);
  });
});

describe('gz', () => {
  test('is unpacked on the way', async () => {
    const file = fileWith('packed.tsv.gz', gzipSync('name\tl1\nA\tx\n'));
    expect(await paths(file)).toEqual([['A', 'x']]);
  });
  test('cut off', async () => {
    const whole = gzipSync(`name,l1\n${'A,x\n'.repeat(1000)}`);
    const file = fileWith('cut.csv.gz', whole.subarray(0, whole.length - 20));
    expect((await failure(rowsOf(file))).message).toContain(`${file} is not a whole .gz file`);
  });
});

describe('parquet', () => {
  test('row groups, numbers, nulls, columns that are not read', async () => {
    expect(await rowsOf(fixture('levels.parquet'))).toEqual([
      {
        line: 1,
        name: 'Чайник Velmo 1,7л',
        path: ['Техника', 'Кухня', 'Чайники'],
        source: 'human',
        externalId: '101',
      },
      {
        line: 2,
        name: 'Чайник Velmo 2л',
        path: ['Техника', 'Кухня', 'Чайники'],
        source: null,
        externalId: '101',
      },
      { line: 3, name: 'Монитор 27" Ostra', path: ['Техника', 'Мониторы'], source: 'llm', externalId: null },
      { line: 4, name: 'Szal wełniany', path: ['Moda'], source: null, externalId: '7' },
      {
        line: 5,
        name: 'Plecak Orlik 20 l',
        path: ['Moda', 'Torby', 'Plecaki'],
        source: null,
        externalId: null,
      },
    ]);
  });
  test('dictionary column, path', async () => {
    expect(await paths(fixture('path.parquet'))).toEqual([
      ['one', 'a', 'b', 'c', 'd'],
      ['two', 'a'],
    ]);
  });
  test('bytes that are no UTF-8 are named by row', async () => {
    const file = fixture('not-utf8.parquet');
    expect((await failure(rowsOf(file))).message).toBe(`${file}, row 3: the column name is not valid UTF-8`);
  });
  test('a list is no text', async () => {
    const file = fixture('list.parquet');
    expect((await failure(rowsOf(file))).message).toBe(`${file}, row 1: the column l1 holds no text`);
  });
  test('another file under that name', async () => {
    const file = fileWith('x.parquet', 'name,l1\n');
    expect((await failure(rowsOf(file))).message).toContain(`${file} is not a parquet file`);
  });
});

describe('paths', () => {
  test('"a > b > c", empty levels at the end dropped', async () => {
    const file = fileWith('path.csv', 'path,name\na > b > c > d,A\na,B\na > b > >,C\na >,D\n');
    expect(await paths(file)).toEqual([
      ['A', 'a', 'b', 'c', 'd'],
      ['B', 'a'],
      ['C', 'a', 'b'],
      ['D', 'a'],
    ]);
  });
  test('one spelling of a category: composed, white space collapsed', async () => {
    const file = fileWith('spelling.csv', 'name,l1\nA, Home \u00a0 & \tGarden\u200b\nB,Cafe\u0301\n');
    expect(await paths(file)).toEqual([
      ['A', 'Home & Garden'],
      ['B', 'Café'],
    ]);
  });
});

describe('bad lines are named by number and content', () => {
  const cases: [string, string, string][] = [
    ['a hole', 'A,x,,z', 'a hole in the path: level 2 is empty and level 3 is not: A | x |  | z'],
    ['no l1', 'A,,y,z', 'a hole in the path: level 1 is empty and level 3 is not: A |  | y | z'],
    ['no category', 'A,,,', 'the category is empty: A |  |  | '],
    ['no name', ' \u200b,x,,', 'the name is empty:  \u200b | x |  | '],
    ['too few fields', 'A,x', '2 fields where the header has 4: A | x'],
    ['too many fields', 'A, B,x,y,z', '5 fields where the header has 4: A |  B | x | y | z'],
    ['a long category', `A,${'ы'.repeat(501)},,`, 'a category of more than 500 characters: A | ы'],
  ];
  test.each(cases)('%s', async (_, line, says) => {
    const file = fileWith('bad.csv', `name,l1,l2,l3\nOK,x,y,z\n${line}\nOK,x,y,z\n`);
    const error = await failure(rowsOf(file));
    expect(error.message.slice(0, `${file}, line 3: ${says}`.length)).toBe(`${file}, line 3: ${says}`);
    expect(error.message.length).toBeLessThan(file.length + 300);
    expect(error.exitCode).toBe(1);
  });
  test('a source that does not exist', async () => {
    const file = fileWith('source.csv', 'name,l1,source\nA,x,robot\n');
    expect((await failure(rowsOf(file))).message).toBe(
      `${file}, line 2: the source is not llm, human or import: A | x | robot`,
    );
  });
  test('bytes that are no UTF-8, also far into the file', async () => {
    const lines = 'Чайник,x\n'.repeat(100_000);
    const file = fileWith(
      'cp1251.csv',
      Buffer.concat([
        Buffer.from(`name,l1\n${lines}`),
        Buffer.from([0xf7, 0xe0, 0xe9]),
        Buffer.from(',x\nB,x\n'),
      ]),
    );
    const error = await failure(rowsOf(file));
    expect(error.message).toBe(`${file}, line 100002: not valid UTF-8: \ufffd\ufffd\ufffd,x`);
    expect(error.hint).toContain('Other lines are UTF-8: correct this one');
    expect(error.hint).toContain('in windows-1251: чай,x');
  });
  test('NUL', async () => {
    const file = fileWith('nul.tsv', 'name\tl1\nA\tx\nB\0C\tx\n');
    expect((await failure(rowsOf(file))).message).toBe(`${file}, line 3: a NUL character: B\\0C\tx`);
  });
  test('UTF-16, as Excel saves "Unicode text"', async () => {
    const file = fileWith('utf16.tsv', Buffer.from('\ufeffname\tl1\nA\tx\n', 'utf16le'));
    expect((await failure(rowsOf(file))).message).toBe(`${file} is UTF-16`);
  });
});

describe('headers that cannot be', () => {
  const cases: [string, string][] = [
    ['title,l1', 'there is no column "name"'],
    ['name,category', 'the columns of the category are missing'],
    ['name,l1,l3', 'the columns of the category are missing'],
    ['name,path,l1', 'it has both path and l1'],
    ['name,l1,l2,l3,l4', 'l4 is too deep'],
    ['name,l1,name', 'the column name is there twice'],
  ];
  test.each(cases)('%s', async (header, says) => {
    const file = fileWith('header.csv', `${header}\n`);
    const error = await failure(rowsOf(file));
    expect(error.message).toContain(`${file}: ${says}`);
    expect(error.message).toContain(header.split(',').join(', '));
    expect(error.hint).toContain('name,l1,l2,l3');
  });
  test('an empty file', async () => {
    const file = fileWith('empty.csv', '');
    expect((await failure(rowsOf(file))).message).toBe(`${file} is empty`);
  });
});

test('files that cannot be read', () => {
  expect(() => readRows('/nowhere/x.csv')).toThrow('there is no file /nowhere/x.csv');
  expect(() => readRows('/')).toThrow('/ is not a file');
  expect(() => readRows(fileWith('names.txt', 'A'))).toThrow('names.txt is of no kind that can be read');
});

test('products: name and the shop’s own id, a name may be empty', async () => {
  const file = fileWith('products.csv', 'external_id,name,l1\n7,A,x\n,,x\n');
  expect(await rowsOf(file, 'products')).toEqual([
    { line: 2, name: 'A', path: [], source: null, externalId: '7' },
    { line: 3, name: '', path: [], source: null, externalId: null },
  ]);
});

test('a labelled file as a whole', async () => {
  const file = fileWith('truth.tsv', 'name\tl1\tl2\nA\tx\ty\nB\tx\t\n');
  expect(await readLabelled(file)).toEqual([
    { name: 'A', path: ['x', 'y'] },
    { name: 'B', path: ['x'] },
  ]);
});

test('progress ends at the size of the file', async () => {
  const content = gzipSync(`name,l1\n${'A,x\n'.repeat(50_000)}`);
  const seen: number[] = [];
  await collect(readRows(fileWith('progress.csv.gz', content), { onProgress: (bytes) => seen.push(bytes) }));
  expect(seen.at(-1)).toBe(content.length);
});
