import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const upsert =
  'insert into products (external_id, name) values ($1, $2) on conflict (external_id) do update set name = excluded.name returning *';

describe('a name that changes', () => {
  beforeAll(async () => {
    // an application that upserts brings its own unique index
    await t.owner.rows('create unique index on products (external_id)');
  });
  beforeEach(() => t.label('old', 'Food'));

  const ways: [string, (id: string, name: string | null) => Promise<Record<string, unknown>>][] = [
    ['an upsert', (id, name) => t.owner.row(upsert, id, name)],
    [
      'an UPDATE',
      (id, name) => t.owner.row('update products set name = $2 where external_id = $1 returning *', id, name),
    ],
  ];
  describe.each(ways)('by %s', (_way, change) => {
    test('to a new name is pending and queued, with nothing left of the old answer', async () => {
      await t.owner.rows(upsert, 'a', 'Old');
      await t.owner.rows(
        `update products set l1_confidence = .5, model_id = 1, similarity = .7, matched_key = 'x', llm_call_id = 1`,
      );
      expect(await change('a', 'New')).toMatchObject({
        state: 'pending',
        source: null,
        category_id: null,
        l1: null,
        l1_confidence: null,
        model_id: null,
        similarity: null,
        matched_key: null,
        llm_call_id: null,
        classified_at: null,
        name_key: 'new',
      });
      expect(await t.queued()).toEqual(['new']);
    });

    test('to a known name is done in the same write', async () => {
      const id = await t.label('better', 'Home');
      await t.owner.rows(upsert, 'a', 'Old');
      expect(await change('a', 'BETTER')).toMatchObject({ state: 'done', source: 'exact', category_id: id });
      expect(await t.queued()).toEqual([]);
    });

    test('in case and spacing only changes nothing but the name', async () => {
      const before = await t.owner.row(upsert, 'a', 'Old');
      expect(await change('a', ' OLD ')).toEqual({ ...before, name: ' OLD ' });
      const pending = await t.owner.row(upsert, 'b', 'waits');
      expect(await change('b', 'Waits')).toEqual({ ...pending, name: 'Waits' });
      expect(await t.queued()).toEqual(['waits']);
    });

    test('to nothing is failed, and back is decided again', async () => {
      await t.owner.rows(upsert, 'a', 'Old');
      expect(await change('a', null)).toMatchObject({ state: 'failed', failure: 'the name is empty' });
      expect(await change('a', 'New')).toMatchObject({ state: 'pending', failure: null });
      expect(await t.queued()).toEqual(['new']);
    });

    test('while the old one waits: the entry of the old name is dropped, the new one is settled', async () => {
      await t.owner.rows(upsert, 'a', 'first');
      await change('a', 'second');
      const category = await t.label('second', 'Home');
      await t.owner.rows(`select claim('w', 10)`);
      expect(await t.owner.rows(`select * from settle_from_memory('w', array['first', 'second'])`)).toEqual(
        [],
      );
      expect(await t.queued()).toEqual([]);
      expect(await t.owner.row('select state, category_id from products')).toEqual({
        state: 'done',
        category_id: category,
      });
    });
  });

  test('many rows in one upsert: new, changed and unchanged', async () => {
    await t.owner.rows(`insert into products (external_id, name) values ('a', 'old'), ('b', 'other')`);
    await t.queued();
    await t.owner.rows('delete from queue');
    const rows = await t.owner.rows(
      `insert into products (external_id, name) values ('a', 'OLD'), ('b', 'changed'), ('c', 'brand new')
       on conflict (external_id) do update set name = excluded.name returning external_id as id, state`,
    );
    expect(rows).toEqual([
      { id: 'a', state: 'done' },
      { id: 'b', state: 'pending' },
      { id: 'c', state: 'pending' },
    ]);
    expect(await t.queued()).toEqual(['brand new', 'changed']);
  });

  test('on conflict do nothing queues nothing', async () => {
    await t.owner.rows(upsert, 'a', 'old');
    await t.owner.rows(`insert into products (external_id, name) values ('a', 'new') on conflict do nothing`);
    expect(await t.queued()).toEqual([]);
  });

  test('an UPDATE of other columns does not look at the name', async () => {
    const { product_id } = await t.insert('waits');
    await t.queued();
    await t.owner.rows('delete from queue');
    await t.owner.rows(`update products set external_id = 'z' where product_id = $1`, product_id);
    expect(await t.queued()).toEqual([]);
  });
});

describe('settling', () => {
  test('never fires the row triggers: none is there but for INSERT and UPDATE OF name', async () => {
    const triggers = await t.owner.rows(
      `select g.tgname as name, (g.tgtype & 1) = 1 as by_row, (g.tgtype & 16) = 16 as on_update,
              array(select a.attname::text from pg_attribute a where a.attrelid = g.tgrelid and a.attnum = any (g.tgattr)) as columns
         from pg_trigger g where g.tgrelid = 'products'::regclass order by 1`,
    );
    expect(triggers).toEqual([
      { name: 'answer_on_insert', by_row: true, on_update: true, columns: ['name'] },
    ]);
  });

  test('by any layer gives no UPDATE of name', async () => {
    await t.owner.rows(`
      create function public.spy() returns trigger language plpgsql as $$ begin raise exception 'the name was updated'; end $$;
      create trigger spy before update of name on products for each row execute function public.spy();`);
    try {
      const category = await t.label('red kettle 1.7 l', 'Home');
      await t.owner.rows(
        `insert into products (name) values ('red kettle 1,7 l'), ('local'), ('llm'), ('dead')`,
      );
      await t.insert('later');
      await t.label('later', 'Home');
      await t.owner.rows(`select claim('w', 10)`);
      const misses = await t.owner.rows<{ name_key: string }>(
        `select name_key from settle_from_memory('w', array['red kettle 1,7 l', 'local', 'llm', 'dead', 'later'])`,
      );
      expect(misses.map((miss) => miss.name_key).sort()).toEqual(['dead', 'llm', 'local']);
      const encoder = await t.owner.value(`select register_encoder('e', 2)`);
      const model = await t.owner.value(`select save_model($1, null, '{}')`, encoder);
      await t.owner.rows(
        `select settle_local('w', $1, $2)`,
        model,
        JSON.stringify([
          { name_key: 'local', category_id: category, confidence: [1, 1, 1] },
          { name_key: 'llm', category_id: category, confidence: [0, 0, 0] },
        ]),
      );
      const call = await t.owner.value(
        `select start_call('w', 'answer', 'tree', 'openai', 'm', true, 1, 10, 10, null, null, name_keys => '{llm}')`,
      );
      await t.owner.rows(
        `select settle_llm('w', $1, $2, '[]', 0, 0, 0, 0, 'm', null)`,
        call,
        JSON.stringify([{ name_key: 'llm', category_id: category }]),
      );
      await t.owner.rows(
        `update queue set attempts = 5; select give_back('w', array['dead'], 'local', 'no')`,
      );
      await t.owner.rows(`select decide_again(failed => true), decide_again(1)`);
      expect(await t.owner.rows('select name, source, state from products order by name')).toEqual([
        { name: 'dead', source: null, state: 'pending' },
        { name: 'later', source: 'exact', state: 'done' },
        { name: 'llm', source: 'llm', state: 'done' },
        { name: 'local', source: 'local', state: 'done' },
        { name: 'red kettle 1,7 l', source: null, state: 'pending' },
      ]);
      await expect(t.owner.rows(`update products set name = 'x'`)).rejects.toThrow('the name was updated');
    } finally {
      await t.owner.rows('drop function public.spy() cascade');
    }
  });
});
