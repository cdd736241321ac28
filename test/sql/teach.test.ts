import { beforeEach, describe, expect, test } from 'vitest';
import { trainFrom } from '../../src/train/data/split.ts';
import { provider } from '../support/audits.ts';
import { decide } from '../support/decided.ts';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
let model: number;
let pots: number;

beforeEach(async () => {
  model = await makeModel(t);
  pots = await t.category('Home > Pots');
});

const trains = (name: string) =>
  t.owner.value<boolean>('select is_training_name(name_hash(normalise($1)))', name);

/** The first so many names of a kind whose labels train a model. */
async function training(count: number, word: string): Promise<string[]> {
  const names: string[] = [];
  for (let i = 1; names.length < count; i++) if (await trains(`${word} ${i}`)) names.push(`${word} ${i}`);
  return names;
}

/** Names that the local layer answered, each surer than the one before, and nearer to a label. */
async function answered(count: number): Promise<string[]> {
  const names = await training(count, 'pot');
  await decide(
    t,
    model,
    names.map((name, i) => ({ name, category_id: pots, said: 0.8 + (0.2 * i) / count })),
  );
  await t.owner.rows('update evidence set nearest = (l3_said - .8) * 5 where nearest is not null');
  return names;
}

const first = async (most: number, strategy: string | null = null) =>
  (await t.owner.rows<{ name: string }>('select name from teach_first($1, $2)', most, strategy)).map(
    ({ name }) => name,
  );

test('trains() is the bound of the held-out part', async () => {
  const bound = trainFrom();
  const below = Buffer.from(bound);
  below.writeUIntBE(below.readUIntBE(0, 6) - 1, 0, 6);
  expect(await t.owner.value('select is_training_name($1)', Buffer.concat([bound, Buffer.alloc(26)]))).toBe(
    true,
  );
  expect(
    await t.owner.value('select is_training_name($1)', Buffer.concat([below, Buffer.alloc(26, 255)])),
  ).toBe(false);
});

describe('teach_first', () => {
  test('ranks what the local layer answered', async () => {
    const names = await answered(6);
    expect(await first(2, 'uncertain')).toEqual(names.slice(0, 2));
    await t.owner.rows('update evidence set nearest = 1 - nearest');
    expect(await first(2, 'unfamiliar')).toEqual([names[5], names[4]]);
    expect(await first(2, 'mixed')).toEqual(expect.arrayContaining([names[0], names[5]]));
    const chance = await first(6, 'random');
    expect(chance.toSorted()).toEqual(names.toSorted());
    expect(await first(6, 'random')).toEqual(chance);
    expect(await first(6)).toEqual(await first(6, 'unfamiliar'));
    await expect(first(1, 'best')).rejects.toThrow('there is no strategy "best"');
  });

  test('has names that wait, and none that teach nothing', async () => {
    const names = await answered(6);
    const [labelled, checked, asked] = names as [string, string, string];
    await t.label(labelled, 'Home > Pots');
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight) values ($1, 'local', 'uniform', 1)`,
      checked,
    );
    await t.owner.rows(
      `with c as (insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, lease_until)
                    values ('w', 'teach', 'shortlist', 'p', 'm', true, 'ok', 1, 10, 1, now()) returning llm_call_id)
       insert into llm_call_names (llm_call_id, name_hash, step) select llm_call_id, name_hash($1), 1 from c`,
      asked,
    );
    let held = 1;
    while (await trains(`held ${held}`)) held++;
    const [waits] = (await training(1, 'lid')) as [string];
    await decide(t, model, [
      { name: `held ${held}`, category_id: pots },
      { name: waits, category_id: pots, said: 0.1 },
    ]);
    expect((await first(10, 'uncertain'))[0]).toBe(waits);
    expect((await first(10)).toSorted()).toEqual([...names.slice(3), waits].toSorted());
  });
});

describe('draw_teaching', () => {
  const draw = () => t.owner.value<number>('select draw_teaching()');
  const claim = () =>
    t.owner.rows<{ name_key: string; purpose: string; shortlist: string[] }>(
      `select * from claim_llm('one', 10, '0 s')`,
    );
  const tokens = (most: number) =>
    t.owner.rows(`select set_setting('teach_tokens_a_day', to_jsonb($1::int))`, most);

  test('is off until tokens are given, and needs a provider', async () => {
    await answered(3);
    expect(await draw()).toBe(0);
    await tokens(5000);
    expect(await draw()).toBe(0);
    await provider(t);
    expect(await draw()).toBe(3);
    expect(await draw()).toBe(0);
  });

  test('asks no more than a day’s tokens are expected to pay for', async () => {
    await answered(6);
    await provider(t);
    await tokens(2500);
    expect(await draw()).toBe(2);
    expect(await draw()).toBe(0);
    await t.owner.rows(
      `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, lease_until)
         values ('one', 'teach', 'shortlist', 'p', 'm', true, 'ok', 10, 2400, 100, now())`,
    );
    // used up: what waits is not claimed either
    expect(await claim()).toEqual([]);
    await tokens(5000);
    expect(await claim()).toHaveLength(2);
  });

  test('the answer becomes memory, and no row changes', async () => {
    const [name] = (await answered(1)) as [string];
    const lids = await t.category('Home > Lids');
    await provider(t);
    await tokens(5000);
    await draw();
    const before = await t.owner.row('select * from products');
    const [claimed] = await claim();
    expect(claimed).toMatchObject({ name_key: name, purpose: 'teach' });
    expect(claimed?.shortlist.map(Number).toSorted()).toEqual([pots, lids].toSorted());
    const call = await t.owner.value<number>(
      `select start_call('one', 'teach', 'shortlist', 'p', 'm', true, 1, 100, 10, name_keys => array[$1])`,
      name,
    );
    await t.owner.rows(
      `select settle_llm('one', $1, $2, '[]', 90, 0, 5, null, 'm', null)`,
      call,
      JSON.stringify([{ name_key: name, category_id: lids, confidence: 0.9 }]),
    );
    expect(await t.owner.row('select * from products')).toEqual(before);
    expect(await t.owner.row('select category_id, source from labels')).toEqual({
      category_id: lids,
      source: 'llm',
    });
    expect(await t.queued('llm')).toEqual([]);
    expect(await t.owner.rows(`select what, names from spend('layer') where what = 'teach'`)).toEqual([
      { what: 'teach', names: 1 },
    ]);
    expect((await t.insert(name)).category_id).toBe(lids);
  });

  test('one that fails is dropped, and one that may not be sent is never asked', async () => {
    const [failing, secret] = (await answered(2)) as [string, string];
    await provider(t);
    await tokens(5000);
    expect(await draw()).toBe(2);
    await t.owner.rows('select never_send(pattern => $1, reason => $2)', `^${secret}$`, 'private');
    expect((await claim()).map(({ name_key }) => name_key)).toEqual([failing]);
    await t.owner.rows('update queue set attempts = 100');
    await t.owner.rows(`select give_back('one', array[$1], 'llm', 'broken', purpose => 'teach')`, failing);
    expect(await t.queued('llm')).toEqual([]);
    expect(await t.owner.value('select count(*) from dead_letters')).toBe(0);
    expect(await t.owner.value(`select count(*) from products where state = 'done'`)).toBe(2);
  });

  test('waits behind answers and audits', async () => {
    await answered(1);
    await provider(t);
    await tokens(5000);
    await draw();
    await t.insert('lid 1');
    await t.owner.rows(`insert into queue (stage, name_key, available_at) values ('llm', 'lid 1', now())`);
    expect(await claim()).toMatchObject([{ name_key: 'lid 1', purpose: 'answer' }]);
    expect(await claim()).toMatchObject([{ purpose: 'teach' }]);
  });
});
