import { Cron } from 'croner';
import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

describe('is_cron', () => {
  test.each([
    ...[
      '0 2 * * 0',
      '*/15 * * * *',
      '0 0 1,15 * *',
      '0 9-17 * * 1-5',
      '0 9-17/2 * * mon-fri',
      '30 0 2 * * 7',
    ],
    ...[
      '0 0 L * *',
      '0 0 ? * *',
      '0 0 1 JAN-MAR *',
      '0 0 * * fri-sun',
      '0 0 * * 2#1',
      '0 0 * * 5L',
      '@daily',
      '@weekly',
    ],
    ...['  5  4 * * sun ', '59 23 31 12 *', '00 02 * * 0', '0 0 * * sun,wed', '0 0 1,L * *'],
    ...[
      '',
      ' ',
      '* * * *',
      '60 * * * *',
      '* 24 * * *',
      '* * 0 * *',
      '* * 32 * *',
      '* * * 13 *',
      '* * * 0 *',
      '* * * * 8',
    ],
    ...[
      '5-1 * * * *',
      '*/0 * * * *',
      '*/61 * * * *',
      '5/10 * * * *',
      '/5 * * * *',
      'a * * * *',
      '* * * foo *',
    ],
    ...[
      '1,,2 * * * *',
      '1- * * * *',
      '* * * * 1#',
      '-1 * * * *',
      '1.5 * * * *',
      '@never',
      '@daily 5',
      'every Sunday',
      '* * * * * * * *',
    ],
  ])('"%s": as the scheduler reads it', async (pattern) => {
    const read = () => new Cron(pattern, { paused: true });
    let valid = true;
    try {
      read();
    } catch {
      valid = false;
    }
    expect(await t.owner.value('select is_cron($1)', pattern)).toBe(valid);
  });
});

/** A call in flight for these names, which wait. */
async function asked(worker: string, ...names: string[]): Promise<number> {
  await t.insertAll(...names);
  await t.owner.rows(`delete from queue where stage = 'local'`);
  await t.owner.rows(`insert into queue (stage, name_key) select 'llm', n from unnest($1::text[]) n`, names);
  await t.owner.rows(`select claim_llm($1, 100, '0 s')`, worker);
  return t.owner.value(
    `select start_call($1, 'answer', 'tree', 'openai', 'm', true, cardinality($2::text[]), 10, 2, name_keys => $2)`,
    worker,
    names,
  );
}
const settle = (worker: string, call: number, answers: object[], counts = '5, 0, 1, null') =>
  t.owner.value(
    `select settle_llm($1, $2, $3, '[]', ${counts}, 'm', 'r')`,
    worker,
    call,
    JSON.stringify(answers),
  );
const labels = () => t.owner.rows('select name_key from labels order by 1');

describe('settle_llm', () => {
  test.each(['365', '0'])('takes only names of its call, as keys (ledger_names_days %s)', async (days) => {
    await t.owner.rows(`select set_setting('ledger_names_days', $1)`, days);
    const category_id = await t.category('Home');
    await t.insertAll('Other');
    const call = await asked('one', 'kettle');
    const said = ['kettle', 'Kettle', 'other', 'never seen'].map((name_key) => ({ name_key, category_id }));
    expect(await settle('one', call, said)).toBe(1);
    expect(await labels()).toEqual([{ name_key: 'kettle' }]);
  });

  test('settles a call once: what comes again is told what the first brought, and changes nothing', async () => {
    const [home, food] = [await t.category('Home'), await t.category('Food')];
    const call = await asked('one', 'kettle', 'plate');
    expect(await settle('one', call, [{ name_key: 'kettle', category_id: home }])).toBe(1);
    const before = await t.owner.rows(
      'select to_jsonb(c) as c from llm_calls c union all select to_jsonb(l) from labels l',
    );
    expect(await settle('one', call, [{ name_key: 'plate', category_id: food }], '500, 0, 100, null')).toBe(
      1,
    );
    expect(
      await t.owner.rows(
        'select to_jsonb(c) as c from llm_calls c union all select to_jsonb(l) from labels l',
      ),
    ).toEqual(before);
  });

  test('takes the answer of a call that was given up as lost, once', async () => {
    const category_id = await t.category('Home');
    const call = await asked('one', 'kettle');
    await t.owner.rows(`update llm_calls set lease_until = now() - interval '1 s'`);
    await t.owner.rows('select close_lost_calls()');
    expect(await settle('one', call, [{ name_key: 'kettle', category_id }])).toBe(1);
    expect(await t.owner.value('select state from llm_calls')).toBe('ok');
    expect(await labels()).toEqual([{ name_key: 'kettle' }]);
  });

  test('leaves the call as started where it cannot be written: one transaction', async () => {
    const category_id = await t.category('Home');
    const call = await asked('one', 'kettle');
    const admin = await t.superuser();
    await admin.rows(`create function public.no_room() returns trigger language plpgsql as $$
      begin raise exception 'no space left' using errcode = 'disk_full'; end $$`);
    await admin.rows(
      'create trigger no_room before update on taxon_internal.llm_calls for each row execute function public.no_room()',
    );
    await expect(settle('one', call, [{ name_key: 'kettle', category_id }])).rejects.toMatchObject({
      code: '53100',
    });
    await admin.rows('drop function public.no_room() cascade');
    expect(await labels()).toEqual([]);
    expect(await t.owner.value('select state from products')).toBe('pending');
    expect(await t.owner.value('select state from llm_calls')).toBe('started');
  });

  test('takes a confidence that is none for no confidence', async () => {
    const category_id = await t.category('Home');
    const call = await asked('one', 'kettle');
    expect(await settle('one', call, [{ name_key: 'kettle', category_id, confidence: 7 }])).toBe(1);
    expect(await t.owner.value('select confidence from labels')).toBe(null);
  });

  test('refuses the call of another worker, of nobody, and one that failed', async () => {
    const call = await asked('one', 'kettle');
    const category_id = await t.category('Home');
    await expect(settle('two', call, [{ name_key: 'kettle', category_id }])).rejects.toMatchObject({
      code: 'P0002',
    });
    await expect(settle('one', 987654321, [])).rejects.toMatchObject({ code: 'P0002' });
    // nor may another worker close it
    await t.owner.rows(`select fail_call('two', $1, '{}', 'x', true, false, '0 s')`, call);
    expect(await t.owner.value('select state from llm_calls')).toBe('started');
    await t.owner.rows(`select fail_call('one', $1, '{kettle}', 'HTTP 400', true, false, '0 s')`, call);
    await expect(settle('one', call, [{ name_key: 'kettle', category_id }])).rejects.toMatchObject({
      code: '22023',
    });
    expect(await labels()).toEqual([]);
  });

  test.each([
    '-5, 0, 1, null',
    '5, 0, -1, null',
    '5, -1, 1, null',
    '5, 6, 1, null',
    'null, 0, 1, null',
    `5, 0, 1, 'NaN'`,
    '5, 0, 1, -1',
  ])('refuses counts and costs that are none: %s', async (counts) => {
    const call = await asked('one', 'kettle');
    await expect(settle('one', call, [], counts)).rejects.toMatchObject({ code: '22023' });
    expect(await t.owner.row('select state, tokens_in from llm_calls')).toEqual({
      state: 'started',
      tokens_in: 10,
    });
  });
});

describe('start_call', () => {
  const start = (tokens: string, more = '') =>
    t.owner.value(`select start_call('one', 'answer', 'tree', 'openai', 'm', true, 1, ${tokens}${more})`);

  test.each([
    ['negative tokens', () => start('-1000000, 2')],
    ['a negative cost', () => start('10, 2, -5')],
    ['a cost that is no number', () => start(`10, 2, 'NaN'`)],
    ['a price that is none', () => start('10, 2, 0', `, '{"in": -1, "cached": 0, "out": 1}'`)],
    ['a price in words', () => start('10, 2, 0', `, '{"in": "NaN", "cached": 0, "out": 1}'`)],
  ])('refuses %s', async (_what, call) => {
    await expect(call()).rejects.toMatchObject({ code: '23514' });
  });

  test('refuses names that are no keys', async () => {
    await expect(start('10, 2', `, name_keys => '{Kettle}'`)).rejects.toMatchObject({ code: '22023' });
  });
});

describe('what decides is a number', () => {
  test.each(['NaN', 'Infinity', '-1', '1e9'])('a price of %s is refused', async (price) => {
    await expect(t.owner.rows(`select set_llm_price('openai', 'm', 1, $1, 1)`, price)).rejects.toMatchObject({
      code: '22023',
    });
    await expect(
      t.owner.rows(`select set_llm_price('openai', 'm', 1, 1, 1, 'infinity')`),
    ).rejects.toMatchObject({ code: '22023' });
  });

  test('a broken model’s confidences are none: its name goes on, and what it said is not kept', async () => {
    const model = await makeModel(t);
    const category_id = await t.category('Home');
    await t.insertAll('a', 'b', 'c');
    await t.claim('one');
    const said = ['NaN', 7, 1.0000001].map((x, i) => ({
      name_key: 'abc'[i],
      category_id,
      confidence: [x, x, x],
      margin: 'Infinity',
      probabilities: ['NaN'],
      shortlist: [category_id],
    }));
    expect(
      await t.owner.row(`select * from settle_local('one', $1, $2)`, model, JSON.stringify(said)),
    ).toEqual({
      answered: 1,
      passed_on: 2,
    });
    expect(await t.owner.rows('select name, l1_confidence as c from products order by 1')).toEqual([
      { name: 'a', c: null },
      { name: 'b', c: null },
      { name: 'c', c: 1 },
    ]);
    expect(await t.owner.rows('select distinct margin, l1_said from evidence order by 2')).toEqual([
      { margin: null, l1_said: 1 },
      { margin: null, l1_said: null },
    ]);
    expect(await t.owner.rows('select probabilities from queue')).toEqual([
      { probabilities: null },
      { probabilities: null },
    ]);
  });

  test('nor is one written by hand', async () => {
    await t.insertAll('a');
    for (const value of ['NaN', 'Infinity', '-0.5', '2'])
      await expect(t.owner.rows('update products set l3_confidence = $1', value)).rejects.toMatchObject({
        code: '23514',
      });
    await expect(t.owner.rows('select split_category(1, max_tokens => -1)')).rejects.toMatchObject({
      code: '22023',
    });
  });
});
