import { beforeEach, expect, test } from 'vitest';
import { type Session, taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
let reader: Session;
let writer: Session;

beforeEach(async () => {
  reader ??= await t.connect('taxon_reader', 'taxon, taxon_internal, extensions');
  writer ??= await t.connect('taxon_writer', 'taxon, taxon_internal, extensions');
  await t.owner.rows('drop policy if exists readers on products; drop policy if exists writers on products');
  await t.owner.rows('alter table products disable row level security');
});

const seen = (session: Session, view = 'products_readable') =>
  session.rows<{ name: string }>(`select name from ${view} order by product_id`);

test('every view is looked through with the rights of whoever looks', async () => {
  expect(
    await t.owner.rows(
      `select c.relname from pg_class c where c.relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace) and c.relkind = 'v'
         and not coalesce('security_invoker=true' = any (c.reloptions), false)`,
    ),
  ).toEqual([]);
});

test('without a policy readers and writers see all rows through the view, as before', async () => {
  await t.insertAll('kettle', 'pan');
  for (const session of [reader, writer]) expect(await seen(session)).toHaveLength(2);
  for (const view of ['threshold_history', 'models_readable', 'encoder_progress', 'waiting_for_people'])
    expect(await reader.rows(`select * from ${view}`)).toEqual([]);
});

test('a policy on products holds in its view too, and names are answered as before', async () => {
  await t.label('kettle', 'Home > Kitchen');
  await t.insertAll('kettle', 'pan');
  await t.owner.rows(`update products set external_id = 'theirs'`);
  await t.owner.rows('alter table products enable row level security');
  await t.owner.rows(
    `create policy readers on products for select to taxon_reader, taxon_writer using (external_id = 'mine')`,
  );
  await t.owner.rows(
    `create policy writers on products for insert to taxon_writer with check (external_id = 'mine')`,
  );
  for (const session of [reader, writer]) {
    expect(await seen(session)).toEqual([]);
    expect(await seen(session, 'products')).toEqual([]);
  }
  const [row] = await writer.rows(
    `insert into products (name, external_id) values ('Kettle', 'mine'), ('wok', 'mine') returning state, source`,
  );
  expect(row).toEqual({ state: 'done', source: 'exact' });
  await expect(
    writer.rows(`insert into products (name, external_id) values ('Kettle', 'theirs')`),
  ).rejects.toMatchObject({ code: '42501' });
  expect(await seen(reader)).toEqual([{ name: 'Kettle' }, { name: 'wok' }]);
  expect(await t.queued()).toEqual(['pan', 'wok']);
  // whoever looks after it sees all
  expect(await seen(t.owner)).toHaveLength(4);
});
