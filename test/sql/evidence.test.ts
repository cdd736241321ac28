import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

async function settle(results: object[]): Promise<void> {
  const encoder = await t.owner.value(`select register_encoder('e', 2)`);
  const model = await t.owner.value(`select save_model($1, null, '{}')`, encoder);
  await t.claim('one');
  await t.owner.rows(`select * from settle_local('one', $1, $2)`, model, JSON.stringify(results));
}

describe('evidence', () => {
  test('is one row a name, answered or not, and every row of the name points to it', async () => {
    const category_id = await t.owner.value(`select make_category(array['Home'])`);
    await t.insertAll('kettle', 'Kettle ', 'lamp');
    const shared = { category_id, shortlist: [category_id], nearest: 0.75, unknown: 0.25, voices: 2 };
    await settle([
      { name_key: 'kettle', confidence: [0.9, 0.9, 0.9], margin: 0.5, ...shared },
      { name_key: 'lamp', confidence: [0.9, 0.5, 0.2], margin: 0.125, ...shared },
    ]);
    expect(
      await t.owner.rows(
        `select p.name, p.source, e.l3_said, e.margin, e.nearest, e.unknown, e.voices, e.clears, e.answered
         from products p join evidence e using (evidence_id) order by p.product_id`,
      ),
    ).toEqual([
      ...['kettle', 'Kettle '].map((name) => ({
        ...{ name, source: 'local', l3_said: 0.9, margin: 0.5, nearest: 0.75, unknown: 0.25, voices: 2 },
        ...{ clears: true, answered: true },
      })),
      {
        ...{
          name: 'lamp',
          source: null,
          l3_said: 0.2,
          margin: 0.125,
          nearest: 0.75,
          unknown: 0.25,
          voices: 2,
        },
        ...{ clears: false, answered: false },
      },
    ]);
    expect(await t.owner.value('select count(*) from evidence')).toBe(2);
  });

  test('in shadow it says what would have been answered', async () => {
    const category_id = await t.owner.value(`select make_category(array['Home'])`);
    await t.owner.rows(`select set_setting('local_layer', '"shadow"')`);
    await t.insertAll('kettle');
    await settle([{ name_key: 'kettle', category_id, confidence: [0.9, 0.9, 0.9], shortlist: [] }]);
    expect(await t.owner.row('select clears, answered from evidence')).toEqual({
      clears: true,
      answered: false,
    });
  });

  test('is not written where it is not kept', async () => {
    await t.owner.rows(`select set_setting('evidence_days', '0')`);
    await t.insertAll('kettle');
    await settle([{ name_key: 'kettle', category_id: null, confidence: [0.9, 0.9, 0.9], shortlist: [] }]);
    expect(await t.owner.value('select count(*) from evidence')).toBe(0);
    expect(await t.owner.value('select evidence_id from products')).toBe(null);
  });
});

describe('forget_evidence', () => {
  test('removes what is past its days, so many rows a call', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 2)`);
    const model = await t.owner.value(`select save_model($1, null, '{}')`, encoder);
    await t.owner.rows(
      `insert into evidence (product_id, model_id, decided_at, clears, answered)
         select i, $1, now() - make_interval(days => i), false, false from generate_series(1, 30) i`,
      model,
    );
    expect(await t.owner.value('select forget_evidence()')).toBe(0);
    await t.owner.rows(`select set_setting('evidence_days', '10')`);
    expect(await t.owner.value('select forget_evidence(15)')).toBe(15);
    expect(await t.owner.value('select forget_evidence(15)')).toBe(6);
    expect(await t.owner.value('select forget_evidence(15)')).toBe(0);
    expect(await t.owner.row('select min(product_id) as newest, count(*) from evidence')).toEqual({
      newest: 1,
      count: 9,
    });
  });
});
