import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Session, taxonDatabase } from '../support/sql.ts';

/** A trigger of the application may raise what it likes, classes of a sick server too: it is one row's business. */
const t = taxonDatabase();
let admin: Session;
let sidecar: Session;
let home: number;

beforeEach(async () => {
  admin ??= await t.superuser();
  sidecar ??= await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
  await sidecar.rows(`set application_name = 'taxon sidecar'`);
  await t.owner.rows(`select set_setting('max_attempts', '2')`);
  home = await t.category('Home > Mugs');
});
afterEach(() => admin.rows('drop trigger if exists refuse on taxon.products'));

const classes = ['XX000', '57014', '53100', '58030', '55000', '08006', 'assert'];

/** Refuses to answer the row of this name. */
async function refuses(name: string, code: string): Promise<void> {
  const raised =
    code === 'assert' ? `assert false, 'not here'` : `raise exception 'not here' using errcode = '${code}'`;
  await admin.rows(
    `create or replace function public.refuse() returns trigger language plpgsql as $$ begin ${raised}; return new; end $$`,
  );
  await admin.rows(
    `create trigger refuse before update on taxon.products for each row when (new.name = '${name}' and new.state = 'done')
       execute function public.refuse()`,
  );
}
const states = () =>
  t.owner.rows<{ name: string; state: string }>('select name, state from products order by name');

/** Claims and settles from memory until nothing is left to claim; says how often. */
async function settleLocally(names: string[]): Promise<number> {
  for (let times = 0; ; times++) {
    await t.owner.rows('update queue set available_at = clock_timestamp() where worker is null');
    if ((await t.claim('one')).length === 0) return times;
    expect(times).toBeLessThan(5);
    await sidecar.rows(`select settle_from_memory('one', $1)`, names);
  }
}

describe.each(classes)('where a trigger raises %s for one of three names', (code) => {
  const names = ['bowl', 'mug', 'plate'];

  test('the LLM’s answers are taken once; the others are done, that one ends as a dead letter', async () => {
    await t.insertAll(...names);
    await t.owner.rows(`delete from queue`);
    await t.owner.rows(`insert into queue (stage, name_key) select 'llm', unnest($1::text[])`, names);
    await t.owner.rows(`select claim_llm('one', 100, '0 s')`);
    const call = await t.owner.value<number>(
      `select start_call('one', 'answer', 'tree', 'openai', 'm', true, 3, 10, 2, name_keys => $1)`,
      names,
    );
    await refuses('mug', code);
    const answers = names.map((name_key) => ({ name_key, category_id: home }));
    expect(
      await sidecar.value(
        `select settle_llm('one', $1, $2, '[]', 5, 0, 1, null, 'm', 'r')`,
        call,
        JSON.stringify(answers),
      ),
    ).toBe(3);
    expect(await states()).toEqual([
      { name: 'bowl', state: 'done' },
      { name: 'mug', state: 'pending' },
      { name: 'plate', state: 'done' },
    ]);
    await settleLocally(names);
    expect(await states()).toContainEqual({ name: 'mug', state: 'failed' });
    expect(await t.owner.value('select error from dead_letters')).toMatch(
      /^product \d+ could not be written: not here$/,
    );
    expect(await t.owner.value(`select string_agg(state, ',') from llm_calls`)).toBe('ok');
  });

  test('memory answers the others, and that one ends as a dead letter', async () => {
    await t.insertAll(...names);
    for (const name of names) await t.label(name, 'Home > Mugs');
    await refuses('mug', code);
    expect(await settleLocally(names)).toBe(2);
    expect(await states()).toEqual([
      { name: 'bowl', state: 'done' },
      { name: 'mug', state: 'failed' },
      { name: 'plate', state: 'done' },
    ]);
  });
});

test('what a person cancels ends', async () => {
  await t.insertAll('mug');
  await t.label('mug', 'Home > Mugs');
  await refuses('mug', '57014');
  await expect(t.owner.rows(`select settle_answered('local')`)).rejects.toMatchObject({ code: '57014' });
});

test('health() says who locks products, so that nothing can be settled', async () => {
  const builder = await t.connect(undefined, 'taxon, taxon_internal, extensions, public');
  await builder.rows('begin');
  await builder.rows('lock table products in share mode');
  const said = () => t.owner.rows(`select status, value, detail from health() where item = 'lock products'`);
  await expect.poll(said).toEqual([
    {
      status: 'warn',
      value: expect.stringMatching(/^\d+$/),
      detail: expect.stringContaining('held in ShareLock by pid'),
    },
  ]);
  await builder.rows('rollback');
  expect(await said()).toEqual([]);
});
