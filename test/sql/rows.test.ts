import { beforeEach, describe, expect, test } from 'vitest';
import { type Session, taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

/** Rows that an application holds, or refuses, are its own business: nobody else's names wait for them. */
const t = taxonDatabase();
let application: Session;
let sidecar: Session;
let home: number;

beforeEach(async () => {
  application ??= await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
  sidecar ??= await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
  home = await t.category('Home > Mugs');
});

/** The application has touched a row and is idle in its transaction while `work` is done. */
async function whileHeld<T>(statement: string, work: () => Promise<T>): Promise<T> {
  await application.rows('begin');
  try {
    await application.rows(statement);
    return await work();
  } finally {
    await application.rows('rollback');
  }
}
const touch = (name: string) => `update products set external_id = 'mine' where name = '${name}'`;

/** A trigger of the application that refuses what `when` says of a row. */
async function refuses(when: string): Promise<void> {
  const admin = await t.superuser();
  await admin.rows(`create or replace function public.refuse() returns trigger language plpgsql as $$
    begin raise exception 'the shop does not want %', new.name using errcode = 'P0001'; end $$`);
  await admin.rows(
    `create or replace trigger refuse before update on taxon.products for each row when (${when}) execute function public.refuse()`,
  );
}
async function refusesNothing(): Promise<void> {
  await (await t.superuser()).rows('drop trigger refuse on taxon.products');
}

const rows = () =>
  t.owner.rows<{ name: string; state: string; source: string | null }>(
    'select name, state, source from products order by name',
  );
const queue = () =>
  t.owner.rows(
    'select name_key, stage, worker, attempts, last_error, held_since is not null as held from queue order by 1, 2',
  );
const due = () => t.owner.rows(`update queue set available_at = now() where worker is null`);
const local = (model: number | null, results: object[]) =>
  sidecar.row(`select * from settle_local('one', $1, $2)`, model, JSON.stringify(results));

describe('a row that an application holds', () => {
  test('is passed over by what memory answers; the others are answered, and it follows', async () => {
    await t.insertAll('blue mug 1', 'blue mug 2');
    await t.claim('one');
    await t.label('blue mug 1', 'Home > Mugs');
    await t.label('blue mug 2', 'Home > Mugs');
    const settle = () =>
      sidecar.rows(`select name_key from settle_from_memory('one', '{blue mug 1,blue mug 2}')`);
    expect(await whileHeld(touch('blue mug 1'), settle)).toEqual([]);
    expect(await rows()).toEqual([
      { name: 'blue mug 1', state: 'pending', source: null },
      { name: 'blue mug 2', state: 'done', source: 'exact' },
    ]);
    expect(await queue()).toEqual([
      { name_key: 'blue mug 1', stage: 'local', worker: null, attempts: 0, last_error: null, held: true },
    ]);
    expect(await t.claim('one')).toEqual([]); // not at once
    await due();
    expect(await t.claim('one')).toEqual(['blue mug 1']);
    await settle();
    expect((await rows())[0]).toEqual({ name: 'blue mug 1', state: 'done', source: 'exact' });
    expect(await queue()).toEqual([]);
  });

  test('is passed over by the similar layer and by the local layer', async () => {
    const model = await makeModel(t);
    await t.label('red kettle 1.7 l', 'Home > Mugs');
    await t.insertAll('red kettle 1,7 l', 'plate', 'bowl', 'Bowl');
    await t.claim('one');
    const said = { category_id: home, confidence: [1, 1, 1] };
    await whileHeld(
      `update products set external_id = 'x' where name in ('red kettle 1,7 l', 'Bowl')`,
      async () => {
        const misses = await sidecar.rows<{ name_key: string }>(
          `select name_key from settle_from_memory('one', '{red kettle 1\\,7 l,plate,bowl}') order by 1`,
        );
        expect(misses.map((m) => m.name_key)).toEqual(['bowl', 'plate']);
        expect(
          await local(model, [
            { name_key: 'plate', ...said },
            { name_key: 'bowl', ...said },
          ]),
        ).toEqual({
          answered: 2,
          passed_on: 0,
        });
      },
    );
    expect(await rows()).toEqual([
      { name: 'Bowl', state: 'pending', source: null },
      { name: 'bowl', state: 'done', source: 'local' },
      { name: 'plate', state: 'done', source: 'local' },
      { name: 'red kettle 1,7 l', state: 'pending', source: null },
    ]);
    expect(await queue()).toMatchObject([
      { name_key: 'bowl', worker: null, attempts: 0, held: true },
      { name_key: 'red kettle 1,7 l', worker: null, attempts: 0, held: true },
    ]);
  });

  test('does not keep other rows of its name from being passed on, and is not passed on alone', async () => {
    await t.insertAll('plate', 'Plate', 'bowl');
    await t.claim('one');
    const unknown = ['plate', 'bowl'].map((name_key) => ({ name_key, category_id: null, confidence: null }));
    const counts = await whileHeld(
      `update products set external_id = 'x' where name in ('Plate', 'bowl')`,
      () => local(null, unknown),
    );
    expect(counts).toEqual({ answered: 0, passed_on: 1 });
    expect(await queue()).toMatchObject([
      { name_key: 'bowl', stage: 'local', held: true },
      { name_key: 'plate', stage: 'llm', held: false },
      { name_key: 'plate', stage: 'local', held: true },
    ]);
  });
});

/** A call in flight for names that wait. */
async function asked(...names: string[]): Promise<number> {
  await t.insertAll(...names);
  await t.owner.rows(`delete from queue where stage = 'local'`);
  await t.owner.rows(`insert into queue (stage, name_key) select 'llm', n from unnest($1::text[]) n`, names);
  await t.owner.rows(`select claim_llm('one', 100, '0 s')`);
  return t.owner.value(
    `select start_call('one', 'answer', 'tree', 'openai', 'm', true, cardinality($1::text[]), 10, 2, name_keys => $1)`,
    names,
  );
}
const answer = (call: number, names: string[]) =>
  sidecar.value(
    `select settle_llm('one', $1, $2, '[]', 5, 0, 1, null, 'm', 'r')`,
    call,
    JSON.stringify(names.map((name_key) => ({ name_key, category_id: home, confidence: 0.9 }))),
  );
/** As a sidecar does when the name is due again. */
async function again(): Promise<void> {
  await due();
  const names = await t.claim('one');
  await sidecar.rows(`select * from settle_from_memory('one', $1)`, names);
}

describe('an answer that was paid for', () => {
  const names = ['kettle', 'plate'];

  test('is in memory although its row is held, and answers it later as the call does', async () => {
    const call = await asked(...names);
    await whileHeld(touch('kettle'), async () => {
      expect(await answer(call, names)).toBe(2);
      expect(await t.owner.value('select count(*) from labels')).toBe(2);
      expect(await rows()).toMatchObject([{ state: 'pending' }, { state: 'done', source: 'llm' }]);
      await due();
      expect(await sidecar.rows(`select * from claim_llm('one', 10, '0 s')`)).toEqual([]);
    });
    await again();
    expect(await rows()).toMatchObject([
      { state: 'done', source: 'llm' },
      { state: 'done', source: 'llm' },
    ]);
    expect(await t.owner.value('select count(distinct llm_call_id) from products')).toBe(1);
    expect(await queue()).toEqual([]);
  });

  test('is kept while a person writes the label of its name, who may change his mind', async () => {
    const call = await asked(...names);
    const label = `insert into labels (name_key, category_id, source) values ('kettle', ${home}, 'human')`;
    await whileHeld(label, async () => {
      expect(await answer(call, names)).toBe(2);
      expect((await rows()).map((row) => row.state)).toEqual(['pending', 'done']);
      await again();
      await due();
      expect(await sidecar.rows(`select * from claim_llm('one', 10, '0 s')`)).toEqual([]);
    });
    await again();
    expect(await rows()).toMatchObject([
      { state: 'done', source: 'llm' },
      { state: 'done', source: 'llm' },
    ]);
    expect(await t.owner.value('select count(*) from kept_answers')).toBe(0);
  });

  test('waits for whoever forgets its name, and is forgotten with it', async () => {
    const call = await asked(...names);
    await application.rows('begin');
    await application.rows(`select forget('kettle')`);
    expect(await answer(call, names)).toBe(2);
    await application.rows('commit');
    await t.owner.rows('select settle_held()');
    expect(await t.owner.rows('select name_key from labels')).toEqual([{ name_key: 'plate' }]);
    expect(await t.owner.value('select count(*) from kept_answers')).toBe(0);
  });

  test('of an audit is kept while a person has the check in hand', async () => {
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight, auditor, category_id) values ('kettle', 'local', 'audit', 1, 'llm', $1)`,
      home,
    );
    await t.owner.rows('select queue_audits()');
    await t.owner.rows(`select claim_llm('one', 100, '0 s')`);
    const call = await t.owner.value<number>(
      `select start_call('one', 'audit', 'tree', 'openai', 'm', true, 1, 10, 2, name_keys => '{kettle}')`,
    );
    await whileHeld('select from checks for update', async () => {
      expect(await answer(call, ['kettle'])).toBe(1);
      expect(await t.owner.value('select queue_audits()')).toBe(0);
    });
    expect(await t.owner.value('select verdict from checks')).toBe(null);
    await t.owner.rows('select settle_held()');
    expect(await t.owner.value('select verdict from checks')).toBe(true);
    expect(await queue()).toEqual([]);
  });
});

describe('a row that a trigger of the application refuses', () => {
  test('costs its own name attempts, a dead letter in the end, and no second call', async () => {
    await t.owner.rows(`select set_setting('max_attempts', '3')`);
    const names = ['bad', ...Array.from({ length: 11 }, (_, i) => `good ${i}`)];
    const call = await asked(...names);
    await refuses(`new.state = 'done' and new.name = 'bad'`);
    expect(await answer(call, names)).toBe(12);
    expect((await rows()).filter((row) => row.state === 'done')).toHaveLength(11);
    expect(await queue()).toMatchObject([
      {
        name_key: 'bad',
        stage: 'local',
        attempts: 1,
        last_error: expect.stringContaining('the shop does not want bad'),
      },
    ]);
    await again();
    expect(await t.owner.value('select count(*) from dead_letters')).toBe(0);
    await again();
    expect(await t.owner.row('select name_key, attempts, error from dead_letters')).toEqual({
      name_key: 'bad',
      attempts: 3,
      error: expect.stringMatching(/^product \d+ could not be written: the shop does not want bad$/),
    });
    expect((await rows())[0]).toMatchObject({ name: 'bad', state: 'failed' });
    expect(await queue()).toEqual([]);
    expect(await t.owner.value('select count(*) from llm_calls')).toBe(1);
    // brought back when the shop has mended its trigger, memory answers
    await refusesNothing();
    await t.owner.rows('select decide_again(failed => true)');
    await again();
    expect((await rows())[0]).toMatchObject({ name: 'bad', state: 'done' });
  });

  test('is a dead letter too where it refuses everything', async () => {
    const model = await makeModel(t);
    await t.owner.rows(`select set_setting('max_attempts', '2')`);
    await t.insertAll('bad', 'good', 'Good');
    await refuses(`new.name in ('bad', 'Good')`);
    const said = { category_id: home, confidence: [1, 1, 1] };
    for (let i = 0; i < 2; i++) {
      await due();
      const claimed = await t.claim('one');
      await local(
        model,
        claimed.map((name_key) => ({ name_key, ...said })),
      );
    }
    expect(await t.owner.rows('select name_key from dead_letters order by 1')).toEqual([
      { name_key: 'bad' },
      { name_key: 'good' },
    ]);
    expect(await rows()).toMatchObject([{ state: 'pending' }, { state: 'pending' }, { state: 'done' }]);
    expect(await t.owner.value('select settle_held()')).toBe(0);
    await refusesNothing();
    expect(await t.owner.value('select settle_held()')).toBe(2);
    expect((await rows()).map((row) => row.state)).toEqual(['failed', 'failed', 'done']);
  });
});
