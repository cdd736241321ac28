import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { failure, fileWith, rowsOf } from './files.ts';

let said: string[] = [];
beforeEach(() => {
  said = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const read = async (content: string, as: 'labels' | 'products' = 'labels', name = 'odd.csv') =>
  (await rowsOf(fileWith(name, content), as)).map((row) => [row.name, ...row.path]);
const refused = (content: string, as: 'labels' | 'products' = 'labels') =>
  failure(rowsOf(fileWith('refused.csv', content), as));
/** How often the notices say this. */
const notices = (text: string) => said.filter((line) => line.includes(text)).length;

describe('fields that say that they hold nothing', () => {
  const kin = [
    'NULL',
    'null',
    '\\N',
    'nan',
    'NaN',
    'N/A',
    'n/a',
    'NA',
    'None',
    '#N/A',
    '#Н/Д',
    '#REF!',
    '<null>',
    '-',
    '—',
  ];
  test.each(kin)('%s ends a path as an empty one does, and is counted', async (nothing) => {
    expect(await read(`name,l1,l2,l3\nA,x,y,${nothing}\nB,x, ${nothing} ,\nC,x,y,z\n`)).toEqual([
      ['A', 'x', 'y'],
      ['B', 'x'],
      ['C', 'x', 'y', 'z'],
    ]);
    expect(
      notices(`2 fields hold NULL, nan or the like: read as empty (first: line 2, l3: ${nothing})`),
    ).toBe(1);
  });
  test('levels of a path too, as programs join them', async () => {
    expect(await read('name,path\nA,x > nan > nan\nB,x > y > z\n')).toEqual([
      ['A', 'x'],
      ['B', 'x', 'y', 'z'],
    ]);
    expect(notices('2 fields hold NULL')).toBe(1);
  });
  test('alone it is an empty category, above others a hole', async () => {
    expect((await refused('name,l1,l2\nA,NULL,NULL\n')).message).toContain('line 2: the category is empty');
    expect((await refused('name,l1,l2\nA,NULL,y\n')).message).toContain('line 2: a hole in the path');
  });
  test('a word that only contains it is a category', async () => {
    expect(await read('name,l1\nA,Null Modem\nB,NA-кабель\nC,Nannies\n')).toHaveLength(3);
    expect(said).toEqual([]);
  });
  test('ids, sources and dates are empty by it', async () => {
    const file = fileWith('nulls.csv', 'name,l1,source,labelled_at,category_external_id\nA,x,NULL,\\N,nan\n');
    expect(await rowsOf(file)).toEqual([{ line: 2, name: 'A', path: ['x'], source: null, externalId: null }]);
    const products = fileWith('null-ids.csv', 'name,external_id\nA,NULL\nB,NULL\n');
    expect((await rowsOf(products, 'products')).map((row) => row.externalId)).toEqual([null, null]);
  });
  test('a name may be NULL: it is kept, and said', async () => {
    expect(await read('name\nNULL\nnan\nKettle\n', 'products')).toEqual([['NULL'], ['nan'], ['Kettle']]);
    expect(notices('2 names are NULL, nan or the like: kept as names (first: line 2: NULL)')).toBe(1);
  });
});

describe('a header inside', () => {
  test('is skipped and counted, also with a byte order mark and in other case', async () => {
    expect(await read('name,l1\nA,x\nname,l1\nB,x\n\ufeffName,L1\nC,x\n')).toEqual([
      ['A', 'x'],
      ['B', 'x'],
      ['C', 'x'],
    ]);
    expect(notices('2 times the header stands there again: skipped (first: line 3)')).toBe(1);
  });
  test('in another order it is refused', async () => {
    expect((await refused('name,l1\nA,x\nl1,name\nx,B\n')).message).toContain(
      'line 3: another header, with the columns in another order',
    );
  });
});

describe('what separates the levels of a path', () => {
  const questions: [other: string, path: string][] = [
    ['/', 'Дім/Кухня/Чайники'],
    ['/', 'Home / Kitchen / Kettles'],
    ['|', 'Dom|Kuchnia|Czajniki'],
    ['»', 'Дом » Кухня » Чайники'],
    ['›', 'Home › Kitchen'],
    ['→', 'Home → Kitchen'],
    ['\\', 'Home\\Kitchen'],
    ['->', 'Home -> Kitchen'],
    ['>>', 'Home >> Kitchen'],
    ['::', 'Home::Kitchen'],
    [' - ', 'Home - Kitchen'],
    [';', 'Home; Kitchen'],
  ];
  test.each(questions)('"%s" in most of them is a question: %s', async (other, path) => {
    const error = await refused(`name,path\nA,${path}\nB,${path}\nC,Home\n`);
    expect(error.message).toContain(`does "${other}" separate the levels of the paths?`);
    expect(error.message).toContain('2 of 3');
    expect(error.message).toContain(`line 2: ${path}`);
    expect(error.hint).toContain('l1 instead of path');
    expect(error.hint).toContain(`--path-separator '${other}'`);
    expect(error.exitCode).toBe(2);
  });
  test('in few of them it is part of a name, and where ">" separates too', async () => {
    expect(await read('name,path\nA,TV/Audio\nB,Home\nC,Garden\n')).toEqual([
      ['A', 'TV/Audio'],
      ['B', 'Home'],
      ['C', 'Garden'],
    ]);
    expect(await read('name,path\nA,TV/Audio > TV\nB,TV/Audio\nC,TV/Audio\n')).toHaveLength(3);
  });
  test('the way out: the same as l1', async () => {
    expect(await read('name,l1\nA,TV/Audio\nB,TV/Audio\n')).toEqual([
      ['A', 'TV/Audio'],
      ['B', 'TV/Audio'],
    ]);
  });
  test('" > " wins over ">", from the first line on, and it is said', async () => {
    expect(await read('name,path\nA,A>B\nB,x > A>B > y\nC,x > y\n')).toEqual([
      ['A', 'A>B'],
      ['B', 'x', 'A>B', 'y'],
      ['C', 'x', 'y'],
    ]);
    expect(notices('2 paths hold a ">" without spaces')).toBe(1);
  });
  test('where no ">" has spaces, it separates without', async () => {
    expect(await read('name,path\nA,a>b>c\nB,a\n')).toEqual([
      ['A', 'a', 'b', 'c'],
      ['B', 'a'],
    ]);
  });
  test('too late to know better: a question', async () => {
    const many = 'A,a>b\n'.repeat(10_001);
    const error = await refused(`name,path\n${many}B,a > b\n`);
    expect(error.message).toContain('line 10003: " > " separates here, and ">" without spaces before');
  });
  test('levels that hold whole paths', async () => {
    const error = await refused('name,l1,l2\nA,Home,Home > Kitchen\nB,Home,Home > Garden\n');
    expect(error.message).toContain('most of its levels hold whole paths (line 2: Home > Kitchen)');
    expect(error.hint).toContain('path');
  });
  test('several paths in one field', async () => {
    const error = await refused(
      'name,path\nA,"Home > Kitchen, Home > Sale"\nB,Home > Garden | Home > Sale\nC,Home > Garden\n',
    );
    expect(error.message).toContain('2 rows cannot be read:');
    expect(error.message).toContain('line 3: 2 paths in one field, and a name has one category here');
    expect(error.exitCode).toBe(1);
  });
  test('a mark inside a name is none', async () => {
    expect(
      await read(
        'name,path\nA,"Body > Perfume, Cologne > Unisex"\nB,TV | Audio > LG\nC,"Home; Garden > Tools"\nD,Home > A; B\n',
      ),
    ).toEqual([
      ['A', 'Body', 'Perfume, Cologne', 'Unisex'],
      ['B', 'TV | Audio', 'LG'],
      ['C', 'Home; Garden', 'Tools'],
      ['D', 'Home', 'A; B'],
    ]);
  });
});

test('a quoted .tsv is told from its header', async () => {
  const error = await failure(rowsOf(fileWith('quoted.tsv', '"name"\t"l1"\n"A"\t"x"\n')));
  expect(error.message).toContain('there is no column "name"; its header is: "name", "l1"');
  expect(error.hint).toContain('call it .csv');
});

test('what moves a cursor is not sent to the screen', async () => {
  expect((await refused('name,l1\nA\x1b[2J,\n')).message).toContain('the category is empty: A\ufffd[2J | ');
});

describe('letters that were spoilt before', () => {
  const spoilt = (text: string, encoding: string) => new TextDecoder(encoding).decode(Buffer.from(text));
  test.each(['windows-1251', 'windows-1252', 'windows-1250'])(
    'UTF-8 read as %s is refused',
    async (encoding) => {
      const text = spoilt('Чайник жовтий', encoding);
      const error = await refused(`name,l1\nTV,x\n${text},x\n`);
      expect(error.message).toContain('UTF-8 that was read as another encoding');
      expect(error.message).toContain(`line 3: ${text}: was it "Чайник жовтий"?`);
    },
  );
  test('Polish letters too', async () => {
    expect((await refused(`name\n${spoilt('Żółta gęś', 'windows-1250')}\n`, 'products')).message).toContain(
      'Żółta gęś',
    );
  });
  test('a few are said, and real words are none', async () => {
    const rows = ['Рёбра свиные', 'ДЊорђе', 'Ângela É', 'Żółta Ł', `${spoilt('Чай', 'windows-1251')}`];
    expect(await read(`name\n${rows.join('\n')}\n`, 'products')).toHaveLength(5);
    expect(notices('1 rows look like UTF-8 that was read as another encoding')).toBe(1);
  });
  test('letters that are lost, quotes of a .tsv, one column that holds more', async () => {
    await read('name,l1\nA\ufffdB,x\n??????? 1.7,x\n');
    expect(notices('2 rows hold letters that a wrong encoding')).toBe(1);
    await read('name\tl1\n"27"" monitor"\tx\n', 'labels', 'odd.tsv');
    expect(notices('1 names stand in quotes')).toBe(1);
    await read('name\nA;5\n', 'products');
    expect(notices('1 names hold a ";" or "|"')).toBe(1);
  });
});
