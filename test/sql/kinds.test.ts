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

describe('find_kinds', () => {
  test('finds names whose label is not that of the others with their words, without any model', async () => {
    await find();
    const [first, ...others] = await kinds();
    expect(first).toMatchObject({
      words: 'чехол для телефона',
      names: 10,
      answer: 'Electronics > Computers > Laptops',
      says: 'Electronics > Phones > Phone cases',
      why: 'perhaps',
      likely_wrong: 4,
      tokens_a_month: null,
      checks: 0,
      votes: [
        { category_id: cases, now: 0, model: 0, memory: 10, llm: 0 },
        { category_id: laptops, now: 10, model: 0, memory: 0, llm: 10 },
      ],
    });
    expect(first?.members.map(({ name }) => name).sort()).toEqual(wrong.toSorted());
    expect(others.map(({ words, names, why }) => ({ words, names, why }))).toEqual([
      { words: 'ноутбук', names: 40, why: 'quiet' },
      { words: 'чайник электрический', names: 40, why: 'quiet' },
      { words: 'чехол для телефона', names: 30, why: 'quiet' },
    ]);
  });

  test('a model that had not seen the label speaks, and where memory agrees the answers do not matter', async () => {
    await t.owner.rows(
      'update labels set category_id = $1 where name_key = any ($2)',
      kettles,
      wrong.slice(0, 4),
    );
    await t.owner.rows(
      `with r as (insert into training_runs (state) values ('done') returning run_id)
       insert into out_of_fold (name_hash, run_id, label_category_id, category_id, l1_confidence, l2_confidence, l3_confidence)
         select l.name_hash, r.run_id, l.category_id, case when l.name_key like 'чехол%' then $1 else l.category_id end, .9, .9, .9
           from labels l, r`,
      cases,
    );
    await find();
    expect(await worst()).toMatchObject({
      names: 10,
      why: 'agreed',
      says: 'Electronics > Phones > Phone cases',
    });
    expect((await worst()).answer).toBe('Electronics > Computers > Laptops and 1 others');
  });

  test('numbers of names are a random order, anew each time', async () => {
    const order = async () => {
      await find();
      return (await worst()).members.map(({ name }) => name).join();
    };
    const orders = new Set([await order(), await order(), await order(), await order()]);
    expect(orders.size).toBeGreaterThan(1);
  });

  test('names that a person has labelled are in no quiet kind; those that wait are in one', async () => {
    await t.owner.rows(`update labels set source = 'human' where name_key like 'чайник%'`);
    await t.owner.rows(
      `insert into queue (stage, name_key, available_at) select 'llm', n, 'infinity' from unnest($1::text[]) n`,
      namesOf('ноутбук игровой', 3, 500),
    );
    await find();
    const found = await kinds();
    expect(found.some(({ words }) => words.includes('чайник'))).toBe(false);
    expect(found.find(({ why }) => why === 'waiting')).toMatchObject({
      names: 3,
      answer: null,
      says: 'Electronics > Computers > Laptops',
      likely_wrong: 3,
    });
  });

  test('what its names cost the LLM this month comes from the ledger', async () => {
    await t.owner.rows(
      `with c as (insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, lease_until)
                    values ('w', 'answer', 'tree', 'openai', 'gpt', true, 'ok', 2, 900, 100, now()) returning llm_call_id)
       insert into llm_call_names (llm_call_id, name_hash) select c.llm_call_id, name_hash(n) from c, unnest($1::text[]) n`,
      [wrong[0], 'another'],
    );
    await find();
    expect((await kinds()).map((k) => k.tokens_a_month)).toEqual([500, 0, 0, 0]);
  });

  test('a whole kind that is wrong alike is found by the name of a category', async () => {
    const knives = await t.category('Home > Kitchen > Kitchen knives');
    await remember(t, 'Electronics > Computers > Laptops', namesOf('kitchen knife', 20));
    await find();
    const kind = (await kinds()).find(({ why }) => why === 'name');
    expect(kind).toMatchObject({
      words: 'kitchen knife',
      names: 20,
      answer: 'Electronics > Computers > Laptops',
      says: 'Home > Kitchen > Kitchen knives',
      likely_wrong: 6,
    });
    expect(kind?.votes[0]).toEqual({
      ...{ category_id: knives, path: 'Home > Kitchen > Kitchen knives' },
      ...{ now: 0, model: 0, memory: 0, llm: 0 },
    });
    expect(await decide(kind as Kind, 'shown => 12')).toMatchObject({ labels: 20, corrected: 20 });
  });

  test('a whole kind whose neighbours by embedding are something else is found too', async () => {
    const encoder = await t.owner.value<number>(`select register_encoder('e', 2)`);
    await makeModel(t);
    const words = ['phone case', 'etui', 'husa', 'pouzdro'];
    for (const word of words) await remember(t, 'Electronics > Phones > Phone cases', namesOf(word, 12));
    await remember(t, 'Electronics > Computers > Laptops', namesOf('kryt', 12));
    for (const word of [...words, 'kryt', 'ноутбук'])
      await t.owner.rows(
        'select save_embeddings($1, array_agg(l.name_key), array_agg($3::halfvec)) from labels l where l.name_key like $2',
        encoder,
        `${word}%`,
        word === 'ноутбук' ? '[0,1]' : '[1,0]',
      );
    await find();
    expect((await kinds('100')).filter(({ why }) => why === 'near')).toMatchObject([
      { words: 'kryt', names: 12, says: 'Electronics > Phones > Phone cases', likely_wrong: 4 },
    ]);
  });

  test('how likely a dispute is right is learnt from what people decide', async () => {
    const doubt = () => t.owner.value<number>(`select doubt from kind_doubts() where why = 'perhaps'`);
    await find();
    expect(await doubt()).toBeCloseTo(0.4);
    const kind = await worst();
    await decide(kind, 'shown => 10');
    expect(await doubt()).toBeCloseTo((3 * 0.4 + 1) / 4);
    await t.owner.rows(`select decide_kind($1, mode => 'undo')`, kind.kind_id);
    await decide(kind, `${laptops}, shown => 10`);
    expect(await doubt()).toBeCloseTo((3 * 0.4 + 0) / 4);
  });

  test('a kind is found by a part of its words', async () => {
    await find();
    expect((await kinds(`word => 'ЧАЙН'`)).map(({ words }) => words)).toEqual(['чайник электрический']);
    expect(await kinds(`word => 'dress'`)).toEqual([]);
  });
});
