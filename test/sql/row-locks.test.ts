import { beforeEach, describe, expect, test } from 'vitest';
import { type Session, taxonDatabase } from '../support/sql.ts';

/** Nobody who settles waits for what another transaction may hold for hours. */
const t = taxonDatabase();
let application: Session;
let sidecar: Session;
let home: number;

beforeEach(async () => {
  application ??= await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
  sidecar ??= await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
  home = await t.category('Home > Mugs');
});

/** Another session has run a statement and is idle in its transaction while `work` is done. */
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
const rows = () =>
  t.owner.rows<{ state: string; source: string | null }>('select state, source from products order by name');
const local = (results: object[]) =>
  sidecar.row(`select * from settle_local('one', null, $1)`, JSON.stringify(results));

describe('locks', () => {
  test('an application that writes two rows, the second first, is never the one that loses', async () => {
    await t.insertAll('plate', 'bowl');
    await t.claim('one');
    await application.rows('begin');
    await application.rows(touch('bowl'));
    const unknown = ['plate', 'bowl'].map((name_key) => ({ name_key, category_id: null, confidence: null }));
    const settled = local(unknown);
    await application.rows(touch('plate'));
    await application.rows('commit');
    expect(await settled).toMatchObject({ answered: 0 });
  });

  test('a person who keeps the queue entries of a name holds up no other', async () => {
    await t.insertAll('plate', 'bowl');
    await t.claim('one');
    await t.label('plate', 'Home > Mugs');
    await t.label('bowl', 'Home > Mugs');
    await whileHeld(`select hold_names('{plate}')`, async () => {
      const misses = await sidecar.rows(`select * from settle_from_memory('one', '{plate,bowl}')`);
      expect(misses).toEqual([]);
      await sidecar.rows(`select give_back('one', '{plate,bowl}', 'local', null, false)`);
    });
    expect(await rows()).toMatchObject([{ state: 'done' }, { state: 'pending' }]);
  });

  test('a foreign key of the application that points at a row does not hold it', async () => {
    await t.insertAll('plate');
    await t.claim('one');
    await t.label('plate', 'Home > Mugs');
    await whileHeld('select from products for key share', () =>
      sidecar.rows(`select * from settle_from_memory('one', '{plate}')`),
    );
    expect(await rows()).toEqual([{ state: 'done', source: 'exact' }]);
  });

  test('a name that a person is sending to the LLM at this moment is put off, the others go on', async () => {
    await t.insertAll('plate', 'bowl');
    await t.claim('one');
    const unknown = ['plate', 'bowl'].map((name_key) => ({ name_key, category_id: null, confidence: null }));
    const counts = await whileHeld(`insert into queue (stage, name_key) values ('llm', 'plate')`, () =>
      local(unknown),
    );
    expect(counts).toEqual({ answered: 0, passed_on: 1 });
    expect(await t.owner.rows('select name_key, stage, worker from queue order by 1')).toEqual([
      { name_key: 'bowl', stage: 'llm', worker: null },
      { name_key: 'plate', stage: 'local', worker: null },
    ]);
  });

  test('a row that is held when its name is given up fails later', async () => {
    await t.insertAll('plate', 'Plate');
    await t.claim('one');
    await t.owner.rows('update queue set attempts = 5');
    await whileHeld(touch('Plate'), () =>
      sidecar.rows(`select give_back('one', '{plate}', 'local', 'broke')`),
    );
    expect((await rows()).map((row) => row.state).sort()).toEqual(['failed', 'pending']);
    expect(await t.owner.value('select settle_held()')).toBe(1);
    expect(await t.owner.rows('select distinct state, failure from products')).toEqual([
      { state: 'failed', failure: 'broke' },
    ]);
  });

  test('what a split asked is kept while a row of the name is held, and the others move', async () => {
    await t.label('plate', 'Home > Mugs');
    await t.label('bowl', 'Home > Mugs');
    await t.insertAll('plate', 'bowl');
    await t.owner.rows(`select split_category($1, '{Plates,Bowls}')`, home);
    const plates = await t.category('Home > Mugs > Plates');
    await t.owner.rows(`select claim_llm('one', 10, '0 s')`);
    const call = await t.owner.value<number>(
      `select start_call('one', 'split', 'tree', 'openai', 'm', true, 2, 10, 2, name_keys => '{plate,bowl}')`,
    );
    const answers = ['plate', 'bowl'].map((name_key) => ({ name_key, category_id: plates }));
    const path = () =>
      t.owner.rows('select name, category_id = $1 as moved from products order by 1', plates);
    await whileHeld(touch('plate'), () =>
      sidecar.rows(
        `select settle_llm('one', $1, $2, '[]', 5, 0, 1, null, 'm', 'r')`,
        call,
        JSON.stringify(answers),
      ),
    );
    expect(await path()).toEqual([
      { name: 'bowl', moved: true },
      { name: 'plate', moved: false },
    ]);
    await t.owner.rows('select settle_held()');
    expect(await path()).toMatchObject([{ moved: true }, { moved: true }]);
    expect(await t.owner.value('select count(*) from queue')).toBe(0);
    expect(await t.owner.rows('select state from taxonomy_questions')).toEqual([
      { state: 'moved' },
      { state: 'moved' },
    ]);
  });
});
