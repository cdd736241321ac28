import { beforeEach, describe, expect, test } from 'vitest';
import { decide } from '../support/decided.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
let model: number;
let kettles: number;
let lamps: number;
const Kettles = 'Home > Kitchen > Kettles';
const Lamps = 'Home > Light > Lamps';

beforeEach(async () => {
  model = await makeModel(t);
  kettles = await t.category(Kettles);
  lamps = await t.category(Lamps);
});

const say = (what: string, ...values: unknown[]) => t.owner.row(`select * from ${what}`, ...values);
const rows = () =>
  t.owner.rows('select name, state, source, category_id as id from products order by product_id');
const labels = () => t.owner.rows('select name_key, category_id as id, source from labels order by 1');
const check = (id = 1) =>
  t.owner.row(
    `select verdict, truth_category_id as truth, checked_by as by, second_verdict, second_truth_category_id as second_truth, second_by
     from checks where check_id = $1`,
    id,
  );
const nothing = { second_verdict: null, second_truth: null, second_by: null };
const undone = (run: unknown) =>
  t.owner.row('select labels_restored as restored, labels_kept as kept from undo_run($1)', run);
/** Drawn for people: what the local layer said of every name. */
const draw = () => t.owner.rows('select * from draw_checks(100)');

/** The LLM's answer to a name that waits for it. */
async function llm(name: string, category: number): Promise<void> {
  await t.owner.rows(`select claim_llm('w', 10, '0 s')`);
  await t.owner.rows(
    `select settle_llm('w', start_call('w', 'answer', 'r', 'p', 'm', true, 1, 1, 1, 0, null, name_keys => array[$2]), $1, '[]', 1, 0, 1, 0, 'v', 'r')`,
    JSON.stringify([{ name_key: name, category_id: category, confidence: 0.6 }]),
    name,
  );
}

describe('undo_check', () => {
  const everything = () =>
    t.owner.rows(`
      select to_jsonb(p) - 'classified_at' - 'inserted_xact' as r from products p
      union all select to_jsonb(l) from labels l
      union all select to_jsonb(c) from checks c order by 1`);

  test('brings label and rows back in every column and opens the check again', async () => {
    await t.label('near lamp with 12 led', Lamps);
    await decide(t, model, [{ name: 'lamp', category_id: kettles, said: 0.1 }]);
    await llm('lamp', kettles);
    await t.insert('LAMP');
    await draw();
    const before = await everything();
    for (const verdict of ['confirm(1)', `confirm(1, ${lamps})`, 'reject(1)']) {
      await say(verdict);
      expect(await everything()).not.toEqual(before);
      expect(await say('undo_check(1)')).toMatchObject({ label_after: Kettles, kept: 0 });
      expect(await everything()).toEqual(before);
      expect(await t.owner.value('select count(*) from queue')).toBe(0);
    }
    await expect(say('undo_check(1)')).rejects.toThrow('has no verdict to take back');
  });

  test('takes a change of mind back as a whole, to no label at all', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles }]);
    await draw();
    const before = await everything();
    await say('confirm(1, $1)', lamps);
    await say('confirm(1, $1)', kettles);
    expect(await say('undo_check(1)')).toEqual({
      ...{ name: 'lamp', label_before: Kettles, label_after: null, undone: 4, kept: 0 },
    });
    expect(await everything()).toEqual(before);
  });

  test('a row that waited waits again', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles, said: 0.1 }]);
    await draw();
    await say('confirm(1)');
    expect(await t.queued('llm')).toEqual([]);
    await say('undo_check(1)');
    expect(await rows()).toMatchObject([{ state: 'pending', id: null }]);
    expect(await t.queued('local')).toEqual(['lamp']);
  });

  test('keeps what was changed since', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles }]);
    await draw();
    await say('confirm(1, $1)', lamps);
    await t.owner.rows(`update labels set category_id = $1, updated_at = clock_timestamp()`, kettles);
    await t.owner.rows('update products set category_id = $1', kettles);
    expect(await say('undo_check(1)')).toMatchObject({ label_after: Kettles, undone: 0, kept: 2 });
    expect(await labels()).toEqual([{ name_key: 'lamp', id: kettles, source: 'human' }]);
  });

  test('the second opinion goes first', async () => {
    await decide(t, model, [{ name: 'lamp', category_id: kettles }]);
    await draw();
    await say('confirm(1)');
    const other = await t.connect('taxon_admin');
    await other.rows('select from taxon.confirm(1, $1)', lamps);
    expect(await say('undo_check(1)')).toMatchObject({ label_before: Lamps, label_after: Kettles });
    expect(await check()).toEqual({ verdict: true, truth: kettles, by: 'owner', ...nothing });
    expect(await rows()).toMatchObject([{ id: kettles, source: 'local' }]);
    expect(await say('undo_check(1)')).toMatchObject({ label_after: null });
    expect(await check()).toMatchObject({ verdict: null, by: null });
  });

  test('a cleaning that a verdict hid can still be reverted after it', async () => {
    await t.label('lamp', Lamps);
    await t.insert('lamp');
    await t.owner.rows(
      `insert into checks (name_key, product_id, layer, strategy, weight, category_id) values ('lamp', 1, 'exact', 'audit', 1, $1)`,
      lamps,
    );
    const run = await t.owner.value(
      `select run_id from apply_cleaning(start_run('{}'), $1)`,
      JSON.stringify([{ name_key: 'lamp', before: lamps, after: kettles, reason: 'r', confidence: 0.9 }]),
    );
    await say('confirm(1)');
    expect(await undone(run)).toEqual({ restored: 0, kept: 1 });
    await say('undo_check(1)');
    expect(await undone(run)).toEqual({ restored: 1, kept: 0 });
    expect(await labels()).toEqual([{ name_key: 'lamp', id: lamps, source: 'llm' }]);
  });
});

test('two people and two sidecars at the same names do not wait in a circle', async () => {
  const keys = Array.from({ length: 30 }, (_, i) => `lamp with led ${i}`);
  await t.label(keys[0] as string, Kettles);
  await t.insertAll(...keys, ...keys);
  const sessions: Session[] = await Promise.all([0, 1, 2, 3].map(() => t.connect()));
  const [a, b, c, d] = sessions as [Session, Session, Session, Session];
  const work = async (session: Session, one: (i: number) => [string, ...unknown[]]) => {
    for (let i = 0; i < 60; i++) {
      const [sql, ...values] = one(i);
      await session.rows(sql, ...values);
    }
  };
  await Promise.all([
    work(a, (i) => ['select from taxon.confirm($1, $2)', i + 1, i % 2 ? kettles : lamps]),
    work(b, (i) => ['select from taxon.confirm($1, $2)', 60 - i, i % 3 ? kettles : lamps]),
    ...[c, d].map((session, w) =>
      work(session, (i) =>
        i % 2 === 0
          ? [`select from taxon_internal.claim('w${w}', 20)`]
          : [
              `select from taxon_internal.settle_from_memory('w${w}', $1)`,
              w === 0 ? keys : [...keys].reverse(),
            ],
      ),
    ),
  ]);
  expect(await t.owner.value(`select count(*) from products where state <> 'done'`)).toBe(0);
  expect(
    await t.owner.value(
      `select count(*) from products p join labels l on l.name_key = p.name_key where l.category_id <> p.category_id`,
    ),
  ).toBe(0);
});
