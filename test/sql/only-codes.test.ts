import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** In four languages, as shops have them. */
const codes = [
  '5901234123457',
  'ABC-12345-X',
  'BX-1200/3',
  '4820024700016 4820024700023',
  'EAN 5901234123457',
  'ean:5901234123457',
  'SKU: A-10023',
  'арт. 12345-6',
  'Артикул №778812',
  'Код товару 4471',
  'код 00000123456',
  'Штрих-код: 4820024700016',
  'Nr art. 220-118',
  'kod: 5901234123457',
  'Symbol 88-120/B',
  'Artikel-Nr. 4006381333931',
  'Art.Nr.: 100.200.300',
  'B0CHXDY7QP',
  'R2D2-100',
  'А-113',
  '5901234123457 1 шт',
  '4006381333931 (10 szt.)',
  'НФ-00001234',
  '#100500',
  '12 345 678',
  '978-83-240-0001-2',
  '14',
];
const names = [
  'iPhone 15',
  'WD-40 400 ml',
  'WD-40 400ml',
  '7UP 330 ml',
  '7up 0,5 л',
  '10W-40 4 л',
  'Samsung Galaxy S24',
  'iphone15',
  'чайник1,7л',
  '格力空调KFR-35GW',
  'Cable USB-C 2m',
  'Чайник Velmo VK-1200',
  'Czajnik 1,7 l',
  'Wkład 5901234123457 do ołówka',
  'Батарейка CR2032',
  'ean',
  'kettle',
  'NULL',
  '-',
  '',
];

describe('only_codes', () => {
  test.each(codes)('%s is only a code', async (name) => {
    expect(await t.owner.value('select only_codes(normalise($1))', name)).toBe(true);
  });
  test.each(names)('"%s" is a name', async (name) => {
    expect(await t.owner.value('select only_codes(normalise($1))', name)).toBe(false);
  });
});

describe('codes and the similar layer', () => {
  const similar = (name: string) =>
    t.owner.rows('select matched_key from similar_label(normalise($1))', name);

  test('5901234123464 is not 5901234123457', async () => {
    await t.label('5901234123457', 'Stationery > Pens');
    expect(await similar('5901234123464')).toEqual([]);
    expect(await t.owner.rows('select matched_key, blocked_by from look_up($1)', '5901234123464')).toEqual([
      { matched_key: '5901234123457', blocked_by: '(only codes)' },
    ]);
    await t.owner.rows(`select set_setting('guard', 'false')`);
    expect(await similar('5901234123464')).toEqual([]);
  });

  test('a label that is only a code answers no name beside it', async () => {
    await t.label('bx-1200/31188', 'Tools');
    expect(
      await t.owner.value('select similarity($1, $2)', 'bx-1200/31188', 'bx-1200/31188 lid'),
    ).toBeGreaterThan(0.6);
    expect(await similar('bx-1200/31188 lid')).toEqual([]);
  });

  test('a sidecar hands such a name on, and exact still answers it', async () => {
    await t.label('5901234123457', 'Stationery > Pens');
    await t.insertAll('5901234123464');
    await t.claim('w');
    expect(
      await t.owner.rows(`select name_key from settle_from_memory('w', array['5901234123464'])`),
    ).toEqual([{ name_key: '5901234123464' }]);
    expect(await t.insert('5901234123457')).toMatchObject({ state: 'done', source: 'exact' });
  });

  test('it counts as a cache miss in training', async () => {
    await t.label('5901234123457', 'Stationery > Pens');
    await t.label('Kettle Velmo red 1.7 l', 'Home > Kettles');
    expect(
      await t.owner.rows(
        `select n from similar_in_training(array['5901234123464', 'kettle velmo red 1.5 l'], '\\x00') n`,
      ),
    ).toEqual([{ n: 'kettle velmo red 1.5 l' }]);
  });
});
