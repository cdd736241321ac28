import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

/** All that the tables of both schemas hold. */
async function everything(): Promise<Record<string, unknown>> {
  const tables = await t.owner.rows<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
       where c.relkind = 'r' and c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) order by 1`,
  );
  const found: Record<string, unknown> = {};
  for (const { name } of tables)
    found[name] = await t.owner.value(
      `select coalesce(jsonb_agg(to_jsonb(x) order by x::text), '[]') from ${name} x`,
    );
  return found;
}

/** A shop in which each of the functions has something to do: a label that was cleaned, a merge, a dead letter, an old encoder. */
async function shop() {
  await makeModel(t);
  const kettles = await t.label('red kettle', 'Home > Kettles', 'llm');
  const pots = await t.label('pot', 'Home > Pots', 'llm');
  const lids = await t.label('lid', 'Home > Lids', 'llm');
  await t.insertAll('Red kettle', 'Pot', 'Lid', 'new');
  const run = await t.owner.value<number>(
    `insert into training_runs (state, worker) values ('done', 'w') returning run_id`,
  );
  const change = [{ name_key: 'red kettle', before: kettles, after: pots, reason: 'sure', confidence: 0.9 }];
  const changes = await t.owner.value<number>(
    'select run_id from apply_cleaning($1, $2)',
    run,
    JSON.stringify(change),
  );
  const merge = await t.owner.value<number>(
    'select taxonomy_change_id from merge_categories($1, $2)',
    [lids],
    pots,
  );
  await t.owner.rows(`select set_setting('max_attempts', '1')`);
  await t.claim('one');
  await t.owner.rows(`select give_back('one', array['new'], 'local', 'no')`);
  const old = await t.owner.value<number>(`select register_encoder('of last year', 2)`);
  await t.owner.rows(`select save_embeddings($1, array['pot'], array['[1,0]']::halfvec[])`, old);
  return { changes, merge, old, kettles };
}

type Shop = Awaited<ReturnType<typeof shop>>;

/** What each says first and then does: the statement without its end, and what it says of the shop. */
const functions: [name: string, statement: (of: Shop) => string, says: (of: Shop) => object][] = [
  ['forget', () => `select what, removed from forget('red kettle'`, () => ({ what: 'labels', removed: 1 })],
  [
    'undo_run',
    ({ changes }) => `select * from undo_run(${changes}`,
    () => expect.objectContaining({ labels_restored: 1, labels_kept: 0 }),
  ],
  [
    'undo_taxonomy_change',
    ({ merge }) => `select kind, undo_of, note from undo_taxonomy_change(${merge}`,
    ({ merge }) => ({
      kind: 'undo',
      undo_of: merge,
      note: expect.stringContaining('1 labels and 1 rows are as they were'),
    }),
  ],
  ['remove_encoder', ({ old }) => `select remove_encoder(${old}`, () => ({ remove_encoder: 1 })],
  [
    'decide_again, of what failed',
    () => 'select products, not_looked_at from decide_again(failed => true',
    () => ({ products: 1, not_looked_at: 1 }),
  ],
  [
    'decide_again, of one product',
    () =>
      `select products, answered_otherwise from decide_again((select product_id from products where name = 'Red kettle')`,
    () => ({ products: 1, answered_otherwise: 1 }),
  ],
  [
    'split_category',
    ({ kettles }) => `select kind, labels from split_category(${kettles}, '{Electric}'`,
    () => ({ kind: 'split', labels: 0 }),
  ],
];

test.each(functions)(
  '%s with preview says what it then does, and changes nothing',
  async (_, statement, says) => {
    const of = await shop();
    const before = await everything();
    const previewed = await t.owner.rows(`${statement(of)}, preview => true)`);
    expect(previewed).toContainEqual(says(of));
    expect(await everything()).toEqual(before);
    expect(await t.owner.rows(`${statement(of)})`)).toEqual(previewed);
    expect(await everything()).not.toEqual(before);
  },
);

test('a split that is not finished goes on by its category, or by its names, and another is another', async () => {
  const kettles = await t.label('kettle a', 'Home > Kettles', 'llm');
  await t.label('kettle b', 'Home > Kettles', 'llm');
  const split = (rest: string) =>
    t.owner.row<{ id: number; most: number }>(
      `select taxonomy_change_id as id, max_tokens as most from split_category($1${rest})`,
      kettles,
    );
  const { id } = await split(`, '{Electric,Stove}', 0`);
  expect(await split(', max_tokens => 200')).toEqual({ id, most: 200 });
  expect(await split(`, '{stove,Electric}', 300`)).toEqual({ id, most: 300 });
  expect(await split(', max_tokens => 900, preview => true')).toEqual({ id, most: 900 });
  expect(await t.owner.value('select max_tokens from taxonomy_progress')).toBe(300);
  expect((await split(`, '{Glass}'`)).id).not.toBe(id);
  await t.owner.rows(`update taxonomy_questions set state = 'kept'`);
  await expect(split('')).rejects.toMatchObject({
    message: expect.stringContaining('each once'),
    code: '22023',
  });
});
