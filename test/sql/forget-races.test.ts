import { describe, expect, test } from 'vitest';
import { holding } from '../support/everything.ts';
import { taxonDatabase } from '../support/sql.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';

/** What somebody has in hand when a name is forgotten must not bring it back. */
const t = taxonDatabase();
const mark = ['forgotten_names.name_hash'];
const forget = (name: string) => t.owner.rows('select forget($1)', name);

/** Both names wait for the LLM and are claimed. */
async function claimed(...names: string[]): Promise<void> {
  await t.insertAll(...names);
  await t.owner.rows(`delete from queue where stage = 'local'`);
  await t.owner.rows(`insert into queue (stage, name_key) select 'llm', n from unnest($1::text[]) n`, names);
  await t.owner.rows(`select claim_llm('one', 100, '0 s')`);
}
const startCall = (...names: string[]) =>
  t.owner.value<number>(
    `select start_call('one', 'answer', 'tree', 'openai', 'm', true, cardinality($1::text[]), 10, 2, null, null, '60 s', $1)`,
    names,
  );
const settle = (call: number, answers: object[], client = t.owner) =>
  client.value(
    `select settle_llm('one', $1, $2, '[]', 5, 0, 1, null, 'm', 'r')`,
    call,
    JSON.stringify(answers),
  );

describe('the LLM', () => {
  test('answers too late: the name stays forgotten, the others of its call are answered', async () => {
    const category_id = await t.category('Home');
    await claimed('secret mug', 'kettle');
    const call = await startCall('secret mug', 'kettle');
    await forget('secret mug');
    const answers = ['secret mug', 'kettle'].map((name_key) => ({ name_key, category_id }));
    expect(await settle(call, answers)).toBe(1);
    expect(await t.owner.rows('select name_key from labels')).toEqual([{ name_key: 'kettle' }]);
    expect(await t.owner.rows('select name, state from products')).toEqual([
      { name: 'kettle', state: 'done' },
    ]);
    expect(await t.owner.value('select state from llm_calls')).toBe('ok');
    expect(await holding(t, 'secret mug')).toEqual(mark);
  });

  test('is not asked by a sidecar that has claimed the name before; given again, it is', async () => {
    await claimed('secret mug', 'kettle');
    await forget('secret mug');
    await expect(startCall('secret mug', 'kettle')).rejects.toMatchObject({
      message: 'a name of this call was forgotten in the last two days',
    });
    expect(await t.owner.value('select count(*) from llm_calls')).toBe(0);
    await t.insert('Secret mug');
    expect(await startCall('secret mug', 'kettle')).toBeGreaterThan(0);
  });

  test('answers a batch by place, where the name has none any more', async () => {
    const category_id = await t.category('Home');
    await claimed('secret mug', 'kettle');
    const { llm_batch_id } = await t.owner.row<{ llm_batch_id: number }>(
      `select * from open_batch('openai', 'm')`,
    );
    const call = await startCall('secret mug', 'kettle');
    await forget('secret mug');
    await t.owner.rows(`select add_to_batch($1, $2, '{secret mug,kettle}', '{1}')`, llm_batch_id, call);
    const { name_keys } = await t.owner.row<{ name_keys: string[] }>(
      'select name_keys from open_batch_calls($1)',
      llm_batch_id,
    );
    expect(name_keys).toEqual(['', 'kettle']);
    expect(
      await settle(
        call,
        name_keys.map((name_key) => ({ name_key, category_id })),
      ),
    ).toBe(1);
    expect(await holding(t, 'secret mug')).toEqual(mark);
  });

  test('is settled at the same moment: forget waits for it, and takes what it wrote', async () => {
    const category_id = await t.category('Home');
    await claimed('secret mug');
    const call = await startCall('secret mug');
    const sidecar = await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
    await sidecar.rows('begin');
    await settle(call, [{ name_key: 'secret mug', category_id }], sidecar);
    const forgotten = forget('secret mug');
    await waitsForLock(t.owner, sidecar);
    await sidecar.rows('commit');
    await forgotten;
    expect(await holding(t, 'secret mug')).toEqual(mark);
  });
});

describe('a sidecar', () => {
  test('that decides the name at the same moment passes on nothing', async () => {
    await t.insert('secret mug');
    await t.claim('one');
    const results = JSON.stringify([{ name_key: 'secret mug', category_id: null, confidence: null }]);
    const sidecar = await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
    await sidecar.rows('begin');
    await sidecar.rows(`select settle_local('one', null, $1)`, results);
    const forgotten = forget('secret mug');
    await waitsForLock(t.owner, sidecar);
    await sidecar.rows('commit');
    await forgotten;
    expect(await holding(t, 'secret mug')).toEqual(mark);
    await t.owner.rows(`select settle_local('one', null, $1)`, results);
    expect(await holding(t, 'secret mug')).toEqual(mark);
  });

  test('cannot keep its embedding, unless the name was given again', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 2)`);
    const save = () =>
      t.owner.rows(
        `select save_embeddings($1, '{secret mug,kettle}', array[halfvec '[1,0]', halfvec '[0,1]'])`,
        encoder,
      );
    await t.insertAll('secret mug', 'kettle');
    await forget('secret mug');
    await save();
    expect(await t.owner.value('select count(*) from embeddings')).toBe(1);
    await t.insert('secret mug');
    await save();
    expect(await t.owner.value('select count(*) from embeddings')).toBe(2);
  });
});

describe('a training', () => {
  test('that had read the name: its model is marked, its report and predictions are swept', async () => {
    const home = await t.label('secret mug', 'Home');
    const encoder = await t.owner.value(`select register_encoder('e', 2)`);
    const run = await t.owner.value<number>(`select start_run('{}')`);
    await forget('secret mug');
    await t.owner.rows(
      `select save_out_of_fold($1, array[name_hash('secret mug')], array[$2::bigint], array[$2::bigint], '{1}', '{1}', '{1}', null)`,
      run,
      home,
    );
    expect(await t.owner.value('select count(*) from out_of_fold')).toBe(0);
    const model = await t.owner.value<number>(`select save_model($1, $2, '{}')`, encoder, run);
    expect(await t.owner.value('select forgotten from models where model_id = $1', model)).toBe(1);
    const mistakes = [{ name: 'secret mug' }, { name: 'kettle' }];
    await t.owner.rows(`select end_run($1, $2)`, run, JSON.stringify({ diagnostics: { mistakes } }));
    expect(await t.owner.value('select sweep_forgotten()')).toBe(1);
    expect(await t.owner.value(`select report #> '{diagnostics,mistakes}' from training_runs`)).toEqual([
      { name: 'kettle' },
    ]);
    // what a later one reads does not have it
    await t.owner.rows(`update forgotten_names set forgotten_at = now() - interval '1 hour'`);
    const later = await t.owner.value(`select start_run('{}')`);
    const next = await t.owner.value<number>(`select save_model($1, $2, '{}')`, encoder, later);
    expect(await t.owner.value('select forgotten from models where model_id = $1', next)).toBe(0);
  });
});

describe('a diagnosis', () => {
  test('that had read the name: its report, which comes after the end of the run, is swept', async () => {
    const encoder = await t.owner.value(`select register_encoder('e', 2)`);
    const run = await t.owner.value<number>(`select start_run('{}')`);
    const model = await t.owner.value<number>(`select save_model($1, $2, '{}', '{}')`, encoder, run);
    await t.owner.rows(`select end_run($1, '{}')`, run);
    await t.label('secret mug', 'Home');
    await t.owner.rows('select begin_diagnosis($1)', model);
    await forget('secret mug');
    const mistakes = [{ name: 'secret mug' }, { name: 'kettle' }];
    await t.owner.rows(`select end_diagnosis($1, $2)`, model, JSON.stringify({ report: { mistakes } }));
    await t.owner.rows('select sweep_forgotten()');
    expect(await t.owner.value(`select report #> '{diagnostics,mistakes}' from training_runs`)).toEqual([
      { name: 'kettle' },
    ]);
    expect(await t.owner.value('select undiagnosed()')).toBeNull();
  });
});

describe('sweep_forgotten', () => {
  const leave = () =>
    t.owner.rows(`insert into queue (stage, name_key) values ('llm', 'secret mug'), ('llm', 'kettle')`);

  test('removes what came late, and nothing of other names', async () => {
    expect(await t.owner.value('select sweep_forgotten()')).toBe(0);
    await forget('secret mug');
    await leave();
    expect(await t.owner.value('select sweep_forgotten()')).toBe(1);
    expect(await t.queued('llm')).toEqual(['kettle']);
  });

  test('leaves a name that was given again', async () => {
    await forget('secret mug');
    await t.insert('Secret mug');
    await leave();
    expect(await t.owner.value('select sweep_forgotten()')).toBe(0);
    expect(await t.queued()).toEqual(['secret mug']);
  });

  test('drops the marks after two days', async () => {
    await forget('secret mug');
    await forget('kettle');
    await t.owner.rows(
      `update forgotten_names set forgotten_at = now() - interval '49 h' where name_hash = name_hash('kettle')`,
    );
    await t.owner.rows('select sweep_forgotten()');
    expect(await t.owner.rows('select name_hash from forgotten_names')).toEqual(
      await t.owner.rows(`select name_hash('secret mug')`),
    );
  });
});
