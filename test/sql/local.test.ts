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
  probabilities?: number[];
}
const settle = (model: number | null, ...results: Result[]) =>
  t.owner.row(`select * from settle_local('one', $1, $2)`, model, JSON.stringify(results));

async function claimed(...names: string[]): Promise<void> {
  await t.owner.rows('insert into products (name) select unnest($1::text[])', names);
  await t.owner.rows(`select claim('one', 100)`);
}

describe('clears, the decision between layer 3 and layer 4', () => {
  test.each([
    ['all above', [0.9, 0.9, 0.9], true],
    ['exactly at the thresholds, as real', [0.75, 0.55, 0.4], true],
    ['l1 a hair below', [0.7499999, 0.9, 0.9], false],
    ['l2 a hair below', [0.9, 0.5499999, 0.9], false],
    ['l3 a hair below', [0.9, 0.9, 0.3999999], false],
    ['no confidence at all', [null, null, null], false],
    ['one missing', [0.9, null, 0.9], false],
    ['not a number: no confidence', [Number.NaN, 0.9, 0.9], false],
  ])('%s', async (_what, confidence, expected) => {
    expect(await t.owner.value('select clears(true, $1, $2, $3, .75, .55, .40)', ...confidence)).toBe(
      expected,
    );
  });

  test('compares what a sidecar computed in single precision', async () => {
    const single = [0.75, 0.55, 0.4].map((x) => Math.fround(x));
    expect(await t.owner.value('select clears(true, $1, $2, $3, .75, .55, .40)', ...single)).toBe(true);
  });
});

describe('settle_local', () => {
  test('names that may well be elsewhere are in no branch, so that they are asked together', async () => {
    const model = await champion();
    const [kettles, tea] = [await t.category('Home > Kettles'), await t.category('Food > Tea')];
    await claimed('likely', 'elsewhere');
    const confidence = [0.6, 0.5, 0.4];
    const shortlist = [kettles, tea];
    await settle(
      model,
      { name_key: 'likely', category_id: kettles, confidence, shortlist, probabilities: [0.4, 0.45] },
      { name_key: 'elsewhere', category_id: kettles, confidence, shortlist, probabilities: [0.4, 0.44] },
    );
    expect(
      await t.owner.rows(
        'select name_key, branch, shortlist, probabilities from queue order by name_key desc',
      ),
    ).toEqual([
      {
        name_key: 'likely',
        branch: await t.category('Home'),
        shortlist: shortlist.map(String),
        probabilities: [0.4, 0.45],
      },
      { name_key: 'elsewhere', branch: null, shortlist: shortlist.map(String), probabilities: [0.4, 0.44] },
    ]);
  });

  test('answers what clears, passes the rest on with its shortlist and branch, keeps all confidences', async () => {
    const model = await champion();
    const kitchen = await t.category('Home > Kitchen');
    const home = await t.category('Home');
    await claimed('sure', 'SURE', 'unsure');
    const verdict = await settle(
      model,
      { name_key: 'sure', category_id: kitchen, confidence: [0.75, 0.55, 0.4], shortlist: [kitchen] },
      { name_key: 'unsure', category_id: kitchen, confidence: [0.9, 0.9, 0.1], shortlist: [kitchen, home] },
    );
    expect(verdict).toEqual({ answered: 1, passed_on: 1 });
    const rows = await t.owner.rows(
      'select name, state, source, category_id as id, l1, l2, l3_confidence as c, model_id as model from products order by product_id',
    );
    expect(rows).toEqual([
      { name: 'sure', state: 'done', source: 'local', id: kitchen, l1: home, l2: kitchen, c: 0.4, model },
      { name: 'SURE', state: 'done', source: 'local', id: kitchen, l1: home, l2: kitchen, c: 0.4, model },
      { name: 'unsure', state: 'pending', source: null, id: null, l1: null, l2: null, c: 0.1, model },
    ]);
    expect(
      await t.owner.row('select stage, name_key, branch, shortlist::text, attempts, worker from queue'),
    ).toEqual({
      stage: 'llm',
      name_key: 'unsure',
      branch: home,
      shortlist: `{${kitchen},${home}}`,
      attempts: 0,
      worker: null,
    });
    expect(await t.owner.value('select count(*) from labels')).toBe(0); // a local answer is no memory
  });

  test('uses the thresholds of the model that judged, not of the champion', async () => {
    const old = await champion();
    const category = await t.category('Home');
    await t.owner.rows(`select set_thresholds(.1, .1, .1, 'loose', $1)`, old);
    await champion();
    await claimed('a');
    expect(
      await settle(old, { name_key: 'a', category_id: category, confidence: [0.2, 0.2, 0.2] }),
    ).toMatchObject({
      answered: 1,
    });
  });

  test.each([
    ['shadow', [0.9, 0.9, 0.9]],
    ['off', [0.9, 0.9, 0.9]],
  ])('local_layer %s: writes confidences and answers nothing', async (layer, confidence) => {
    const model = await champion();
    await t.owner.rows(`select set_setting('local_layer', to_jsonb($1::text))`, layer);
    const category = await t.category('Home');
    await claimed('a');
    expect(await settle(model, { name_key: 'a', category_id: category, confidence })).toEqual({
      answered: 0,
      passed_on: 1,
    });
    expect(await t.owner.row('select state, source, l1_confidence from products')).toEqual({
      state: 'pending',
      source: null,
      l1_confidence: 0.9,
    });
  });

  test('without a model everything goes on, with no model on the row', async () => {
    await claimed('a');
    expect(
      await settle(null, { name_key: 'a', category_id: null, confidence: null, shortlist: null }),
    ).toEqual({
      answered: 0,
      passed_on: 1,
    });
    expect(await t.owner.row('select model_id, l1_confidence from products')).toEqual({
      model_id: null,
      l1_confidence: null,
    });
    expect(await t.owner.row('select branch, shortlist from queue')).toEqual({
      branch: null,
      shortlist: null,
    });
  });

  test('a retired category is not given', async () => {
    const model = await champion();
    const category = await t.category('Home');
    await t.owner.rows('update categories set retired_at = now()');
    await claimed('a');
    expect(await settle(model, { name_key: 'a', category_id: category, confidence: [1, 1, 1] })).toEqual({
      answered: 0,
      passed_on: 1,
    });
  });

  test('twice, and a name given twice, is harmless', async () => {
    const model = await champion();
    const category = await t.category('Home');
    await claimed('a');
    const sure = { name_key: 'a', category_id: category, confidence: [1, 1, 1] };
    expect(await settle(model, sure, sure)).toEqual({ answered: 1, passed_on: 0 });
    expect(await settle(model, sure)).toEqual({ answered: 0, passed_on: 0 });
  });

  test('a row that arrives after the verdict keeps its own entry', async () => {
    const model = await champion();
    const category = await t.category('Home');
    await claimed('a');
    const other = await t.connect();
    await other.rows('begin');
    await other.rows(`insert into taxon.products (name) values ('a')`);
    await settle(model, { name_key: 'a', category_id: category, confidence: [1, 1, 1] });
    await other.rows('commit');
    expect(await t.owner.rows('select state from products order by product_id')).toEqual([
      { state: 'done' },
      { state: 'pending' },
    ]);
    expect(await t.queued()).toEqual(['a']);
  });
});

describe('where the local layer answers', () => {
  const sure = (name_key: string, category_id: number) => ({
    name_key,
    category_id,
    confidence: [0.9, 0.9, 0.9],
  });
  const answered = () =>
    t.owner.rows(
      'select p.name, e.clears, e.answered from products p join evidence e using (evidence_id) order by 1',
    );

  test('a branch has thresholds of its own, or is never answered', async () => {
    const model = await champion();
    const [pots, pans, garden] = [
      await t.category('Home > Pots'),
      await t.category('Home > Pans'),
      await t.category('Garden'),
    ];
    await t.owner.rows(`select set_thresholds(.5, .5, .95, 'dear', branch => $1)`, pots);
    await t.owner.rows(`select set_thresholds(1, 1, 1, 'never', branch => $1, never_local => true)`, garden);
    await claimed('pot', 'pan', 'spade', 'rake');
    await settle(model, sure('pot', pots), sure('pan', pans), sure('spade', garden), {
      name_key: 'rake',
      category_id: garden,
      confidence: [1, 1, 1],
    });
    expect(await answered()).toEqual([
      { name: 'pan', clears: true, answered: true },
      { name: 'pot', clears: false, answered: false },
      { name: 'rake', clears: false, answered: false },
      { name: 'spade', clears: false, answered: false },
    ]);
    // the row that decided: nothing was set for pans
    expect(
      await t.owner.rows(
        'select h.branch from evidence e left join threshold_history h using (threshold_id) order by e.product_id limit 2',
      ),
    ).toEqual([{ branch: pots }, { branch: null }]);
  });

  test('a branch in shadow is decided and recorded, not answered', async () => {
    const model = await champion();
    const [home, garden] = [await t.category('Home'), await t.category('Garden')];
    await t.owner.rows(`select set_setting('shadow_branches', $1)`, JSON.stringify([garden]));
    expect(
      await t.owner.row(
        'select local_mode($1) as home, local_mode($2) as garden, local_mode() as all',
        home,
        garden,
      ),
    ).toEqual({ home: 'on', garden: 'shadow', all: 'on' });
    await claimed('pot', 'spade');
    await settle(model, sure('pot', home), sure('spade', garden));
    expect(await answered()).toEqual([
      { name: 'pot', clears: true, answered: true },
      { name: 'spade', clears: true, answered: false },
    ]);
  });

  test('nothing is answered while a promise is not certified for the model', async () => {
    const model = await champion();
    const home = await t.category('Home');
    await t.owner.rows(`select set_promise(.05, .95, 'returns are dear', true)`);
    await claimed('pot');
    expect(await settle(model, sure('pot', home))).toEqual({ answered: 0, passed_on: 1 });
    expect(await answered()).toEqual([{ name: 'pot', clears: true, answered: false }]);
    await t.owner.rows(`select end_promise('enough')`);
    await claimed('pan');
    expect(await settle(model, sure('pan', home))).toEqual({ answered: 1, passed_on: 0 });
  });
});
