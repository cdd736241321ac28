import { beforeEach, describe, expect, test } from 'vitest';
import { forgetOld } from '../../src/database/jobs.ts';
import { look } from '../support/rows.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let encoder: number;
beforeEach(async () => {
  encoder = await t.owner.value(`select register_encoder('e', 2)`);
});

const set = (key: string, value: string) => t.owner.rows('select set_setting($1, $2)', key, value);
const due = async () => {
  const rows = await t.owner.rows<{ thing: string; due: number }>('select thing, due from retention()');
  return Object.fromEntries(rows.map((row) => [row.thing, row.due]));
};
/** A model with a file. */
async function model(): Promise<number> {
  const id = await t.owner.value<number>(`select save_model($1, null, '{}')`, encoder);
  await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, id);
  return id;
}
/** Models one after the other champion, a hundred days ago; the last is champion still. */
async function champions(n: number): Promise<number[]> {
  const ids: number[] = [];
  for (let i = 0; i < n; i++) ids.push(await model());
  for (const id of ids) await t.owner.rows('select promote_model($1)', id);
  await t.owner.rows(
    `update models set created_at = now() - interval '100 days', promoted_at = now() - interval '100 days'`,
  );
  return ids;
}
const withFiles = async () =>
  (
    await t.owner.rows<{ id: number }>(
      'select model_id as id from models_readable where files > 0 order by 1',
    )
  ).map(({ id }) => id);
const call = (days: number, state = 'ok') =>
  t.owner.value<number>(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, lease_until, started_at)
       values ('w', 'answer', 'tree', 'openai', 'm', true, $2, 1, 1, 1, now(), now() - make_interval(days => $1)) returning llm_call_id`,
    days,
    state,
  );

describe('files of models', () => {
  const forget = (most: number) => t.owner.value<number>('select forget_models($1)', most);

  test('of retired models go after model_days, but for the newest champions_kept', async () => {
    const ids = await champions(5);
    await set('champions_kept', '2');
    await t.owner.rows(`update models set promoted_at = now() where model_id = $1`, ids[1]);
    expect(await due()).toMatchObject({ models: 1 });
    expect(await forget(10)).toBe(1);
    expect(await withFiles()).toEqual(ids.slice(1));
    await t.owner.rows(`update models set promoted_at = null`);
    expect([await forget(1), await forget(1)]).toEqual([1, 0]);
    expect(await withFiles()).toEqual(ids.slice(2));
    // the rows stay, and say so when they are wanted
    expect(await t.owner.value('select count(*) from models')).toBe(5);
    await expect(t.owner.rows('select promote_model($1)', ids[0])).rejects.toMatchObject({
      message: `model ${ids[0]} has no files and cannot be loaded`,
      hint: expect.stringContaining('model_days'),
    });
    await expect(t.owner.rows('select start_rollout($1)', ids[0])).rejects.toThrow('has no files');
    // as far back as was kept
    expect([
      await t.owner.value('select roll_back_model()'),
      await t.owner.value('select roll_back_model()'),
    ]).toEqual([ids[3], ids[2]]);
  });

  test('of candidates, the champion and what is in a rollout stay; 0 days keeps all', async () => {
    const [first, second] = await champions(3);
    const candidate = await model();
    await t.owner.rows(`update models set created_at = now() - interval '1 year'`);
    await set('champions_kept', '1');
    await t.owner.rows('select start_rollout($1)', first);
    expect(await forget(10)).toBe(0);
    await t.owner.rows(`select end_rollout('refused', 'x')`);
    await set('model_days', '0');
    expect(await forget(10)).toBe(0);
    await set('model_days', '30');
    expect(await forget(10)).toBe(1);
    expect(await withFiles()).toEqual([second, 3, candidate]);
  });

  test('a model that was rolled back is not on the way back any more', async () => {
    const ids = await champions(3);
    await t.owner.rows('select roll_back_model()');
    await t.owner.rows(`update models set promoted_at = null, barred_at = null`);
    expect(await forget(10)).toBe(1);
    expect(await withFiles()).toEqual(ids.slice(0, 2));
  });
});

describe('embeddings', () => {
  const save = (...names: string[]) =>
    t.owner.rows(
      `select save_embeddings($1, $2, array(select halfvec '[1,0]' from unnest($2::text[])))`,
      encoder,
      names,
    );
  const forgetAll = () =>
    t.owner.value<number>('select sum(forget_embeddings(i)) from generate_series(0, 255) i');

  test('go when nothing has their name any more, in any slice', async () => {
    const names = Array.from({ length: 600 }, (_, i) => `name ${i}`);
    await save('label', 'product', 'queued', 'checked', 'regression', ...names);
    await t.label('label', 'Home');
    await t.insert('product');
    await t.owner.rows(`delete from queue`);
    await t.owner.rows(`insert into queue (name_key) values ('queued')`);
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight) values ('checked', 'llm', 'audit', 1)`,
    );
    await t.owner.rows(`select pin_answer('regression', 1)`);
    expect(await due()).toMatchObject({ embeddings: 600 });
    await set('forget_embeddings', 'false');
    expect([await forgetAll(), (await due()).embeddings]).toEqual([0, 0]);
    await set('forget_embeddings', 'true');
    expect(await t.owner.value('select forget_embeddings(255, 1)')).toBe(1);
    expect(await forgetAll()).toBe(599);
    expect(await t.owner.value('select count(*) from embeddings')).toBe(5);
  });
});

describe('the ledger', () => {
  test('keeps its calls for ever, or for ledger_days; labels stay', async () => {
    const [old, open, young] = [await call(100), await call(100, 'started'), await call(10)];
    await t.label('kettle', 'Home');
    await t.owner.rows('update labels set llm_call_id = $1', old);
    expect(await t.owner.value('select forget_calls()')).toBe(0);
    await set('ledger_days', '62');
    expect(await due()).toMatchObject({ calls: 1 });
    expect([
      await t.owner.value('select forget_calls()'),
      await t.owner.value('select forget_calls()'),
    ]).toEqual([1, 0]);
    expect(await t.owner.rows('select llm_call_id as id from llm_calls order by 1')).toEqual([
      { id: open },
      { id: young },
    ]);
    expect(await t.owner.row('select name_key, llm_call_id from labels')).toEqual({
      name_key: 'kettle',
      llm_call_id: null,
    });
    expect(await t.owner.value('select count(*) from label_changes')).toBe(0);
  });

  test('keeps the names of batches as long as those of other calls', async () => {
    const batch = await t.owner.value<number>('select llm_batch_id from open_batch($1, $2)', 'openai', 'm');
    await t.owner.rows(`select add_to_batch($1, $2, '{kettle}', '{1}')`, batch, await call(400));
    await t.owner.rows(`update llm_batches set created_at = now() - interval '400 days'`);
    expect(await t.owner.value('select forget_batch_names()')).toBe(0);
    await t.owner.rows(`update llm_batches set state = 'ended', ended_at = now() - interval '366 days'`);
    expect(await due()).toMatchObject({ 'names of batches': 1 });
    expect([
      await t.owner.value('select forget_batch_names()'),
      await t.owner.value('select forget_batch_names()'),
    ]).toEqual([1, 0]);
    expect(await t.owner.value('select name_keys from llm_batch_calls')).toEqual([]);
  });
});

test('the nightly job removes all that is due, and retention() says when and how much', async () => {
  const db = look(t.database.url);
  const id = await model();
  await t.owner.rows(
    `insert into evidence (product_id, model_id, decided_at, clears, answered)
       select 1, $1, now() - interval '200 days', true, true from generate_series(1, 25000)`,
    id,
  );
  await t.owner.rows(`select save_embeddings($1, '{a,b}', array[halfvec '[1,0]', halfvec '[1,0]'])`, encoder);
  expect(await t.owner.rows('select ran_at from retention() where ran_at is not null')).toEqual([]);
  expect(await forgetOld(db, new AbortController().signal)).toBe(25_002);
  expect(
    await t.owner.rows(
      "select thing, rows, due, removed, ran_at > now() - interval '1 min' as ran from retention()",
    ),
  ).toEqual(
    (
      [
        ['evidence', 0, 25_000],
        ['names of calls', 0, 0],
        ['names of batches', 0, 0],
        ['calls', 0, 0],
        ['embeddings', 0, 2],
        ['models', 1, 0],
        ['forgotten names', 0, null],
      ] as const
    ).map(([thing, rows, removed]) => ({
      thing,
      rows,
      due: 0,
      removed,
      ran: removed === null ? null : true,
    })),
  );
  const stopped = new AbortController();
  stopped.abort();
  await expect(forgetOld(db, stopped.signal)).rejects.toThrow();
  await db.close();
});
