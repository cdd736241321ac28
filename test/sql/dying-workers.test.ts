import { describe, expect, test } from 'vitest';
import { answered, draw, provider } from '../support/audits.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

type Row = { name_key: string; attempts: number };

const claims = {
  local: (most = 100) => t.owner.rows<Row>(`select * from claim('w', $1) order by 1`, most),
  llm: (most = 100) =>
    t.owner.rows<Row>(`select name_key, attempts from claim_llm('w', $1, '0 s') order by 1`, most),
};

const names = (rows: Row[]) => rows.map(({ name_key }) => name_key);

/** The worker of everything that is leased dies: its leases run out. */
const dies = () =>
  t.owner.rows(`update queue set available_at = clock_timestamp() - interval '1 s' where worker is not null`);

async function waiting(stage: 'local' | 'llm', ...keys: string[]): Promise<void> {
  await t.insertAll(...keys);
  if (stage === 'llm')
    await t.owner.rows(`update queue set stage = 'llm', available_at = clock_timestamp() - interval '1 min'`);
}

describe.each(['local', 'llm'] as const)('a name that ends its workers, in the stage %s', (stage) => {
  const claim = claims[stage];

  test('takes its batch with it twice, comes alone from then on, and is a dead letter in the end', async () => {
    await waiting(stage, 'a', 'bad', 'b');
    for (const attempts of [1, 2]) {
      expect(await claim()).toEqual(['a', 'b', 'bad'].map((name_key) => ({ name_key, attempts })));
      await dies();
    }
    // whoever comes alone and lives is settled
    const taken: string[] = [];
    for (let i = 0; i < 10; i++) {
      const rows = await claim();
      if (rows.length === 0) break;
      expect(rows).toHaveLength(1);
      taken.push(...names(rows));
      if (names(rows)[0] === 'bad') await dies();
      else await t.owner.rows('delete from queue where name_key = $1', names(rows)[0]);
    }
    expect(taken.toSorted()).toEqual(['a', 'b', 'bad', 'bad', 'bad']);
    const error = 'its workers died: 5 tries ended without a word';
    expect(await t.owner.rows('select name_key, stage, attempts, error from dead_letters')).toEqual([
      { name_key: 'bad', stage, attempts: 5, error },
    ]);
    expect(await t.owner.rows(`select name, failure from products where state = 'failed'`)).toEqual([
      { name: 'bad', failure: error },
    ]);
    expect(await t.queued(stage)).toEqual([]);
  });

  test('however often it was tried before, others are claimed, and its last error is kept', async () => {
    await waiting(stage, 'bad', 'good');
    await t.owner.rows(
      `update queue set attempts = 32767, last_error = 'left out', available_at = now() - interval '1 h' where name_key = 'bad'`,
    );
    expect(names(await claim())).toEqual(['good']);
    expect(await t.owner.rows('select name_key, error from dead_letters')).toEqual([
      {
        name_key: 'bad',
        error: 'its workers died: 32767 tries ended without a word; the error before: left out',
      },
    ]);
  });

  test('with max_attempts 1 the others of its batch die with it, and nobody who was not tried does', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '1')`);
    await waiting(stage, 'bad');
    expect(names(await claim())).toEqual(['bad']);
    await dies();
    await waiting(stage, 'new');
    expect(names(await claim())).toEqual(['new']);
    expect(await t.owner.rows('select name_key from dead_letters')).toEqual([{ name_key: 'bad' }]);
  });

  test('is brought back by decide_again() with all its tries', async () => {
    await waiting(stage, 'bad');
    await t.owner.rows(`update queue set attempts = 5`);
    expect(await claim()).toEqual([]);
    await t.owner.rows('select decide_again(failed => true)');
    expect(await claims.local()).toEqual([{ name_key: 'bad', attempts: 1 }]);
  });
});

test('a name that was tried twice does not come with others by a second entry in the local stage', async () => {
  await t.insertAll('bad');
  for (let i = 0; i < 2; i++) {
    await claims.local();
    await dies();
  }
  await t.insertAll('bad', 'good');
  expect(await claims.local()).toEqual([{ name_key: 'bad', attempts: 3 }]);
  expect(await claims.local()).toEqual([{ name_key: 'good', attempts: 1 }]);
  await t.owner.rows(`delete from queue where name_key = 'good'`);
  for (const attempts of [4, 5]) {
    await dies();
    expect(await claims.local()).toEqual([{ name_key: 'bad', attempts }]);
  }
  await dies();
  expect(await claims.local()).toEqual([]);
  expect(await t.owner.rows('select name_key, attempts from dead_letters')).toEqual([
    { name_key: 'bad', attempts: 5 },
  ]);
  expect(await t.queued()).toEqual([]);
});

test('of names that were tried twice a worker has one in hand at a time in the LLM stage', async () => {
  await waiting('llm', 'a', 'b');
  await t.owner.rows('update queue set attempts = 2');
  const [one, two] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
  const claim = (id: string, held: string[]) =>
    t.owner.rows<Row>(`select name_key from claim_llm('w', 10, '0 s', claim_id => $1, held => $2)`, id, held);
  const first = names(await claim(one, []));
  expect(first).toHaveLength(1);
  expect(await claim(two, [one])).toEqual([]);
  // fresh ones go on meanwhile
  await t.owner.rows(`insert into products (name) values ('fresh')`);
  await t.queued();
  await t.owner.rows(`update queue set stage = 'llm' where stage = 'local'`);
  expect(names(await claim(two, [one]))).toEqual(['fresh']);
  await t.owner.rows('delete from queue where claim_id = $1', one);
  expect(new Set([...first, ...names(await claim(one, [two]))])).toEqual(new Set(['a', 'b']));
});

test('an audit that ends its workers goes to people, and no row fails for it', async () => {
  await t.owner.rows(`select set_setting('audit_share', '1')`);
  await provider(t);
  await answered(t, 'local', 'Home > Lamps', ['kettle']);
  await draw(t);
  await t.owner.rows(`update queue set attempts = 5 where purpose = 'audit'`);
  expect(await claims.llm()).toEqual([]);
  expect(await t.owner.rows('select auditor from checks')).toEqual([{ auditor: 'human' }]);
  expect(await t.owner.rows('select from dead_letters')).toEqual([]);
  expect(await t.queued('llm')).toEqual([]);
});
