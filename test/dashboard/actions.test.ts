import { describe, expect, test } from 'vitest';
import { actions, asSql, given } from '../../src/database/dashboard/actions.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

describe('what is copied as SQL', () => {
  test('each action is a public function with just these parameters and types', async () => {
    for (const [name, parameters] of Object.entries(actions)) {
      const { names, types } = await t.owner.row<{ names: string[]; types: string[] }>(
        `select coalesce(p.proargnames[1:p.pronargs], '{}') as names,
                array(select format_type(a, null) from unnest(p.proargtypes::oid[]) a) as types
           from pg_proc p where p.pronamespace = 'taxon'::regnamespace and p.proname = $1`,
        name,
      );
      const found = new Map(names.map((parameter, i) => [parameter, types[i]]));
      for (const [parameter, type] of Object.entries(parameters))
        expect([name, parameter, found.get(parameter)]).toEqual([name, parameter, type]);
    }
  });

  test('whatever a person typed is one literal of it', async () => {
    const typed = [
      "O'Neill",
      "'; drop schema taxon cascade; --",
      'a\\b',
      'two\nlines',
      'turn \u202E back \\ and \u200B',
      '{"a": 1}',
      '💡 чайник',
    ];
    for (const name of typed) {
      const sql = asSql('taxon', 'add_category', { name, preview: true });
      const [row] = await t.owner.rows<{ path: string }>(
        sql.replace('select *', 'select path').replace(/;$/, ''),
      );
      const { kept } = await t.owner.row<{ kept: string }>(
        `select path as kept from add_category(name => $1, preview => true)`,
        name,
      );
      expect(row?.path).toBe(kept);
      expect(sql).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  test('arrays, numbers, JSON and nothing', () => {
    expect(asSql('taxon', 'split_category', { category_id: 7, names: ['a', "b'c"], preview: true })).toBe(
      `select * from taxon.split_category(category_id => 7, names => array['a', 'b''c']::text[], preview => true);`,
    );
    expect(asSql('shop', 'set_setting', { key: 'llm_tokens_a_day', value: null })).toBe(
      `select * from shop.set_setting(key => 'llm_tokens_a_day', value => 'null');`,
    );
    expect(asSql('taxon', 'undo_thresholds', {})).toBe('select * from taxon.undo_thresholds();');
  });

  test('what is no value of the type, or no parameter, is refused', () => {
    expect(() => given('confirm', { product_id: 1.5 })).toThrow('product_id of confirm() is no bigint');
    expect(() => given('confirm', { toString: 1 })).toThrow('no parameter');
    expect(() => given('set_thresholds', { l1: Number.NaN })).toThrow('no real');
    expect(() => given('merge_categories', { category_ids: [1, '2'] })).toThrow('no bigint[]');
  });
});
