import { describe, expect, it } from 'vitest';
import { Faults } from '../../src/xray/faults.ts';
import { type History, walkExact } from '../../src/xray/history.ts';
import { languagesOf } from '../../src/xray/language.ts';
import { countNames, judgeName } from '../../src/xray/names.ts';
import { taxonomyOf } from '../../src/xray/taxonomy.ts';
import type { XrayRow } from '../../src/xray/types.ts';

const row = (name: string, path = ''): XrayRow => ({
  ...{ where: 'row 1', name, category: null, at: null },
  path: path === '' ? [] : path.split(' > '),
});

describe('names', () => {
  it('counts repeats, and those that are spelt otherwise', () => {
    const { counts, keys } = countNames(
      ['Kettle', 'kettle', ' KETTLE', 'Kettle', 'Lamp'].map((name) => row(name)),
    );
    expect(counts).toEqual({ distinct: 2, repeats: 3, respelt: 2 });
    expect(keys).toEqual(['kettle', 'lamp']);
  });

  it('sees what is wrong in a name, and where', () => {
    const faults = new Faults();
    const names = [
      'Salt &amp; pepper',
      'Lamp',
      'Ke\u200bttle',
      'Р§Р°Р№РЅРёРє',
      '12345',
      'x'.repeat(301),
      'a &lt; b',
    ];
    for (const [i, name] of names.entries()) judgeName(faults, `line ${i + 1}`, name);
    expect(Object.fromEntries(faults.all().map(({ what, times }) => [what, times]))).toEqual({
      'HTML entities in names': 2,
      'invisible characters in names': 1,
      'UTF-8 read as another encoding': 1,
      'names without a letter': 1,
      'names of more than 300 characters': 1,
    });
    expect(faults.all()[0]?.places).toEqual(['line 1: Salt &amp; pepper', 'line 7: a &lt; b']);
  });
});

describe('languages and scripts', () => {
  it('tells scripts by letters, and languages where their own letters stand', () => {
    const found = languagesOf([
      'Czajnik elektryczny żółty',
      'Чайник електричний білий 1,7 л',
      'Чайник электрический',
      'kettle for the kitchen',
      'Чехол для Samsung Galaxy',
      '1234',
      'Sаmsung case', // its first a is Cyrillic
    ]);
    expect(Object.fromEntries(found.languages.map(({ language, names }) => [language, names]))).toEqual({
      Polish: 1,
      Ukrainian: 1,
      Russian: 1,
      English: 2,
      'Ukrainian or Russian': 1,
      'no telling': 1,
    });
    expect(found.scripts.find(({ script }) => script === 'Cyrillic and Latin')?.names).toBe(1);
    expect(found.scripts.find(({ script }) => script === 'no letters')?.names).toBe(1);
    expect(found.mixedWords).toEqual({ names: 1, examples: ['Sаmsung case'] });
  });
});

describe('taxonomy', () => {
  const rows = [
    row('a', 'Home > Kitchen > Kettles'),
    row('b', 'Home > Kitchen > Kettles'),
    row('c', 'Home > Kitchen > kettles '),
    row('d', 'Office > Kettles'),
    row('e', 'Home'),
    row('A', 'Office > Lamps'),
  ];

  it('finds what rows alone show: one name, the same name elsewhere, twins, names above leaves', () => {
    expect(taxonomyOf(rows, null)).toMatchObject({
      categories: 7,
      depth: 3,
      levels: [2, 3, 2],
      without: null,
      single: { count: 3, examples: ['Home > Kitchen > kettles ', 'Office > Kettles', 'Office > Lamps'] },
      repeated: { count: 1, examples: [expect.stringContaining('Office > Kettles')] },
      twins: { count: 1, examples: ['Home > Kitchen > "Kettles" and "kettles "'] },
      inner: { names: 1, categories: 1 },
    });
  });

  it('with the whole tree also leaves without a name, and siblings of one name', () => {
    const tree = [
      { id: 1, parent: null, name: 'Home' },
      { id: 2, parent: 1, name: 'Kitchen' },
      { id: 3, parent: 2, name: 'Kettles' },
      { id: 4, parent: 2, name: 'Pots' },
      { id: 5, parent: 2, name: 'Pots' },
      { id: 6, parent: 2, name: 'Ke\u200bttles' },
    ];
    const found = taxonomyOf([row('a', 'Home > Kitchen > Kettles')], tree);
    expect(found.without).toEqual({
      count: 2,
      examples: ['Home > Kitchen > Pots', 'Home > Kitchen > Ke\u200bttles'],
    });
    expect(found.twins).toEqual({
      count: 2,
      examples: ['Home > Kitchen > "Kettles" and "Ke<U+200B>ttles"', 'Home > Kitchen > Pots (2 times)'],
    });
  });

  it('does not follow a circle for ever', () => {
    const circle = [
      { id: 1, parent: 2, name: 'a' },
      { id: 2, parent: 1, name: 'b' },
    ];
    expect(taxonomyOf([], circle).categories).toBeGreaterThan(1);
  });
});

describe('the walk through exact', () => {
  const [a, b] = [
    [1, 2, 3],
    [1, 2, 4],
  ] as const;
  const history = (rows: [key: string, path: typeof a | typeof b][], edges: number[]): History => ({
    rows: rows.map(([key, path]) => ({ key, path })),
    memory: new Map(),
    edges,
  });

  it('answers with what most earlier rows say, the newest among equals', () => {
    const [first, second] = walkExact(
      history(
        [
          ['x', a],
          ['x', a], // right
          ['x', b], // wrong: two say a
          ['y', a],
          ['x', b], // wrong: two to one
          ['y', b], // wrong
          ['y', b], // right: one each, b is newer
          ['z', a],
        ],
        [0, 4, 8],
      ),
    );
    expect(first).toMatchObject({ rows: 4, exact: 2, exactWrong: 1, knownRows: 0 });
    expect(second).toMatchObject({ rows: 4, exact: 3, exactWrong: 2, knownRows: 3, knownWrong: 2 });
    expect([...(second?.known ?? [])]).toEqual(['x', 'y']);
    expect([...(second?.fresh ?? [])]).toEqual([['z', 1]]);
  });
});
