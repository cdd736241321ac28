import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

type Node = [id: string | null, parent: string | null, name: string | null];

async function make(...nodes: Node[]): Promise<Record<string, number>> {
  await t.owner.rows('delete from import_nodes');
  for (const [i, node] of nodes.entries())
    await t.owner.rows(
      'insert into import_nodes (line, external_id, parent_external_id, name) values ($1, $2, $3, $4)',
      i + 1,
      ...node,
    );
  return t.owner.value('select make_tree()');
}

const tree = () =>
  t.owner.rows(
    `select external_id as id, category_path(category_id) as path from categories where retired_at is null order by 2`,
  );

test('a tree of any depth comes in any order, each node with its id', async () => {
  expect(
    await make(
      ['4', '3', 'Kettles'],
      ['3', '2', 'Electric'],
      ['1', '0', 'Home'],
      ['2', '1', ' Kitchen  things '],
    ),
  ).toMatchObject({ nodes: 4, made: 4, known: 0, roots: 1, depth: 4, deeper: 1 });
  expect(await tree()).toEqual([
    { id: '1', path: 'Home' },
    { id: '2', path: 'Home > Kitchen things' },
    { id: '3', path: 'Home > Kitchen things > Electric' },
    { id: '4', path: 'Home > Kitchen things > Electric > Kettles' },
  ]);
});

test('again it makes nothing; renames and moves are followed by the ids, names that change places too', async () => {
  const first: Node[] = [
    ['1', null, 'Home'],
    ['2', '1', 'Mugs'],
    ['3', '1', 'Cups'],
    ['4', null, 'Garden'],
  ];
  await make(...first);
  expect(await make(...first)).toMatchObject({ made: 0, known: 4, renamed: 0, moved: 0 });
  expect(
    await make(['1', null, 'House'], ['2', '4', 'Mugs'], ['3', '1', 'Mugs'], ['4', null, 'Garden']),
  ).toMatchObject({
    renamed: 2,
    moved: 1,
  });
  expect(await tree()).toEqual([
    { id: '4', path: 'Garden' },
    { id: '2', path: 'Garden > Mugs' },
    { id: '1', path: 'House' },
    { id: '3', path: 'House > Mugs' },
  ]);
});

test('a category that is there by its name gets the id; a merged one leads to its successor', async () => {
  const kettles = await t.category('Home > Kettles');
  await make(['1', '', 'home'], ['2', '1', 'Kettles'], ['3', '1', 'Jugs']);
  expect(await t.owner.value(`select category_id from categories where external_id = '2'`)).toBe(kettles);
  await t.owner.rows(
    `select merge_categories(array(select category_id from categories where external_id = '3'), $1)`,
    kettles,
  );
  expect(
    await make(['1', '', 'home'], ['2', '1', 'Kettles'], ['3', '1', 'Jugs'], ['5', '3', 'Small']),
  ).toMatchObject({ made: 1 });
  expect(await tree()).toContainEqual({ id: '5', path: 'home > Kettles > Small' });
});

test('all that is wrong is said at once, with the ids', async () => {
  await expect(
    make(
      ['1', null, 'Home'],
      ['2', '3', 'a'],
      ['3', '2', 'b'],
      ['9', '3', 'below a cycle'],
      ['4', '77', 'orphan'],
      ['5', '1', 'Mugs'],
      ['5', '1', 'Other'],
      ['6', '1', 'MUGS'],
      [null, '1', 'nameless'],
      ['8', '1', ' '],
      ['10', '10', 'itself'],
    ),
  ).rejects.toThrow(
    'the tree cannot be made: 1 without an id: nameless; 1 an id that comes twice: 5; 1 without a name, or with one of over 500 characters: 8; ' +
      '3 on a cycle: each lies below itself: 2, 3, 10; 1 below a parent that is not there: 4 (below 77); ' +
      '2 of the same name below the same parent: 5 ("Mugs"), 6 ("MUGS")',
  );
  expect(await tree()).toEqual([]);
});

test('of many faults the first twenty are named', async () => {
  const nodes = Array.from({ length: 30 }, (_, i): Node => [`${i + 1}`, 'x', `n${i}`]);
  await expect(make(...nodes)).rejects.toThrow(
    /30 below a parent that is not there: 1 \(below x\), .*20 \(below x\), …$/,
  );
});

test('five thousand nodes take no minute', async () => {
  await t.owner.rows(
    `insert into import_nodes (line, external_id, parent_external_id, name) select i, i, nullif(i / 8, 0), 'node ' || i from generate_series(1, 5000) i`,
  );
  expect(await t.owner.value(`select make_tree() ->> 'made'`)).toBe('5000');
  await t.owner.rows('delete from import_nodes');
});
