import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
const champion = () => makeModel(t);

interface Result {
  name_key: string;
  category_id?: number | null;
  confidence?: (number | null)[] | null;
  shortlist?: number[] | null;
}
const settle = (model: number | null, ...results: Result[]) =>
  t.owner.row(`select * from settle_local('one', $1, $2)`, model, JSON.stringify(results));

async function claimed(...names: string[]): Promise<void> {
  await t.owner.rows('insert into products (name) select unnest($1::text[])', names);
  await t.owner.rows(`select claim('one', 100)`);
}

describe('partial answers', () => {
  const shown = () =>
    t.owner.row(
      'select p.state, p.source, p.category_id, p.l1, p.l2, p.l3, q.branch, q.shortlist::text from products p join queue q using (name_key)',
    );
  async function tree() {
    const [knives, pans] = [
      await t.category('Home > Kitchen > Knives'),
      await t.category('Home > Kitchen > Pans'),
    ];
    const [sofas, rakes] = [
      await t.category('Home > Living > Sofas'),
      await t.category('Garden > Tools > Rakes'),
    ];
    const [home, kitchen] = [await t.category('Home'), await t.category('Home > Kitchen')];
    return {
      knives,
      home,
      kitchen,
      shortlist: [knives, rakes, sofas, pans],
      ids: { knives, pans, sofas, rakes },
    };
  }

  test('show the levels that clear while the LLM is asked for the rest, within that branch', async () => {
    const model = await champion();
    const { knives, home, kitchen, shortlist, ids } = await tree();
    await t.owner.rows(`select set_setting('partial_answers', 'true')`);
    await claimed('a');
    expect(
      await settle(model, { name_key: 'a', category_id: knives, confidence: [0.9, 0.8, 0.1], shortlist }),
    ).toEqual({ answered: 0, passed_on: 1 });
    expect(await shown()).toEqual({
      ...{
        state: 'pending',
        source: null,
        category_id: kitchen,
        l1: home,
        l2: kitchen,
        l3: null,
        branch: home,
      },
      shortlist: `{${ids.knives},${ids.pans}}`,
    });
  });

  test('stop where the first level does not clear', async () => {
    const model = await champion();
    const { knives, home, shortlist, ids } = await tree();
    await t.owner.rows(`select set_setting('partial_answers', 'true')`);
    await claimed('a');
    await settle(model, { name_key: 'a', category_id: knives, confidence: [0.9, 0.5, 0.45], shortlist });
    expect(await shown()).toMatchObject({
      ...{ category_id: home, l1: home, l2: null, l3: null },
      shortlist: `{${ids.knives},${ids.sofas},${ids.pans}}`,
    });
  });

  test.each([
    ['switched off', 'select', [0.9, 0.8, 0.1]],
    ['nothing clears', `select set_setting('partial_answers', 'true')`, [0.5, 0.5, 0.5]],
    [
      'in shadow',
      `select set_setting('partial_answers', 'true'), set_setting('local_layer', '"shadow"')`,
      [0.9, 0.8, 0.1],
    ],
  ])('are not given when %s', async (_what, setting, confidence) => {
    const model = await champion();
    const { knives, shortlist } = await tree();
    await t.owner.rows(setting);
    await claimed('a');
    await settle(model, { name_key: 'a', category_id: knives, confidence, shortlist });
    expect(await shown()).toMatchObject({
      ...{ category_id: null, l1: null, l2: null },
      shortlist: `{${shortlist.join()}}`,
    });
  });

  test('leave the shortlist whole where none of it is in the branch', async () => {
    const model = await champion();
    const { knives, ids } = await tree();
    await t.owner.rows(`select set_setting('partial_answers', 'true')`);
    await claimed('a');
    await settle(model, {
      name_key: 'a',
      category_id: knives,
      confidence: [0.9, 0.8, 0.1],
      shortlist: [ids.rakes],
    });
    expect(await shown()).toMatchObject({ shortlist: `{${ids.rakes}}` });
  });
});
