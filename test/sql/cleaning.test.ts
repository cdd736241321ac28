import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';

const t = taxonDatabase();
const ids: Record<string, number> = {};

/** Five labels of different make, an LLM call behind two of them, and one of a person. */
beforeEach(async () => {
  for (const path of ['Food > Tea', 'Food > Coffee', 'Home > Kettles']) ids[path] = await t.category(path);
  await t.owner.rows(
    `insert into llm_calls (purpose, route, provider, model, simulated, names, tokens_in, tokens_out, worker, lease_until)
       values ('answer', 'tree', 'openai', 'm', true, 2, 10, 10, 'w', now())`,
  );
  await t.owner.rows(
    `insert into labels (name_key, category_id, source, confidence, llm_call_id, created_at, updated_at) values
       ('green tea', $1, 'llm', .7, 1, '2024-01-01', '2024-02-01'),
       ('black tea', $1, 'llm', null, 1, '2024-01-02', '2024-01-02'),
       ('white tea', $1, 'import', null, null, '2024-01-03', '2024-01-04'),
       ('red tea', $1, 'human', null, null, '2024-01-05', '2024-01-05'),
       ('kettle', $2, 'llm', .4, null, '2024-01-06', '2024-01-06')`,
    ids['Food > Tea'],
    ids['Home > Kettles'],
  );
});

const start = async () => {
  await t.owner.rows(`update training_runs set state = 'done'`);
  return t.owner.value<number>(`select start_run('{}')`);
};
const labels = () => t.owner.rows('select * from labels order by name_key');
const changes = (...names: string[]) =>
  JSON.stringify(
    names.map((name_key) => ({
      name_key,
      before: ids['Food > Tea'],
      after: ids['Food > Coffee'],
      reason: 'out of fold',
      confidence: 0.97,
    })),
  );
const apply = (run: number, json: string) =>
  t.owner.row('select asked, changed, human, moved_on, done_before from apply_cleaning($1, $2)', run, json);
const changesOf = (run: number) =>
  t.owner.value<number>('select run_id from label_runs where training_run_id = $1', run);
const undo = async (run: number) =>
  t.owner.row(
    'select labels_restored as restored, labels_kept as kept from undo_run($1)',
    await changesOf(run),
  );
const untouched = { asked: 0, changed: 0, human: 0, moved_on: 0, done_before: 0 };

describe('apply_cleaning', () => {
  test('changes the label and notes what was, what is, why, how sure and in which run', async () => {
    const run = await start();
    expect(await apply(run, changes('green tea'))).toEqual({ ...untouched, asked: 1, changed: 1 });
    expect(await t.owner.row(`select * from labels where name_key = 'green tea'`)).toMatchObject({
      category_id: ids['Food > Coffee'],
      source: 'llm',
      confidence: 0.97,
      llm_call_id: null,
      created_at: new Date('2024-01-01'),
    });
    expect(await t.owner.rows('select * from label_changes')).toMatchObject([
      {
        name_key: 'green tea',
        run_id: await changesOf(run),
        reason: 'out of fold',
        confidence: 0.97,
        before_category_id: ids['Food > Tea'],
        before_source: 'llm',
        before_confidence: 0.7,
        before_llm_call_id: 1,
        before_created_at: new Date('2024-01-01'),
        before_updated_at: new Date('2024-02-01'),
        after_category_id: ids['Food > Coffee'],
        changed_by: 'owner',
        reverted_at: null,
      },
    ]);
  });

  test('never touches a label of a person', async () => {
    const before = await labels();
    expect(await apply(await start(), changes('red tea'))).toEqual({ ...untouched, asked: 1, human: 1 });
    expect(await labels()).toEqual(before);
  });

  test('leaves what is something else by now, is gone, or would become a retired category', async () => {
    const run = await start();
    await t.owner.rows(
      'update labels set category_id = $1 where name_key = $2',
      ids['Home > Kettles'],
      'green tea',
    );
    await t.owner.rows(`delete from labels where name_key = 'black tea'`);
    const before = await labels();
    expect(await apply(run, changes('green tea', 'black tea', 'no such'))).toEqual({
      ...untouched,
      asked: 3,
      moved_on: 3,
    });
    await t.owner.rows(
      'update categories set retired_at = now() where category_id = $1',
      ids['Food > Coffee'],
    );
    expect(await apply(run, changes('white tea'))).toMatchObject({ changed: 0, moved_on: 1 });
    expect(await labels()).toEqual(before);
  });

  test('repeated for the same run it changes nothing more, whatever was done since', async () => {
    const run = await start();
    await apply(run, changes('green tea'));
    const after = await labels();
    expect(await apply(run, changes('green tea', 'green tea'))).toEqual({
      ...untouched,
      asked: 1,
      done_before: 1,
    });
    expect(await labels()).toEqual(after);
    await undo(run);
    expect(await apply(run, changes('green tea'))).toMatchObject({ changed: 0, done_before: 1 });
    expect(
      await t.owner.value('select count(*) from label_changes where run_id = $1', await changesOf(run)),
    ).toBe(1);
  });

  test('changes all or nothing, and notes its run behind a savepoint too', async () => {
    const run = await start();
    const before = await labels();
    const bad = changes('green tea').replace(']', `,${changes('black tea').slice(1).replace('0.97', '7')}`);
    await expect(apply(run, bad)).rejects.toMatchObject({ code: '23514' });
    expect(await labels()).toEqual(before);
    await t.owner.rows('begin');
    await t.owner.rows('savepoint s');
    await apply(run, changes('green tea'));
    await t.owner.rows('commit');
    expect(await t.owner.rows('select run_id from label_changes')).toEqual([
      { run_id: await changesOf(run) },
    ]);
  });

  test('is refused for a run that failed or never was', async () => {
    const run = await start();
    await t.owner.rows(`select end_run($1, null, 'killed')`, run);
    for (const id of [run, 987654321])
      await expect(apply(id, changes('green tea'))).rejects.toThrow(`run ${id} cannot change labels`);
  });

  test('waits for a person who is changing the same label, and then leaves it', async () => {
    const run = await start();
    const person = await t.connect();
    await person.rows('begin');
    await person.rows(`update taxon.labels set source = 'human' where name_key = 'green tea'`);
    const cleaning = apply(run, changes('green tea', 'black tea'));
    await waitsForLock(t.owner, person);
    await person.rows('commit');
    expect(await cleaning).toEqual({ ...untouched, asked: 2, changed: 1, human: 1 });
  });

  test('an answer that was given from a label stays as it is', async () => {
    const { product_id } = await t.insert('Green tea');
    await apply(await start(), changes('green tea'));
    expect(await t.product(product_id)).toMatchObject({ source: 'exact', category_id: ids['Food > Tea'] });
    expect(await t.insert('Green tea')).toMatchObject({ source: 'exact', category_id: ids['Food > Coffee'] });
  });
});

describe('undo_run of a cleaning', () => {
  test('brings back the same rows in every column, and is harmless twice', async () => {
    const before = await labels();
    const run = await start();
    expect(await apply(run, changes('green tea', 'black tea', 'white tea', 'red tea'))).toMatchObject({
      changed: 3,
    });
    expect(await labels()).not.toEqual(before);
    expect(await undo(run)).toEqual({ restored: 3, kept: 0 });
    expect(await labels()).toEqual(before);
    expect(await undo(run)).toEqual({ restored: 0, kept: 0 });
    expect(await labels()).toEqual(before);
    expect(
      await t.owner.rows(
        'select run_id, reason, reverted_at is null as stands from label_changes order by run_id, name_key',
      ),
    ).toEqual([
      ...Array(3).fill({ run_id: await changesOf(run), reason: 'out of fold', stands: false }),
      ...Array(3).fill({ run_id: null, reason: `run ${await changesOf(run)} taken back`, stands: true }),
    ]);
  });

  test('keeps what a person, an import or a removal made of the label since', async () => {
    const run = await start();
    await apply(run, changes('green tea', 'black tea', 'white tea'));
    // the person says the same as the cleaning: it is the person's word now
    await t.owner.rows(
      `update labels set source = 'human', updated_at = clock_timestamp() where name_key = 'green tea'`,
    );
    await t.owner.rows(`delete from labels where name_key = 'black tea'`);
    const kept = await t.owner.row(`select * from labels where name_key = 'green tea'`);
    expect(await undo(run)).toEqual({ restored: 1, kept: 2 });
    expect(await undo(run)).toEqual({ restored: 0, kept: 2 });
    expect(await t.owner.row(`select * from labels where name_key = 'green tea'`)).toEqual(kept);
    expect(await t.owner.value(`select count(*) from labels where name_key = 'black tea'`)).toBe(0);
    expect(await t.owner.value(`select category_id from labels where name_key = 'white tea'`)).toBe(
      ids['Food > Tea'],
    );
  });

  test('of two cleanings one upon the other works from the last to the first', async () => {
    const before = await labels();
    const first = await start();
    await apply(first, changes('green tea'));
    const second = await start();
    const further = {
      name_key: 'green tea',
      before: ids['Food > Coffee'],
      after: ids['Home > Kettles'],
      confidence: 1,
    };
    expect(await apply(second, JSON.stringify([further]))).toMatchObject({ changed: 1 });
    expect(await undo(first)).toEqual({ restored: 0, kept: 1 });
    expect(await undo(second)).toEqual({ restored: 1, kept: 0 });
    expect(await undo(first)).toEqual({ restored: 1, kept: 0 });
    expect(await labels()).toEqual(before);
  });

  test('a call that was deleted meanwhile stays deleted', async () => {
    const run = await start();
    await apply(run, changes('green tea'));
    await t.owner.rows('delete from llm_calls');
    expect(await undo(run)).toEqual({ restored: 1, kept: 0 });
    expect(
      await t.owner.row(`select llm_call_id, confidence from labels where name_key = 'green tea'`),
    ).toEqual({
      llm_call_id: null,
      confidence: 0.7,
    });
  });

  test('of a run that is none is refused', async () => {
    await expect(t.owner.rows('select * from undo_run(987654321)')).rejects.toThrow(
      'there is no run 987654321',
    );
  });
});

describe('out-of-fold predictions', () => {
  const save = (
    run: number,
    rows: [name: string, label: string, predicted: string, ...confidence: number[]][],
  ) =>
    t.owner.rows(
      `select save_out_of_fold($1, (select array_agg(name_hash(n) order by i) from unnest($2::text[]) with ordinality u(n, i)), $3, $4, $5, $6, $7)`,
      run,
      rows.map(([name]) => name),
      rows.map(([, label]) => ids[label]),
      rows.map(([, , predicted]) => ids[predicted]),
      ...[3, 4, 5].map((at) => rows.map((row) => row[at])),
    );
  const mistakes = (most = 100) =>
    t.owner.rows<{ name: string }>('select * from confident_mistakes(most => $1)', most);

  test('show where model and label disagree, the surest first, at the level where they part', async () => {
    const run = await start();
    await save(run, [
      ['green tea', 'Food > Tea', 'Food > Coffee', 0.99, 0.8, 0.8],
      ['red tea', 'Food > Tea', 'Home > Kettles', 0.95, 0.9, 0.9],
      ['black tea', 'Food > Tea', 'Food > Tea', 1, 1, 1],
    ]);
    expect(await mistakes()).toEqual([
      {
        name: 'red tea',
        label: 'Food > Tea',
        predicted: 'Home > Kettles',
        level: 'l1',
        confidence: 0.95,
        voices: null,
        source: 'human',
        run_id: run,
      },
      expect.objectContaining({ name: 'green tea', level: 'l2', confidence: 0.8, source: 'llm' }),
    ]);
    expect((await mistakes(1)).map(({ name }) => name)).toEqual(['red tea']);
  });

  test('are no evidence any more once the label is another, and are again when it is brought back', async () => {
    const run = await start();
    await save(run, [['green tea', 'Food > Tea', 'Food > Coffee', 0.99, 0.8, 0.8]]);
    await apply(run, changes('green tea'));
    expect(await mistakes()).toEqual([]);
    await undo(run);
    expect(await mistakes()).toHaveLength(1);
  });

  test('are one a label: a later run replaces them', async () => {
    await save(await start(), [['green tea', 'Food > Tea', 'Food > Coffee', 0.99, 0.8, 0.8]]);
    const later = await start();
    await save(later, [['green tea', 'Food > Tea', 'Home > Kettles', 0.6, 0.5, 0.5]]);
    expect(await mistakes()).toMatchObject([{ predicted: 'Home > Kettles', run_id: later }]);
    expect(await t.owner.value('select count(*) from out_of_fold')).toBe(1);
  });
});
