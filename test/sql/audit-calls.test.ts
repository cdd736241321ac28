import { beforeEach, describe, expect, test } from 'vitest';
import { answered, draw, provider } from '../support/audits.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

beforeEach(async () => {
  await t.owner.rows(`select set_setting('audit_share', '1')`);
  await provider(t);
});

/** Rows of the local layer, drawn for the LLM. */
async function drawn(...names: string[]): Promise<void> {
  await answered(t, 'local', 'Home > Lamps', names);
  await t.category('Home > Kettles');
  await draw(t);
}

async function claim(most = 10): Promise<{ names: string[]; purpose: string | undefined }> {
  const rows = await t.owner.rows<{ name_key: string; purpose: string }>(
    `select name_key, purpose from claim_llm('one', $1, '0 s') order by 1`,
    most,
  );
  expect(new Set(rows.map((row) => row.purpose)).size).toBeLessThan(2);
  return { names: rows.map((row) => row.name_key), purpose: rows[0]?.purpose };
}

const start = (purpose = 'audit', names: string[] | null = null) =>
  t.owner.value<number>(
    `select start_call('one', $1, 'shortlist', 'p', 'm', true, 3, 9, 9, 9, null, name_keys => $2)`,
    purpose,
    names,
  );

/** What the LLM says of names: a path, null for "none of these", or nothing. */
async function settle(
  call: number,
  said: Record<string, string | null>,
  silent: string[] = [],
): Promise<number> {
  const answers = [];
  const refused = silent.map((name_key) => ({ name_key, error: 'left out', none: false }));
  for (const [name_key, path] of Object.entries(said))
    if (path === null) refused.push({ name_key, error: 'none', none: true });
    else answers.push({ name_key, category_id: await t.category(path), confidence: 0.9 });
  return t.owner.value(
    `select settle_llm('one', $1, $2, $3, 100, 0, 20, 0.01, 'm-1', 'r')`,
    call,
    JSON.stringify(answers),
    JSON.stringify(refused),
  );
}

const verdicts = () =>
  t.owner.rows(
    'select name_key, verdict, category_path(truth_category_id) as truth, checked_by, llm_call_id from checks order by 1',
  );

describe('claim_llm', () => {
  test('never mixes purposes in a batch, and answers go first', async () => {
    await drawn('a', 'b');
    await t.insertAll('new');
    const l1 = await t.category('Home');
    await t.owner.rows(`delete from queue where stage = 'local'`);
    await t.owner.rows(
      `insert into queue (stage, name_key, branch) select 'llm', n, $1::bigint from unnest('{new,a}'::text[]) n`,
      l1,
    );
    await t.insert('a'); // the same name waits for an answer and for an audit
    expect(await claim()).toEqual({ names: ['a', 'new'], purpose: 'answer' });
    expect(await claim()).toEqual({ names: ['a', 'b'], purpose: 'audit' });
    expect(await claim()).toEqual({ names: [], purpose: undefined });
  });

  test('goes on to audits while answers still wait for company', async () => {
    await drawn('a');
    await t.insertAll('new');
    await t.owner.rows(`update queue set available_at = now() - interval '2 h' where purpose = 'audit'`);
    await t.owner.rows(`update queue set stage = 'llm', available_at = now() where purpose = 'answer'`);
    expect(await t.owner.rows(`select name_key, purpose from claim_llm('one', 10, '1 h')`)).toEqual([
      { name_key: 'a', purpose: 'audit' },
    ]);
  });

  test("memory does not answer an audit's name", async () => {
    await drawn('a');
    await t.label('a', 'Home > Kettles');
    expect(await claim()).toEqual({ names: ['a'], purpose: 'audit' });
  });

  test('gives no audit once the tokens of today are used up', async () => {
    await drawn('a');
    await t.owner.rows(`select set_setting('audit_tokens_a_day', '100')`);
    await settle(await start(), {});
    expect(await t.owner.value('select audit_tokens_today()')).toBe(120);
    expect((await claim()).names).toEqual([]);
    await t.owner.rows(`update llm_calls set started_at = started_at - interval '1 day'`);
    expect((await claim()).names).toEqual(['a']);
  });

  test('drops what a person has judged meanwhile', async () => {
    await drawn('a', 'b');
    await t.owner.rows(`update checks set auditor = 'human', verdict = true where name_key = 'a'`);
    expect((await claim()).names).toEqual(['b']);
    expect(await t.queued('llm')).toEqual(['b']);
  });
});

describe('settle_llm of an audit', () => {
  test('writes verdicts and the ledger, and changes no label and no row', async () => {
    await t.label('b', 'Home > Lamps', 'import');
    await drawn('a', 'c');
    await t.insertAll('b');
    await draw(t);
    const before = await t.owner.rows('select * from products order by 1');
    await claim();
    const call = await start();
    expect(await settle(call, { a: 'Home > Lamps', b: 'Home > Kettles', c: null })).toBe(2);
    const by = { checked_by: 'p m', llm_call_id: call };
    expect(await verdicts()).toEqual([
      { name_key: 'a', verdict: true, truth: 'Home > Lamps', ...by },
      { name_key: 'b', verdict: false, truth: 'Home > Kettles', ...by },
      { name_key: 'c', verdict: false, truth: null, ...by },
    ]);
    expect(await t.owner.rows('select * from products order by 1')).toEqual(before);
    expect(
      await t.owner.rows('select name_key, source, category_path(category_id) as path from labels'),
    ).toEqual([{ name_key: 'b', source: 'import', path: 'Home > Lamps' }]);
    expect(
      await t.owner.row('select purpose, state, answered, tokens_in, tokens_out from llm_calls'),
    ).toEqual({
      ...{ purpose: 'audit', state: 'ok', answered: 2, tokens_in: 100, tokens_out: 20 },
    });
    expect(await t.queued('llm')).toEqual([]);
  });

  test('a late answer is taken once; a second one changes nothing', async () => {
    await drawn('a');
    await claim();
    await t.owner.rows(`update queue set worker = 'two', attempts = 2`);
    const first = await start('audit', ['a']);
    await settle(first, { a: 'Home > Kettles' });
    await settle(await start('audit', ['a']), { a: 'Home > Lamps' });
    expect(await verdicts()).toEqual([
      { name_key: 'a', verdict: false, truth: 'Home > Kettles', checked_by: 'p m', llm_call_id: first },
    ]);
  });

  test('what the answer left out goes back', async () => {
    await drawn('a', 'b');
    await claim();
    await settle(await start(), { b: 'Home > Lamps' }, ['a']);
    expect(await t.owner.rows('select name_key, worker, purpose, last_error from queue')).toEqual([
      { name_key: 'a', worker: null, purpose: 'audit', last_error: 'left out' },
    ]);
    expect((await claim()).names).toEqual(['a']);
  });

  test('what the LLM cannot do goes to people: no dead letter, no failed row', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '1')`);
    await drawn('a');
    await t.owner.rows(`update products set state = 'pending'`); // renamed and back, say: a row of the name waits
    await claim();
    await settle(await start(), {}, ['a']);
    expect(await t.owner.value('select count(*) from dead_letters')).toBe(0);
    expect(await t.owner.value('select state from products')).toBe('pending');
    expect(await t.owner.row('select auditor, verdict from checks')).toEqual({
      auditor: 'human',
      verdict: null,
    });
    expect(await t.queued('llm')).toEqual([]);
  });

  test('a call that fails gives back the audit and not the answer of the same name', async () => {
    await drawn('a');
    await t.insertAll('a');
    await t.owner.rows(`update queue set stage = 'llm' where purpose = 'answer'`);
    expect((await claim()).purpose).toBe('answer');
    expect((await claim()).purpose).toBe('audit');
    await t.owner.rows(`select fail_call('one', $1, '{a}', '429', true, false, '1 h')`, await start());
    expect(await t.owner.rows('select purpose, worker, attempts from queue order by 1')).toEqual([
      { purpose: 'answer', worker: 'one', attempts: 1 },
      { purpose: 'audit', worker: null, attempts: 0 },
    ]);
  });
});

test('an audit whose entry was lost is queued again by the next draw', async () => {
  await drawn('a');
  await t.owner.rows('delete from queue');
  await draw(t);
  expect((await claim()).names).toEqual(['a']);
});
