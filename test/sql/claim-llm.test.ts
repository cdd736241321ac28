import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** Puts names with their rows into the LLM stage. */
async function waiting(branch: string, ...names: string[]): Promise<number> {
  const l1 = await t.category(branch);
  await t.owner.rows('insert into products (name) select unnest($1::text[])', names);
  await t.owner.rows(`delete from queue where stage = 'local'`);
  for (const name of names)
    await t.owner.rows(
      `insert into queue (stage, name_key, branch, shortlist, available_at)
       values ('llm', normalise($1), $2::bigint, array[$2::bigint], clock_timestamp())`,
      name,
      l1,
    );
  return l1;
}

async function claim(worker: string, most: number, patience = '0 s'): Promise<string[]> {
  const rows = await t.owner.rows<{ name_key: string }>(
    'select name_key from claim_llm($1, $2, $3) order by 1',
    worker,
    most,
    patience,
  );
  return rows.map((row) => row.name_key);
}

describe('claim_llm', () => {
  test('gives full batches of one branch, the oldest branch first', async () => {
    await waiting('Home', 'h1');
    await waiting('Food', 'f1', 'f2');
    await waiting('Home', 'h2');
    expect(await claim('one', 2)).toEqual(['h1', 'h2']);
    expect(await claim('one', 2)).toEqual(['f1', 'f2']);
    expect(await claim('one', 2)).toEqual([]);
  });

  test('fills one whose time is over with the oldest of other branches, whose time is not', async () => {
    await waiting('Home', 'h1');
    await waiting('Food', 'f1');
    await waiting('Home', 'h2');
    await waiting('Garden', 'g1', 'g2');
    expect(await claim('one', 4, '1 h')).toEqual([]);
    await t.owner.rows(`update queue set available_at = now() - interval '6 h' where name_key = 'h1'`);
    expect(await claim('one', 4, '1 h')).toEqual(['f1', 'g1', 'h1', 'h2']);
    expect(await claim('one', 4, '1 h')).toEqual([]);
  });

  test('brings what is known of a name', async () => {
    const l1 = await waiting('Home', 'a');
    await t.owner.rows(`update queue set probabilities = '{.5}'`);
    expect(await t.owner.rows(`select * from claim_llm('one', 10, '0 s')`)).toEqual([
      {
        name_key: 'a',
        shortlist: [String(l1)],
        probabilities: [0.5],
        next: null,
        branch: l1,
        asked: 0,
        attempts: 1,
        purpose: 'answer',
      },
    ]);
  });

  test('names without a branch are a batch of their own', async () => {
    await waiting('Home', 'a');
    await waiting('Home', 'b', 'c');
    await t.owner.rows(`update queue set branch = null where name_key <> 'a'`);
    expect(await claim('one', 10)).toEqual(['a']);
    expect(await claim('one', 10)).toEqual(['b', 'c']);
  });

  test('has patience with a batch that is not full, none with a full one or one that is long due', async () => {
    await waiting('Home', 'a', 'b', 'c');
    expect(await claim('one', 4, '1 h')).toEqual([]);
    expect(await claim('one', 3, '1 h')).toEqual(['a', 'b', 'c']);
    await waiting('Home', 'd');
    await t.owner.rows(`update queue set available_at = now() - interval '2 h' where name_key = 'd'`);
    expect(await claim('one', 4, '1 h')).toEqual(['d']);
  });

  test('has five times as much patience with a batch that others still join', async () => {
    await waiting('Home', 'a', 'b');
    await waiting('Food', 'c');
    const due = (name: string, minutes: number) =>
      t.owner.rows(
        'update queue set available_at = now() - make_interval(mins => $2) where name_key = $1',
        name,
        minutes,
      );
    await due('a', 90);
    await due('b', 80);
    // what comes for another batch is no company, though it goes along
    expect(await claim('one', 4, '1 h')).toEqual(['a', 'b', 'c']);
    await waiting('Home', 'd', 'e');
    await due('d', 90);
    expect(await claim('one', 4, '1 h')).toEqual([]);
    await due('d', 301);
    expect(await claim('one', 4, '1 h')).toEqual(['d', 'e']);
  });

  test('what fits no shortlist goes together, without a branch, and waits for company anew', async () => {
    await waiting('Home', 'a');
    await waiting('Food', 'b', 'c');
    await t.owner.rows(`update queue set created_at = now() - interval '1 day'`);
    expect(await claim('one', 10)).toEqual(['a', 'b', 'c']);
    const call = await t.owner.value(
      `select start_call('one', 'answer', 'shortlist', 'p', 'm', true, 3, 1, 1, null, null)`,
    );
    const refused = ['a', 'b'].map((name_key) => ({
      name_key,
      moved: true,
      next: null,
      branch: null,
      none: true,
    }));
    await t.owner.rows(
      `select settle_llm('one', $1, '[]', $2, 1, 0, 1, null, 'm', 'r')`,
      call,
      JSON.stringify([...refused, { name_key: 'c', error: 'left out' }]),
    );
    expect(await claim('two', 10, '1 h')).toEqual([]);
    expect(new Set([await claim('two', 10), await claim('two', 10)])).toEqual(new Set([['a', 'b'], ['c']]));
  });

  test('names of one next step are a batch', async () => {
    await waiting('Home', 'a', 'b', 'c');
    await waiting('Food', 'd', 'e', 'f');
    await t.owner.rows(`update queue set next = 'subtree' where name_key in ('a', 'd')`);
    await t.owner.rows(`update queue set next = 'elsewhere' where name_key in ('b', 'e')`);
    const claimed = [await claim('one', 10), await claim('one', 10), await claim('one', 10)];
    expect(new Set(claimed)).toEqual(
      new Set([
        ['a', 'd'],
        ['b', 'e'],
        ['c', 'f'],
      ]),
    );
  });

  test('names with the same likeliest candidate come together', async () => {
    await waiting('Home', 'a', 'b', 'c', 'd');
    await t.owner.rows(`update queue set shortlist = '{1}' where name_key in ('a', 'c')`);
    await t.owner.rows(`update queue set shortlist = '{2}' where name_key in ('b', 'd')`);
    expect(await claim('one', 2)).toEqual(['a', 'c']);
    expect(await claim('one', 2)).toEqual(['b', 'd']);
  });

  test('a name that failed twice comes alone, the others without it', async () => {
    await waiting('Home', 'a', 'bad', 'c');
    await t.owner.rows(
      `update queue set attempts = 2, available_at = now() - interval '1 h' where name_key = 'bad'`,
    );
    expect(await claim('one', 10)).toEqual(['bad']);
    expect(await claim('one', 10)).toEqual(['a', 'c']);
    await t.owner.rows(`update queue set worker = null, available_at = now() - interval '1 s'`);
    await t.owner.rows(`update queue set available_at = now() where name_key = 'bad'`);
    expect(await claim('one', 10)).toEqual(['a', 'c']);
  });

  test('what memory learnt meanwhile is settled without a call', async () => {
    await waiting('Home', 'a', 'b');
    const category = await t.label('a', 'Food');
    expect(await claim('one', 10)).toEqual(['b']);
    expect(await t.owner.rows('select name, source, category_id from products order by 1')).toEqual([
      { name: 'a', source: 'exact', category_id: category },
      { name: 'b', source: null, category_id: null },
    ]);
    expect(await t.queued('llm')).toEqual(['b']);
  });

  test('and does not wait until its batch is due', async () => {
    await waiting('Home', 'a', 'b');
    await t.label('a', 'Food');
    expect(await claim('one', 10, '1 h')).toEqual([]);
    expect(await t.queued('llm')).toEqual(['b']);
  });

  test('names whose rows were deleted or renamed meanwhile are dropped', async () => {
    await waiting('Home', 'gone', 'renamed', 'stays');
    await t.owner.rows(`delete from products where name = 'gone'; `);
    await t.owner.rows(`update products set name = 'other' where name = 'renamed'`);
    expect(await claim('one', 10)).toEqual(['stays']);
    expect(await t.queued('llm')).toEqual(['stays']);
  });

  test('when all of a branch is answered it goes on to the next', async () => {
    await waiting('Home', 'a');
    await waiting('Food', 'f');
    await t.label('a', 'Home');
    expect(await claim('one', 10)).toEqual(['f']);
    await t.label('f', 'Food');
    await t.owner.rows(`select give_back('one', array['f'], 'llm')`);
    expect(await claim('one', 10)).toEqual([]);
    expect(await t.queued('llm')).toEqual([]);
  });

  test('leases: another worker gets others, and these after the lease', async () => {
    await waiting('Home', 'a', 'b', 'c');
    expect(await claim('one', 2)).toEqual(['a', 'b']);
    expect(await claim('two', 2)).toEqual(['c']);
    await t.owner.rows(`update queue set available_at = now() - interval '1 s' where worker = 'one'`);
    expect(await claim('two', 2)).toEqual(['a', 'b']);
  });

  test('passes over what another transaction is just taking', async () => {
    await waiting('Home', 'a', 'b');
    const other = await t.connect();
    await other.rows('begin');
    await other.rows(`select * from taxon_internal.claim_llm('one', 1, '0 s')`);
    expect(await claim('two', 10)).toEqual(['b']);
    await other.rows('rollback');
  });
});

describe('the LLM stage', () => {
  test('holds a name once, however many workers pass it on', async () => {
    await t.owner.rows(`insert into products (name) values ('a')`);
    await t.owner.rows(`insert into products (name) values ('a')`);
    const results = JSON.stringify([{ name_key: 'a' }]);
    for (const worker of ['one', 'two']) {
      await t.owner.rows('select claim($1, 1)', worker);
      await t.insert('a'); // so that something is left for the second worker
      await t.owner.rows('select settle_local($1, null, $2)', worker, results);
    }
    expect(await t.queued('llm')).toEqual(['a']);
  });
});
