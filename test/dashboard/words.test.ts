import { describe, expect, test } from 'vitest';
import { matching } from '../../src/dashboard/client/parts/matching.ts';
import { inParts } from '../../src/dashboard/client/parts/typed.ts';
import { missing } from '../../src/dashboard/client/screens/missing.ts';
import { atMostWrong, proves } from '../../src/dashboard/client/screens/proves.ts';
import { money, percent, short, shown, span } from '../../src/dashboard/client/words.ts';
import { makeShop } from '../support/made-shop.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

test('what is not seen in a name stands there by its number, and what is cut says so', () => {
  expect(shown('a\u202Eb\u200B')).toBe('a⟨U+202E⟩b⟨U+200B⟩');
  expect(shown('Чайник 1,7 л')).toBe('Чайник 1,7 л');
  expect(shown('kett', 100_000)).toBe('kett … (100,000 characters)');
});

test('figures as people read them', () => {
  expect([short(9_999), short(12_345), short(1_234_567), short(null)]).toEqual([
    '9,999',
    '12.3 k',
    '1.2 M',
    '–',
  ]);
  expect([percent(0.1234), percent(0.05, 0), percent(null)]).toEqual(['12.3 %', '5 %', '–']);
  expect([money(0), money(0.0042), money(12.3), money(null)]).toEqual([
    '$0.00',
    '$0.0042',
    '$12.30',
    'price not known',
  ]);
  expect([span(45), span(240), span(7200), span(400_000)]).toEqual(['45 s', '4 min', '2 h', '5 days']);
});

describe('what health says to type stands apart', () => {
  test('commands and statements', () => {
    expect(inParts('none is running: the rest waits; start one: taxon sidecar')).toEqual([
      { words: 'none is running: the rest waits', type: null },
      { words: 'start one', type: 'taxon sidecar' },
    ]);
    expect(
      inParts('newest: no; select * from decide_again(failed => true) puts them back')[1]?.type,
    ).toContain('select * from decide_again(failed => true)');
    expect(inParts('nothing waits')).toEqual([{ words: 'nothing waits', type: null }]);
  });

  test('nothing of a sentence is lost', async () => {
    await makeShop(t);
    const rows = await t.owner.rows<{ detail: string }>('select detail from health()');
    expect(rows.length).toBeGreaterThan(8);
    for (const { detail } of rows) {
      const said = inParts(detail)
        .map(({ words, type }) => `${words} ${type ?? ''}`)
        .join(' ');
      const letters = (text: string) => text.replaceAll(/[^\p{L}\p{N}]/gu, '');
      expect(letters(said)).toBe(letters(detail));
    }
  });
});

test('a part of a path finds the category that it ends with first', () => {
  const choices = ['Home > Kitchen > Kettles', 'Home > Kettle stands', 'Garden > Kettle grills > Covers'].map(
    (path, category_id) => ({ category_id, path }),
  );
  expect(matching(choices, 'kettle').map(({ category_id }) => category_id)).toEqual([1, 0, 2]);
  expect(matching(choices, 'kitch kett').map(({ category_id }) => category_id)).toEqual([0]);
  expect(matching(choices, 'boats')).toEqual([]);
});

test('what is missing for a promise', () => {
  const suggestion = {
    max_error: 0.05,
    confidence: 0.95,
    feasible: false,
    l1: null,
    l2: null,
    l3: null,
    coverage: 0.2,
    checked: 20,
    wrong: 0,
    upper_bound: null,
    verdict: '',
    checks_missing: 37,
  };
  expect(missing({ suggestion })).toBe('37 more checks certify 5 %.');
  expect(missing({ suggestion: { ...suggestion, checks_missing: null } })).toBe(
    '5 % cannot be promised yet.',
  );
  expect(missing({ suggestion: { ...suggestion, feasible: true, coverage: 0.62 } })).toContain(
    '62 % of new names',
  );
});

test('what a sample proves of a kind', () => {
  expect([12, 29, 59].map((seen) => Math.round(100 * atMostWrong(seen)))).toEqual([22, 10, 5]);
  expect(proves(29, 500, 0)).toContain('at most 10 % of the others are wrong');
  expect(proves(29, 29, 0)).toBe('You see all of them.');
  expect(proves(29, 500, 2)).toContain('2 unmarked');
});
