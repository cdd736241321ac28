import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

/** A row whose name the local stage passes on to the LLM stage, with what the model thought; returns its id. */
async function passedOn(name: string, category: number | null = null): Promise<number> {
  const { product_id, name_key } = await t.insert(name);
  await t.owner.rows(`select claim('local', 100)`);
  await t.owner.rows(
    `select settle_local('local', null, $1)`,
    JSON.stringify([{ name_key, category_id: null, shortlist: category === null ? null : [category] }]),
  );
  return product_id;
}

async function claim(worker = 'one'): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const rows = await t.owner.rows<{ name_key: string }>(
      `select name_key from claim_llm($1, 100, '0 s')`,
      worker,
    );
    if (rows.length === 0) return names.sort();
    names.push(...rows.map((row) => row.name_key));
  }
}
const people = async () =>
  (await t.owner.rows<{ name_key: string }>('select name_key from waiting_for_people order by 1')).map(
    (row) => row.name_key,
  );
const start = (...names: string[]) =>
  t.owner.value<number>(
    `select start_call('one', 'answer', 'tree', 'openai', 'm', true, 1, 10, 10, name_keys => $1)`,
    names,
  );

describe('never_send', () => {
  test('by pattern holds what waits and what comes, in any case; the others go', async () => {
    await passedOn('Secret lamp');
    await passedOn('red lamp');
    expect(
      await t.owner.value(`select never_send(pattern => '\\msecret\\M', reason => 'not announced')`),
    ).toBe(1);
    const id = await passedOn('SECRET phone');
    await passedOn('secretary desk');
    expect(await claim()).toEqual(['red lamp', 'secretary desk']);
    expect(
      await t.owner.rows(
        'select name_key, product_id = $1 as second, rows, reason from waiting_for_people order by 1',
        id,
      ),
    ).toEqual([
      { name_key: 'secret lamp', second: false, rows: 1, reason: 'never send: not announced' },
      { name_key: 'secret phone', second: true, rows: 1, reason: 'never send: not announced' },
    ]);
  });

  test('by branch holds what likely lies in it or below, and nothing of its neighbours', async () => {
    const rings = await t.category('Jewels > Rings > Gold');
    const chains = await t.category('Jewels > Chains');
    const middle = await t.owner.value('select parent_id from categories where category_id = $1', rings);
    await t.owner.rows('select never_send(branch => $1)', middle);
    await passedOn('ring', rings);
    await passedOn('chain', chains);
    await passedOn('who knows');
    expect(await claim()).toEqual(['chain', 'who knows']);
    expect(await t.owner.row('select name_key, likely, reason from waiting_for_people')).toEqual({
      name_key: 'ring',
      likely: 'Jewels > Rings > Gold',
      reason: 'never send: marked by owner',
    });
  });

  test('by product holds its name, all rows of it', async () => {
    const id = await passedOn('a');
    await t.insert('A');
    await passedOn('b');
    await t.owner.rows('select never_send(product_id => $1)', id);
    expect(await claim()).toEqual(['b']);
    expect(await t.owner.row('select product_id, rows from waiting_for_people')).toEqual({
      product_id: id,
      rows: 2,
    });
  });

  test('of a name that is claimed refuses its call, and it is held when it comes back', async () => {
    await passedOn('a');
    expect(await claim()).toEqual(['a']);
    expect(await t.owner.value(`select never_send(pattern => '^a$')`)).toBe(0);
    await expect(start('a')).rejects.toMatchObject({
      message: 'the name "a" may not be sent: marked by owner',
      hint: expect.stringContaining('waiting_for_people'),
    });
    expect(await people()).toEqual([]);
    await t.owner.rows(`select give_back('one', array['a'], 'llm', counts => false)`);
    expect(await people()).toEqual(['a']);
    expect(await claim()).toEqual([]);
  });

  test('holds a name that lost its shortlist, by what the local model said of it', async () => {
    const rings = await t.category('Jewels > Rings');
    const other = await t.category('Home');
    const model = await makeModel(t);
    const id = await passedOn('ring', other);
    await t.owner.rows(
      `with e as (insert into evidence (model_id, product_id, category_id, l1_said, l2_said, l3_said, margin, unknown, clears, answered)
                    values ($3, $1, $2, .3, .3, .3, 0, 0, false, false) returning evidence_id)
       update products set evidence_id = e.evidence_id from e where product_id = $1`,
      id,
      rings,
      model,
    );
    expect(await claim()).toEqual(['ring']);
    await t.owner.rows('select never_send(branch => $1)', rings);
    await t.owner.rows(
      `update queue set shortlist = null, branch = null, worker = null, available_at = now()`,
    );
    expect(await claim()).toEqual([]);
    expect(await people()).toEqual(['ring']);
  });

  test('lasts: decide_again() and the sweeps do not send it, and it is no name that waits too long', async () => {
    const id = await passedOn('a');
    await t.owner.rows('select never_send(product_id => $1)', id);
    await t.owner.rows('select decide_again($1)', id);
    await passedOn('A');
    await t.owner.rows(`update queue set created_at = now() - interval '1 day'`);
    await t.owner.rows(
      `select settle_held(), close_lost_calls(), renew_leases('one', '{}'), end_sidecar('one')`,
    );
    expect(await claim()).toEqual([]);
    expect(await people()).toEqual(['a']);
    expect(await t.owner.row(`select status, value from health() where item = 'queue llm'`)).toEqual({
      status: 'ok',
      value: '0',
    });
    expect(await t.owner.row(`select status, value from health() where item = 'waiting for people'`)).toEqual(
      {
        status: 'warn',
        value: '1',
      },
    );
  });

  test('said twice is said once; wrong questions are refused', async () => {
    const branch = await t.category('Home');
    const id = await passedOn('a');
    for (const given of [`branch => ${branch}`, `pattern => 'x'`, `product_id => ${id}`]) {
      await t.owner.rows(`select never_send(${given})`);
      await t.owner.rows(`select never_send(${given})`);
    }
    expect(await t.owner.value('select count(*) from never_send_marks')).toBe(3);
    const refused = {
      '': 'one of branch, pattern and product_id',
      [`pattern => 'x', branch => ${branch}`]: 'one of branch, pattern and product_id',
      'branch => 987654321': 'there is no category 987654321',
      'product_id => 987654321': 'there is no product 987654321 with a name',
      "pattern => '('": '( is no regular expression',
    };
    for (const [given, says] of Object.entries(refused))
      await expect(t.owner.rows(`select never_send(${given})`)).rejects.toThrow(says);
  });
});

describe('names that wait for people', () => {
  test('are settled by confirm, all rows, and become memory', async () => {
    const category = await t.category('Home');
    const id = await passedOn('a');
    const other = await t.insert('A');
    await t.owner.rows('select never_send(product_id => $1)', id);
    await t.owner.rows('select confirm($1, $2)', id, category);
    expect([(await t.product(id)).source, (await t.product(other.product_id)).source]).toEqual([
      'human',
      'exact',
    ]);
    expect([await people(), await t.queued('llm')]).toEqual([[], []]);
    expect(await t.owner.row('select source, category_id from labels')).toEqual({
      source: 'human',
      category_id: category,
    });
  });

  test('are settled when memory learns them, and dropped when no row waits', async () => {
    await passedOn('known');
    await passedOn('gone');
    await passedOn('open');
    await t.owner.rows(`select never_send(pattern => '.')`);
    await t.label('known', 'Home', 'import');
    await t.owner.rows(`delete from products where name = 'gone'`);
    expect(await t.owner.value('select settle_held()')).toBe(2);
    expect(await people()).toEqual(['open']);
    expect(await t.owner.value(`select source from products where name = 'known'`)).toBe('exact');
  });
});

describe('never_send, lifted,', () => {
  test('lets go what no other mark holds', async () => {
    const id = await passedOn('secret lamp');
    await passedOn('secret phone');
    await t.owner.rows(`select never_send(pattern => 'secret')`);
    await t.owner.rows('select never_send(product_id => $1)', id);
    expect(await people()).toEqual(['secret lamp', 'secret phone']);
    expect(await t.owner.value(`select never_send(pattern => 'secret', lifted => true)`)).toBe(1);
    expect([await people(), await claim()]).toEqual([['secret lamp'], ['secret phone']]);
    expect(await t.owner.value('select never_send(product_id => $1, lifted => true)', id)).toBe(1);
    expect(await claim()).toEqual(['secret lamp']);
    await expect(t.owner.rows(`select never_send(pattern => 'secret', lifted => true)`)).rejects.toThrow(
      'there is no such mark',
    );
  });
});

describe('an audit', () => {
  /** An answered row with an open LLM audit; returns the check. */
  async function audited(name: string, category: number): Promise<number> {
    const { product_id, name_key } = await t.insert(name);
    await t.owner.rows(
      `update products set state = 'done', source = 'local', category_id = $2, l1 = $2 where product_id = $1`,
      product_id,
      category,
    );
    return t.owner.value<number>(
      `insert into checks (name_key, product_id, layer, strategy, weight, category_id, auditor)
         values ($1, $2, 'local', 'audit', 1, $3, 'llm') returning check_id`,
      name_key,
      product_id,
      category,
    );
  }
  const auditor = (check: number) => t.owner.value('select auditor from checks where check_id = $1', check);

  test('of such a name goes to people, also when the mark comes after it was drawn', async () => {
    const rings = await t.category('Jewels');
    const home = await t.category('Home');
    const [early, late, other] = [
      await audited('ring', rings),
      await audited('chain', rings),
      await audited('pot', home),
    ];
    await t.owner.rows(`update checks set auditor = 'human' where check_id = $1`, late);
    expect(await t.owner.value('select queue_audits()')).toBe(2);
    await t.owner.rows('select never_send(branch => $1)', rings);
    await t.owner.rows(`update checks set auditor = 'llm' where check_id = $1`, late);
    expect(await t.owner.value('select queue_audits()')).toBe(0);
    expect([await auditor(early), await auditor(late), await auditor(other)]).toEqual([
      'human',
      'human',
      'llm',
    ]);
    expect(await claim()).toEqual(['pot']);
    expect(await t.queued('llm')).toEqual(['pot']);
    expect((await t.owner.rows('select name from open_checks() order by 1')).length).toBe(2);
  });
});
