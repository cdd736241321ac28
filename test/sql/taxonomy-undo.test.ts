import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { answered, changing, strays } from '../support/taxonomy.ts';

const t = taxonDatabase();
const change = changing(t);
const undo = (id: number | null) => change('undo_taxonomy_change($1)', id);
const labels = () =>
  t.owner.rows(
    'select name_key, category_path(category_id) as path, source, confidence from labels order by 1',
  );

describe('undo_taxonomy_change', () => {
  test('of a merge: labels, rows and what was below are as they were, in every column', async () => {
    const a = await t.label('kettle', 'Home > Kettles', 'llm');
    await t.owner.rows(`update labels set confidence = .7 where name_key = 'kettle'`);
    await t.category('Home > Kettles > Electric');
    const b = await t.label('pot', 'Home > Pots');
    await t.insertAll('kettle', 'pot');
    const [before, rows] = [await labels(), await answered(t)];
    const { taxonomy_change_id } = await change('merge_categories($1, $2)', [a], b);
    expect(await labels()).not.toEqual(before);
    const { note } = await undo(taxonomy_change_id);
    expect(note).toBe(
      '1 labels and 1 rows are as they were; 0 labels and 0 rows were changed since and stay',
    );
    expect(await labels()).toEqual(before);
    expect(await answered(t)).toEqual(rows);
    expect(await t.category('Home > Kettles > Electric')).toBeGreaterThan(0);
    expect(await strays(t)).toEqual([]);
    await expect(undo(taxonomy_change_id)).rejects.toThrow(`change ${taxonomy_change_id} is undone already`);
  });

  test('what was changed since stays', async () => {
    const a = await t.label('kettle', 'Home > Kettles', 'llm');
    await t.label('boiler', 'Home > Kettles', 'llm');
    const [b, lamps] = [await t.category('Home > Pots'), await t.category('Home > Lamps')];
    const { taxonomy_change_id } = await change('merge_categories($1, $2)', [a], b);
    await t.owner.rows(
      `update labels set category_id = $1, source = 'human' where name_key = 'boiler'`,
      lamps,
    );
    expect((await undo(taxonomy_change_id)).note).toMatch(/^1 labels and 0 rows are as they were; 1 labels/);
    expect(await labels()).toMatchObject([
      { name_key: 'boiler', path: 'Home > Lamps' },
      { name_key: 'kettle', path: 'Home > Kettles' },
    ]);
  });

  test('of a retirement: its labels are back, and rows that still wait are answered again', async () => {
    const a = await t.label('kettle', 'Home > Kettles', 'llm');
    await t.insert('kettle');
    const before = await labels();
    const { taxonomy_change_id } = await change('retire_category($1)', a);
    expect(await labels()).toEqual([]);
    await undo(taxonomy_change_id);
    expect(await labels()).toEqual(before);
    expect(await answered(t)).toEqual([{ name: 'kettle', path: 'Home > Kettles' }]);
  });

  test('of a move and a rename; not where it was moved or renamed again', async () => {
    const a = await t.label('kettle', 'Home > Kettles');
    await t.insert('kettle');
    const moved = await change('move_category($1, null)', a);
    const renamed = await change(`rename_category($1, 'Boilers')`, a);
    await change(`rename_category($1, 'Water boilers')`, a);
    await expect(undo(renamed.taxonomy_change_id)).rejects.toThrow('renamed again since, to "Water boilers"');
    await undo(moved.taxonomy_change_id);
    expect(await answered(t)).toEqual([{ name: 'kettle', path: 'Home > Water boilers' }]);
    await expect(undo((await change(`add_category('A')`)).taxonomy_change_id)).rejects.toThrow(
      'making a category is not undone here',
    );
  });
});

describe('split_category', () => {
  /** A split of which the LLM has been asked about all names. */
  async function split(tokens = 100_000) {
    const kettles = await t.label('kettle a', 'Home > Kettles', 'llm');
    await t.label('kettle b', 'Home > Kettles', 'llm');
    await t.label('my kettle', 'Home > Kettles', 'human');
    await t.insertAll('kettle a', 'kettle b');
    const made = await change(`split_category($1, '{Electric,Stove}', $2)`, kettles, tokens);
    return { kettles, id: made.taxonomy_change_id, note: made.note };
  }
  const progress = () =>
    t.owner.row('select waiting, asked, moved, kept, person, state from taxonomy_progress');
  const answer = async (id: number | null, answers: object[], refused: object[] = []) => {
    const call = await t.owner.value<number>(
      `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, lease_until, taxonomy_change_id)
         values ('w', 'split', 'shortlist', 'p', 'm', true, 'ok', 2, 150, 50, now(), $1) returning llm_call_id`,
      id,
    );
    await t.owner.rows(
      'select settle_questions($1, $2, $3)',
      call,
      JSON.stringify(answers),
      JSON.stringify(refused),
    );
  };

  test('asks the LLM about its labels, offers the new ones and it; those of people are left to them', async () => {
    const { kettles, note } = await split();
    expect(note).toMatch(/^1 labels are of people and stay/);
    expect(await progress()).toEqual({ waiting: 0, asked: 2, moved: 0, kept: 0, person: 1, state: 'asking' });
    const [electric, stove] = [
      await t.category('Home > Kettles > Electric'),
      await t.category('Home > Kettles > Stove'),
    ];
    expect(await t.owner.rows('select purpose, name_key, shortlist from queue order by name_key')).toEqual(
      ['kettle a', 'kettle b'].map((name_key) => ({
        purpose: 'split',
        name_key,
        shortlist: [electric, stove, kettles].map(String),
      })),
    );
  });

  test('what the LLM says moves label and rows, with their history; none of the new ones: it stays', async () => {
    const { id } = await split();
    const electric = await t.category('Home > Kettles > Electric');
    await answer(
      id,
      [{ name_key: 'kettle a', category_id: electric, confidence: 0.9 }],
      [{ name_key: 'kettle b', none: true }],
    );
    expect(await answered(t)).toEqual([
      { name: 'kettle a', path: 'Home > Kettles > Electric' },
      { name: 'kettle b', path: 'Home > Kettles' },
    ]);
    expect(await progress()).toMatchObject({ moved: 1, kept: 1, person: 1, state: 'done' });
    expect(await t.owner.value('select count(*) from label_changes where taxonomy_change_id = $1', id)).toBe(
      1,
    );
    await undo(id);
    expect(await answered(t)).toEqual([
      { name: 'kettle a', path: 'Home > Kettles' },
      { name: 'kettle b', path: 'Home > Kettles' },
    ]);
    expect(await strays(t)).toEqual([]);
  });

  test('is asked in calls of its own: each call is booked on one split', async () => {
    await split();
    const pots = await t.label('pot a', 'Home > Pots', 'llm');
    await t.label('pot b', 'Home > Pots', 'llm');
    await change(`split_category($1, '{Clay,Iron}', 100000)`, pots);
    const claim = async () =>
      (await t.owner.rows<{ name_key: string }>(`select name_key from claim_llm('w', 100, '0 s')`))
        .map(({ name_key }) => name_key)
        .sort();
    expect([await claim(), await claim()].sort()).toEqual([
      ['kettle a', 'kettle b'],
      ['pot a', 'pot b'],
    ]);
  });

  test('asks no more names than its budget pays for; called again with more it goes on', async () => {
    await split(200);
    expect(await progress()).toMatchObject({ waiting: 1, asked: 1 });
    await t.owner.rows(
      `select split_category((select category_id from taxonomy_changes where kind = 'split'), max_tokens => 1000)`,
    );
    expect(await progress()).toMatchObject({ waiting: 0, asked: 2 });
  });
});

describe('mend_taxonomy', () => {
  test('brings a row into line that an INSERT wrote which had read memory before the change', async () => {
    const a = await t.label('kettle', 'Home > Kettles');
    const b = await t.category('Home > Pots');
    const late = await t.connect();
    await late.rows('begin');
    await late.rows(`insert into taxon.products (name) values ('kettle')`);
    await change('merge_categories($1, $2)', [a], b);
    await late.rows('commit');
    expect(await strays(t)).toEqual([{ what: 'row kettle' }]);
    expect(await t.owner.value('select mend_taxonomy()')).toBe(1);
    expect(await strays(t)).toEqual([]);
    expect(await answered(t)).toEqual([{ name: 'kettle', path: 'Home > Pots' }]);
  });
});
