import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dryRun } from '../../src/import/dry-run.ts';
import { readRows } from '../../src/import/read.ts';
import type { Reading, RowKind } from '../../src/import/row.ts';
import { SkippedRows } from '../../src/import/skipped.ts';
import { collect, failure, fileWith } from './files.ts';

/** The rows of a file, each as [name, ...path], and what was said on the way. */
async function read(content: string, reading: Reading = {}, as: RowKind = 'labels') {
  const notices: string[] = [];
  const rows = await collect(
    readRows(fileWith('reading.csv', content), { as, onNotice: (text) => notices.push(text), ...reading }),
  );
  return { rows: rows.map((row) => [row.name, ...row.path]), notices };
}
const refused = (content: string, reading: Reading = {}, as: RowKind = 'labels') =>
  failure(collect(readRows(fileWith('refused.csv', content), { as, ...reading })));

describe('rows that cannot be read', () => {
  test('are told all at once, the first 20 of them with the number of all', async () => {
    const bad = Array.from({ length: 25 }, (_, i) => `bad ${i},,y`).join('\n');
    const error = await refused(`name,l1,l2\nA,x,y\n${bad}\n,x,\n`, { faultHint: 'Correct them.' });
    expect(error.message).toContain('refused.csv: 26 rows cannot be read, the first 20:\n  line 3: a hole');
    expect(error.message).toContain('line 22: a hole in the path');
    expect(error.message).not.toContain('line 23');
    expect(error).toMatchObject({ hint: 'Correct them.', exitCode: 1 });
  });

  test('one alone is told as one', async () => {
    expect((await refused('name,l1\nA,x\n,x\n')).message).toMatch(
      /refused\.csv, line 3: the name is empty: {2}\| x$/,
    );
  });

  test('are left out where they go elsewhere, with the shop’s own id', async () => {
    const path = fileWith('skipped.csv', '');
    const skipped = new SkippedRows(path);
    const { rows } = await read('sku,name,l1,source\n7,"A, ""a""",,\n8,B,x,\n9,C,x,robot\n10,D\n', {
      onFault: (fault, titles) => skipped.add(fault, titles),
    });
    skipped.close();
    expect(rows).toEqual([['B', 'x']]);
    expect(skipped.count).toBe(3);
    expect(readFileSync(path, 'utf8')).toBe(
      [
        'line,own_id,reason,sku,name,l1,source',
        '2,7,the category is empty,7,"A, ""a""",,',
        '4,9,"the source is not llm, human or import",9,C,x,robot',
        '5,10,2 fields where the header has 4,10,D',
        '',
      ].join('\n'),
    );
    // what was corrected there goes in
    const again = readFileSync(path, 'utf8').replace('""a""",,', '""a""",x,');
    expect(await failure(collect(readRows(fileWith('again.csv', again))))).toMatchObject({
      message: expect.stringContaining('2 rows cannot be read'),
    });
  });

  test('a file that cannot be written is refused', () => {
    expect(() => new SkippedRows('/nowhere/skipped.csv')).toThrow('/nowhere/skipped.csv cannot be written');
  });
});

describe('paths', () => {
  test('a separator that is given separates, and nothing else does', async () => {
    expect(
      (await read('name,path\nA,Home / Kitchen/ Pots > Pans\nB,Home\n', { pathSeparator: '/' })).rows,
    ).toEqual([
      ['A', 'Home', 'Kitchen', 'Pots > Pans'],
      ['B', 'Home'],
    ]);
    expect((await read('name,path\nA,TV|Audio\n', { pathSeparator: '|' })).rows).toEqual([
      ['A', 'TV', 'Audio'],
    ]);
    expect((await refused('name,path\nA,TV/Audio\nB,TV/Audio\n')).hint).toContain("--path-separator '/'");
  });

  const several =
    'name,path\nA,Home > Kitchen | Body > Hair > Combs\nB,Body > Hair\nC,"Home > Sale, Home > Pots > Iron"\n';
  test.each([
    [
      'first',
      [
        ['Home', 'Kitchen'],
        ['Home', 'Sale'],
      ],
    ],
    [
      'deepest',
      [
        ['Body', 'Hair', 'Combs'],
        ['Home', 'Pots', 'Iron'],
      ],
    ],
    [
      'one',
      [
        ['Home', 'Kitchen | Body', 'Hair', 'Combs'],
        ['Home', 'Sale, Home', 'Pots', 'Iron'],
      ],
    ],
  ] as const)('of several in one field: %s', async (severalPaths, [first, last]) => {
    const { rows, notices } = await read(several, { severalPaths });
    expect(rows).toEqual([
      ['A', ...first],
      ['B', 'Body', 'Hair'],
      ['C', ...last],
    ]);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('line 2: Home > Kitchen | Body > Hair > Combs');
  });

  test('several in one field are refused where no rule chooses', async () => {
    const { message } = await refused(several);
    expect(message).toContain('2 rows cannot be read:\n  line 2: 2 paths in one field');
    expect(message).toContain('--several-paths first, deepest or one');
  });

  test('several in one field, by a separator that was given', async () => {
    const { rows } = await read('name,path\nA,a/b;c/d/e\n', { pathSeparator: '/', severalPaths: 'deepest' });
    expect(rows).toEqual([['A', 'c', 'd', 'e']]);
  });
});

describe('HTML entities', () => {
  const content =
    'name,path\nM&amp;M 27&quot; d&#39;or&nbsp;1,Home &amp; Garden > Pots\nAT&T R&D &copy,x\nB &amp;amp;quot;,Home > Size &gt; 5\n';
  test('are decoded, also twice escaped ones, and counted with an example', async () => {
    const { rows, notices } = await read(content);
    expect(rows).toEqual([
      ['M&M 27" d\'or\u00a01', 'Home & Garden', 'Pots'],
      ['AT&T R&D &copy', 'x'],
      ['B "', 'Home', 'Size > 5'],
    ]);
    expect(notices).toEqual([
      expect.stringContaining(
        '2 rows hold HTML entities such as &amp; or &quot;: decoded (first: line 2: M&amp;M 27&quot; d&#39;or&nbsp;1 is read as M&M 27" d\'or',
      ),
    ]);
  });
  test('are kept on demand', async () => {
    const { rows, notices } = await read(content, { keepEntities: true });
    expect(rows[0]).toEqual(['M&amp;M 27&quot; d&#39;or&nbsp;1', 'Home &amp; Garden', 'Pots']);
    expect(notices[0]).toContain('2 rows hold HTML entities such as &amp; or &quot;: kept as they are');
  });
  test('an escaped ">" separates where no other does', async () => {
    expect((await read('name,path\nA,Home &gt; Pots\nB,Home\n')).rows).toEqual([
      ['A', 'Home', 'Pots'],
      ['B', 'Home'],
    ]);
  });
  test('names of products too', async () => {
    expect((await read('name\nM&amp;M\n', {}, 'products')).rows).toEqual([['M&M']]);
  });
});

describe('a tree without names', () => {
  const rows = (content: string) => collect(readRows(fileWith('tree.csv', content), { as: 'tree' }));
  test('as paths, as levels, as nodes', async () => {
    expect(
      await rows('path,category_external_id\nHome > Pots,7\npath,category_external_id\nHome,\n'),
    ).toMatchObject([
      { line: 2, name: '', path: ['Home', 'Pots'], externalId: '7' },
      { line: 4, name: '', path: ['Home'], externalId: null },
    ]);
    expect(await rows('l1,l2\nHome,Pots\n')).toMatchObject([{ path: ['Home', 'Pots'] }]);
    expect(await rows('id,parent_id,name\n1,NULL,Home\n2,1,Pots &amp; pans\n')).toMatchObject([
      { line: 2, name: 'Home', path: [], externalId: '1', parentId: null },
      { line: 3, name: 'Pots & pans', path: [], externalId: '2', parentId: '1' },
    ]);
  });
  test('nodes without an id or a name are told', async () => {
    const { message } = await refused('id,parent_id,name\n,1,Pots\n2,1,\n', {}, 'tree');
    expect(message).toContain('line 2: the id is empty');
    expect(message).toContain('line 3: the name is empty');
  });
  test.each([
    ['id,name\n1,x\n', 'there is no column "parent_id", and no "path"'],
    ['name,l2\n1,x\n', 'the columns of the category are missing'],
  ])('%j is asked about', async (content, says) => {
    const error = await refused(content, {}, 'tree');
    expect(error.message).toContain(says);
    expect(error.hint).toContain('id,parent_id,name');
  });
});

describe('a dry run', () => {
  const run = (content: string, as: RowKind = 'labels') => {
    const file = fileWith('dry.csv', content);
    return dryRun((reading) => readRows(file, { as, ...reading }), as, 'llm');
  };
  test('shows the first rows as they would be read, notices, and what is wrong', async () => {
    const many = Array.from({ length: 30 }, (_, i) => `n${i},a > b > c > d,,2026-01-02,7`).join('\n');
    const found = await run(
      `name,path,source,labelled_at,category_external_id\nM&amp;M,NULL > x,human,,\n,x,,,\nB,x,robot,,\n${many}\n`,
    );
    expect(found).toMatchObject({
      ...{ rows: 30, faults: 3, paths: 1, deeper: 1, deepest: 'a > b > c > d' },
      reasons: { 'the name is empty': 1, 'the source is not llm, human or import': 1 },
    });
    expect(found.sample).toHaveLength(10);
    expect(found.sample[0]).toEqual({
      ...{ line: 5, name: 'n0', path: 'a > b > c > d', source: 'llm' },
      ...{ labelled_at: '2026-01-02T00:00:00.000Z', category_external_id: '7' },
    });
    expect(found.first_faults[1]).toMatchObject({ line: 3, reason: 'the name is empty' });
    expect(found.notices.join('\n')).toContain('1 fields hold NULL');
  });
  test('of products and of nodes', async () => {
    expect((await run('name,external_id\nA,7\n', 'products')).sample).toEqual([
      { line: 2, name: 'A', external_id: '7' },
    ]);
    expect((await run('id,parent_id,name\n1,,A\n', 'tree')).sample).toEqual([
      { line: 2, id: '1', parent_id: null, name: 'A' },
    ]);
  });
});
