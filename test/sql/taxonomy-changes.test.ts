import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { answered, type Change, changing, strays } from '../support/taxonomy.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
const change = changing(t);

/** Everything that a change could touch. */
const everything = () =>
  t.owner.row(
    `select (select json_agg(c order by category_id) from categories c) as c, (select json_agg(l order by name_key) from labels l) as l,
            (select json_agg(p order by product_id) from products p) as p, (select json_agg(x) from label_changes x) as lc,
            (select json_agg(x) from product_changes x) as pc, (select json_agg(x) from taxonomy_changes x) as tc,
            (select json_agg(q order by queue_id) from queue q) as q, (select json_agg(x order by threshold_id) from thresholds x) as th,
            (select json_agg(s order by key) from all_settings s) as s`,
  );

const levels = (name: string) =>
  t.owner.row(
    `select array_agg(a.name::text order by u.i) as names from products p cross join unnest(array[p.l1, p.l2, p.l3]) with ordinality u(id, i)
       left join categories a on a.category_id = u.id where p.name = $1`,
    name,
  );

describe('with preview', () => {
  test.each<[string, (ids: { kettles: number; pots: number; home: number }) => [string, ...unknown[]]]>([
    ['rename', ({ kettles }) => [`rename_category($1, 'Teapots', preview => $2)`, kettles]],
    ['move', ({ kettles }) => ['move_category($1, null, preview => $2)', kettles]],
    [
      'merge',
      ({ kettles, pots }) => [`merge_categories(array[$1::bigint], ${pots}, preview => $2)`, kettles],
    ],
    ['split', ({ kettles }) => [`split_category($1, '{Electric,Stove}', preview => $2)`, kettles]],
    ['retire', ({ kettles }) => ['retire_category($1, preview => $2)', kettles]],
    ['add', ({ home }) => [`add_category('Garden', $1, preview => $2)`, home]],
  ])('%s counts the same and writes nothing', async (kind, call) => {
    const kettles = await t.label('red kettle', 'Home > Kettles');
    await t.label('blue kettle', 'Home > Kettles', 'human');
    const pots = await t.label('pot', 'Home > Pots');
    await t.insertAll('Red kettle', 'Blue kettle', 'pot', 'what is this');
    await makeModel(t);
    await t.owner.rows(
      `update models set manifest = jsonb_build_object('classes', '[]'::jsonb, 'paths', jsonb_build_array(jsonb_build_array(1, $1::bigint, null)))`,
      kettles,
    );
    await t.owner.rows(`select set_thresholds(.9, .9, .9, 'strict', branch => $1)`, kettles);
    await t.owner.rows(
      `insert into queue (stage, name_key, shortlist) values ('llm', 'what is this', array[$1::bigint])`,
      kettles,
    );
    const [sql, id] = call({ kettles, pots, home: await t.category('Home') });
    const before = await everything();
    const {
      taxonomy_change_id,
      changed_at,
      path,
      before: undo,
      note,
      ...said
    } = (await change(sql, id, true)) as Change & Record<string, unknown>;
    expect(await everything()).toEqual(before);
    expect(taxonomy_change_id).toBeNull();
    if (kind !== 'add')
      expect(said).toMatchObject({
        kind,
        labels: 2,
        human_labels: 1,
        products: 2,
        waiting: 1,
        thresholds: 1,
        training_rows: 2,
        models: ['1'],
      });
    const done = await change(sql, id, false);
    const counted = [
      'labels',
      'human_labels',
      'products',
      'waiting',
      'thresholds',
      'training_rows',
      'models',
    ] as const;
    for (const what of counted) expect(done[what]).toEqual(said[what]);
    expect(await t.owner.value('select kind from taxonomy_history')).toBe(kind);
    expect(await strays(t)).toEqual([]);
  });
});

describe('rename_category', () => {
  test('changes the name alone', async () => {
    const kettles = await t.label('kettle', 'Home > Kettles');
    await t.insertAll('kettle');
    await change(`rename_category($1, 'Teapots', 'they are')`, kettles);
    expect(await answered(t)).toEqual([{ name: 'kettle', path: 'Home > Teapots' }]);
    expect(await t.owner.row('select category_id, path, path_now, reason from taxonomy_history')).toEqual({
      category_id: kettles,
      path: 'Home > Kettles',
      path_now: 'Home > Teapots',
      reason: 'they are',
    });
  });

  test.each([
    ['a name that a sibling has', `'Pots'`, 'there is "Home > Pots" already'],
    ['none', `''`, 'has 1 to 500 characters'],
    ['blanks around it', `' x'`, 'has 1 to 500 characters'],
  ])('refuses %s', async (_what, name, says) => {
    await t.category('Home > Pots');
    await expect(change(`rename_category($1, ${name})`, await t.category('Home > Kettles'))).rejects.toThrow(
      says,
    );
  });
});

describe('move_category', () => {
  test('takes all below it along: paths, levels, rows, thresholds; ids stay', async () => {
    const stove = await t.label('stove kettle', 'Home > Kettles > Stove');
    const kitchen = await t.category('Shop > Kitchen');
    const kettles = await t.category('Home > Kettles');
    await t.insertAll('stove kettle');
    const model = await makeModel(t);
    await t.owner.rows(`select set_thresholds(.9, .8, .7, 'strict', branch => $1)`, await t.category('Shop'));
    const before = await t.owner.rows('select * from labels');
    await change('move_category($1, $2)', kettles, kitchen);
    expect(await answered(t)).toEqual([{ name: 'stove kettle', path: 'Shop > Kitchen > Kettles > Stove' }]);
    expect(await levels('stove kettle')).toEqual({ names: ['Shop', 'Kitchen', 'Stove'] });
    expect(await t.owner.rows('select * from labels')).toEqual(before);
    expect(await t.owner.value('select level from categories where category_id = $1', stove)).toBe(4);
    expect(await t.owner.row('select l1::text, l2::text from thresholds_for($1, $2)', model, stove)).toEqual({
      l1: '0.9',
      l2: '0.8',
    });
    expect(await strays(t)).toEqual([]);
    expect(await t.owner.value('select count(*) from product_changes')).toBe(0); // no row's category changed
  });

  test('to the top and back', async () => {
    const kettles = await t.label('kettle', 'Home > Kettles');
    await t.insertAll('kettle');
    await change('move_category($1, null)', kettles);
    expect(await levels('kettle')).toEqual({ names: ['Kettles', null, null] });
    await change('move_category($1, $2)', kettles, await t.category('Home'));
    expect(await levels('kettle')).toEqual({ names: ['Home', 'Kettles', null] });
  });

  test('refuses itself, what is below it, where it is, a name that is taken', async () => {
    const home = await t.category('Home');
    const kettles = await t.category('Home > Kettles');
    await t.category('Food > Kettles');
    const move = (to: number) => change('move_category($1, $2)', kettles, to);
    await expect(move(kettles)).rejects.toThrow('below itself');
    await expect(change('move_category($1, $2)', home, kettles)).rejects.toThrow('below itself');
    await expect(move(home)).rejects.toThrow('is there already');
    await expect(move(await t.category('Food'))).rejects.toThrow('there is "Food > Kettles" already');
    await expect(move(999)).rejects.toThrow('there is no category 999');
  });
});

describe('merge_categories', () => {
  test('labels, rows and what is below go to the successor, with their history', async () => {
    const pots = await t.label('pot', 'Home > Pots');
    const kettles = await t.label('kettle', 'Home > Kettles');
    await t.label('my kettle', 'Home > Kettles', 'human');
    await t.label('stove kettle', 'Home > Kettles > Stove');
    await t.insertAll('kettle', 'stove kettle', 'pot', 'my kettle');
    const { taxonomy_change_id } = await change(`merge_categories(array[$1::bigint], $2)`, kettles, pots);
    expect(await answered(t)).toEqual([
      { name: 'kettle', path: 'Home > Pots' },
      { name: 'stove kettle', path: 'Home > Pots > Stove' },
      { name: 'pot', path: 'Home > Pots' },
      { name: 'my kettle', path: 'Home > Pots' },
    ]);
    expect(await strays(t)).toEqual([]);
    expect(
      await t.owner.rows(
        'select name_key, before_category_id, before_source, after_category_id, after_source, reason, taxonomy_change_id from label_changes order by name_key',
      ),
    ).toEqual(
      [
        ['kettle', 'llm'],
        ['my kettle', 'human'],
      ].map(([name_key, source]) => ({
        ...{
          name_key,
          before_category_id: kettles,
          before_source: source,
          after_category_id: pots,
          after_source: source,
        },
        ...{ reason: 'merged by change 1', taxonomy_change_id },
      })),
    );
    expect(
      await t.owner.rows(
        'select product_id, before_category_id, after_category_id, after_source, taxonomy_change_id from product_changes order by 1',
      ),
    ).toEqual(
      [1, 4].map((product_id) => ({
        product_id,
        before_category_id: kettles,
        after_category_id: pots,
        after_source: 'exact',
        taxonomy_change_id,
      })),
    );
  });

  test('of a chain of merges the first leads to the last', async () => {
    const [a, b, c] = [await t.category('A'), await t.category('B'), await t.category('C')];
    await change('merge_categories(array[$1::bigint], $2)', a, b);
    await change('merge_categories(array[$1::bigint], $2)', b, c);
    expect(await t.owner.rows('select in_use(category_id) as id, l1 from categories order by 1')).toEqual([
      { id: c, l1: c },
      { id: c, l1: c },
      { id: c, l1: c },
    ]);
    await change('retire_category($1)', c);
    expect(await t.owner.rows('select in_use(category_id) as id from categories')).toEqual([
      { id: null },
      { id: null },
      { id: null },
    ]);
  });

  test('the strictest thresholds, never-send marks and shadows follow', async () => {
    const [a, b] = [await t.category('A'), await t.category('B')];
    const model = await makeModel(t);
    await t.owner.rows(`select set_thresholds(.9, .6, .7, 'strict', branch => $1)`, a);
    await t.owner.rows(`select set_thresholds(.8, .9, .5, 'strict', branch => $1)`, b);
    await t.owner.rows(`select never_send(branch => $1, reason => 'secret')`, a);
    await t.owner.rows(`select set_setting('shadow_branches', jsonb_build_array($1::bigint))`, a);
    const { taxonomy_change_id } = await change('merge_categories(array[$1::bigint], $2)', a, b);
    expect(await t.owner.row('select l1, l2, l3 from thresholds_for($1, $2)', model, b)).toEqual({
      l1: 0.9,
      l2: 0.9,
      l3: 0.7,
    });
    expect(await t.owner.rows('select category_id, reason from never_send_marks order by 1')).toContainEqual({
      category_id: b,
      reason: 'secret',
    });
    expect(await t.owner.value(`select setting('shadow_branches')`)).toEqual([b]);
    await change('undo_taxonomy_change($1)', taxonomy_change_id);
    expect(await t.owner.row('select l1, l2, l3 from thresholds_for($1, $2)', model, b)).toEqual({
      l1: 0.8,
      l2: 0.9,
      l3: 0.5,
    });
    expect(await t.owner.rows('select category_id from never_send_marks')).toEqual([{ category_id: a }]);
    expect(await t.owner.value(`select setting('shadow_branches')`)).toEqual([a]);
  });

  test('refuses nothing, itself, what lies above the successor, and children of one name', async () => {
    const [a, b] = [await t.category('A'), await t.category('B')];
    const ax = await t.category('A > X');
    await t.category('B > X');
    const merge = (from: number[], into: number) => change('merge_categories($1, $2)', from, into);
    await expect(merge([], b)).rejects.toThrow('which categories');
    await expect(merge([b], b)).rejects.toThrow('one of those');
    await expect(merge([a], ax)).rejects.toThrow('lies below one');
    await expect(merge([a], b)).rejects.toThrow('2 categories "X" below "B"');
    await merge([ax], b); // a child of another
    await expect(merge([ax], a)).rejects.toThrow('is retired');
    await merge([a], b);
    expect(await t.owner.rows('select name from categories where retired_at is null order by 1')).toEqual([
      { name: 'B' },
      { name: 'X' },
    ]);
  });
});
