import { beforeEach, describe, expect, test } from 'vitest';
import type { Kind } from '../../src/database/kind-types.ts';
import { kindsOf, namesOf, remember, rememberShop, amongLaptops as wrong } from '../support/kinds.ts';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
const { find, kinds, worst, decide } = kindsOf(t);
let cases: number;
let laptops: number;
let kettles: number;

beforeEach(async () => {
  ({ laptops, cases, kettles } = await rememberShop(t));
});
const labels = () => t.owner.rows('select * from labels order by name_hash');
const products = () => t.owner.rows('select * from products order by product_id');
const labelsOf = (category: number) =>
  t.owner.rows<{ name_key: string; source: string }>(
    'select name_key, source from labels where category_id = $1 order by 1',
    category,
  );

describe('decide_kind', () => {
  test('one word corrects labels and rows, and the run is undone in every column', async () => {
    await t.insertAll(...wrong, wrong[0] as string, 'Ноутбук norvel a100');
    const before = [await labels(), await products()];
    await find();
    const kind = await worst();
    const said = await decide(kind, `shown => 10, reason => 'seen in the shop'`);
    expect(said).toMatchObject({ labels: 10, corrected: 10, rows_corrected: 11, left_out: 0, parts: [] });
    expect(said.proof).toBe('all 10 were seen: nothing is left to prove');
    expect((await labelsOf(cases)).filter(({ source }) => source === 'human').map((l) => l.name_key)).toEqual(
      wrong.toSorted(),
    );
    expect(
      await t.owner.value(
        'select count(*) from products where category_id = $1 and source = $2',
        cases,
        'exact',
      ),
    ).toBe(11);
    expect(await t.owner.row('select kind, reason, labels_changed, rows_corrected from runs')).toEqual({
      kind: 'kind',
      reason: 'seen in the shop',
      labels_changed: 10,
      rows_corrected: 11,
    });
    expect((await kinds()).some(({ kind_id }) => kind_id === kind.kind_id)).toBe(false);
    await t.owner.rows('select undo_run($1)', said.run_id);
    expect([await labels(), await products()]).toEqual(before);
  });

  test('what was not seen is decided too where all that was seen belongs, and it is said what that proves', async () => {
    await find();
    expect(await decide(await worst(), 'shown => 5')).toMatchObject({
      labels: 10,
      proof: '5 seen at random and none unmarked: at most 46 % of the other 5 are wrong, at 95 %',
    });
    const proof = (seen: number, others: number) =>
      t.owner.value('select kind_proof($1, 0, $2)', seen, others);
    expect(await proof(29, 121)).toBe(
      '29 seen at random and none unmarked: at most 10 % of the other 121 are wrong, at 95 %',
    );
    expect(await proof(59, 91)).toContain('at most 5 %');
    expect(await proof(0, 91)).toBe('none was seen: nothing is proved');
  });

  test('with unmarked names only what was left marked is decided; the rest is split by what tells them apart', async () => {
    // books stand among the right ones too, so that memory sees no difference
    const others = namesOf('чехол для телефона книжка', 8, 300);
    await remember(t, 'Electronics > Phones > Phone cases', [
      ...namesOf('чехол для телефона', 50, 500),
      ...namesOf('чехол для телефона книжка', 20, 700),
    ]);
    await remember(t, 'Electronics > Computers > Laptops', others);
    await find();
    const kind = await worst();
    expect(kind.names).toBe(18);
    const seen = (await kinds(`kind_id => ${kind.kind_id}, shown => 12`))[0]?.members ?? [];
    const books = seen.filter(({ name }) => name.includes('книжка'));
    const said = await decide(kind, `unmarked => '{${books.map(({ n }) => n)}}', shown => 12`);
    expect(said).toMatchObject({ labels: seen.length - books.length, corrected: seen.length - books.length });
    expect(said.proof).toMatch(/do not belong: what was left marked is decided, the rest is split$/);
    const parts = await t.owner.rows<{ names: string[] }>(
      `select array_agg(name_key) as names from found_members where kind_id = any ($1) group by kind_id`,
      said.parts,
    );
    expect(parts.flatMap(({ names }) => names)).toHaveLength(18 - said.labels);
    for (const { names } of parts) expect(new Set(names.map((name) => name.includes('книжка'))).size).toBe(1);
    // and back
    await t.owner.rows(`select decide_kind($1, mode => 'undo')`, kind.kind_id);
    expect(await labelsOf(cases)).toHaveLength(100);
    expect((await kinds(`kind_id => ${kind.kind_id}`))[0]).toMatchObject({ names: 18 });
    expect(await t.owner.value('select count(*) from found_kinds where parent_id is not null')).toBe(0);
  });

  test('a person’s label of another category is odd, and stays unless it is meant', async () => {
    await t.owner.rows(`update labels set source = 'human' where name_key = $1`, wrong[3]);
    await find();
    const kind = await worst();
    const odd = kind.members.find(({ name }) => name === wrong[3]);
    expect(odd).toMatchObject({ odd: 'a person says so', source: 'human' });
    expect(await decide(kind, 'shown => 10')).toMatchObject({ labels: 9, left_out: 1 });
    expect((await labelsOf(laptops)).find(({ name_key }) => name_key === wrong[3])?.source).toBe('human');
    await t.owner.rows(`select decide_kind($1, mode => 'undo')`, kind.kind_id);
    expect(await decide(kind, `shown => 10, including => array[${odd?.n}]`)).toMatchObject({
      labels: 10,
      left_out: 0,
    });
  });

  test('a label that has changed since is left out', async () => {
    await find();
    await t.owner.rows('update labels set category_id = $1 where name_key = $2', kettles, wrong[0]);
    expect(await decide(await worst(), 'shown => 10')).toMatchObject({ labels: 9, left_out: 1 });
  });

  test('split further and not sure decide nothing', async () => {
    await find();
    const [, kind] = await kinds();
    const before = await labels();
    const said = await decide(kind as Kind, `mode => 'split'`);
    expect(said.parts.length).toBeGreaterThan(0);
    expect(
      await t.owner.value('select sum(size) from found_kinds where kind_id = any ($1)', said.parts),
    ).toBe(40);
    const first = await worst();
    await decide(first, `mode => 'not_sure'`);
    await find();
    expect((await kinds()).some(({ why }) => why === 'perhaps')).toBe(false);
    expect(await labels()).toEqual(before);
    await t.owner.rows(`select decide_kind($1, mode => 'undo')`, first.kind_id);
    expect(await worst()).toMatchObject({ why: 'perhaps', names: 10 });
  });

  test('an unmarked name is not put to people again with the same category', async () => {
    await find();
    const kind = await worst();
    const taken = kind.members.find(({ n }) => n === 2);
    await decide(kind, `unmarked => '{2}', shown => 10`);
    await find();
    const found = await kinds('100');
    expect(found.filter(({ says }) => says !== null)).toEqual([]);
    expect((await labelsOf(laptops)).some(({ name_key }) => name_key === taken?.name)).toBe(true);
  });

  test('open checks of names that were seen are judged, of others not, and no name becomes a check', async () => {
    const model = await makeModel(t);
    await find();
    const kind = await worst();
    const nameOf = (n: number) =>
      t.owner.value<string>(
        'select name_key from found_members where kind_id = $1 and n = $2',
        kind.kind_id,
        n,
      );
    for (const n of [1, 2, 9])
      await t.owner.rows(
        `insert into checks (name_key, layer, strategy, weight, model_id, category_id) values ($1, 'local', 'uniform', 1, $2, $3)`,
        await nameOf(n),
        model,
        laptops,
      );
    expect((await kinds(`kind_id => ${kind.kind_id}`))[0]?.checks).toBe(3);
    expect(await decide(kind, 'shown => 5')).toMatchObject({ labels: 10, checks: 2 });
    expect(
      await t.owner.rows('select verdict, truth_category_id as truth from checks order by check_id'),
    ).toEqual([
      { verdict: false, truth: cases },
      { verdict: false, truth: cases },
      { verdict: null, truth: null },
    ]);
    expect(await t.owner.value('select count(*) from checks')).toBe(3);
  });

  test('names that waited for people are answered', async () => {
    const waiting = namesOf('ноутбук игровой', 3, 500);
    await t.insertAll(...waiting);
    await t.owner.rows(`update queue set stage = 'llm', available_at = 'infinity'`);
    await find();
    const kind = (await kinds()).find(({ why }) => why === 'waiting') as Kind;
    expect(await decide(kind, 'shown => 3')).toMatchObject({ labels: 3, corrected: 3 });
    expect(await t.owner.rows('select state, source, category_id from products')).toEqual(
      waiting.map(() => ({ state: 'done', source: 'exact', category_id: laptops })),
    );
    expect(await t.queued('llm')).toEqual([]);
  });

  test('preview says the same and changes nothing', async () => {
    await find();
    const kind = await worst();
    const before = await labels();
    const previewed = await decide(kind, 'shown => 10, preview => true');
    expect(await labels()).toEqual(before);
    expect(await t.owner.value('select count(*) from runs')).toBe(0);
    expect(await decide(kind, 'shown => 10')).toMatchObject({ ...previewed, run_id: expect.any(Number) });
  });

  test('what it cannot do it says', async () => {
    await find();
    const kind = await worst();
    const code = (statement: string) =>
      t.owner.rows(statement).then(
        () => 'none',
        (error: { code: string }) => error.code,
      );
    expect(await code('select decide_kind(4711)')).toBe('P0002');
    expect(await code(`select decide_kind(${kind.kind_id}, 4711)`)).toBe('P0002');
    expect(await code(`select decide_kind(${kind.kind_id}, unmarked => '{9}', shown => 5)`)).toBe('22023');
    expect(await code(`select decide_kind(${kind.kind_id}, mode => 'all')`)).toBe('22023');
    expect(await code(`select decide_kind(${kind.kind_id}, mode => 'undo')`)).toBe('55000');
    await decide(kind, 'shown => 10');
    expect(await code(`select decide_kind(${kind.kind_id})`)).toBe('55000');
  });
});
