import { describe, expect, test } from 'vitest';
import { columns, holdEverywhere, holding, left } from '../support/everything.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const name = 'Mug for Jané  D.O.E. (50+)';
const otherwise = '  MUG for jané d.o.e. (50+)';

interface Line {
  what: string;
  removed: number | null;
  detail: string | null;
}
const forget = (given: string, blank = false) =>
  t.owner.rows<Line>('select * from forget($1, $2)', given, blank);
const counts = (lines: Line[]) =>
  Object.fromEntries(lines.filter((l) => l.removed !== null).map((l) => [l.what, l.removed]));
const said = (lines: Line[], what: string) => lines.find((line) => line.what === what)?.detail;

/**
 * Words of programs, roles and shops in which no name of a product comes. A column that is not here, and may hold a name, is one
 * that forget() must know: by its name (name_hash, name_key, name_keys, a message), or by a line of its own.
 */
const noNames =
  /^(before|ids|state|stream|stage|source|\w+_source|layer|route|provider|model|model_version|prompt_version|code_version|version|identity|request_id|provider_batch_id|worker|writers|host|llm|deployment|price|manifest|external_id|path|thing|pattern|doubt|rules|\w+_by)$/;

describe('forget', () => {
  test('leaves the name and its digest in no column of any table', async () => {
    await holdEverywhere(t, name);
    // a new table needs a row in test/support/everything.ts
    for (const relation of new Set((await columns(t)).map((column) => column.relation)))
      if (!left.includes(relation) && relation !== 'forgotten_names')
        expect(await t.owner.value(`select count(*) from ${relation}`), relation).toBeGreaterThan(0);
    expect((await holding(t, name)).length).toBeGreaterThan(60);

    await forget(otherwise);
    const held = await holding(t, name);
    expect(held.filter((column) => !noNames.test(column.split('.')[1] as string))).toEqual([
      'forgotten_names.name_hash',
    ]);
    // what is not about the name is as it was
    expect(await t.owner.row(`select name, source, matched_key, similarity from products`)).toEqual({
      name: 'another mug',
      source: 'similar',
      matched_key: null,
      similarity: expect.closeTo(0.9, 5),
    });
    expect(new Set(await t.queued())).toEqual(new Set(['another mug']));
    expect(await t.owner.value('select name_keys from llm_batch_calls')).toEqual(['another mug', '']);
    expect(await t.owner.value(`select report #> '{diagnostics,mistakes,0}' from training_runs`)).toEqual({
      name: '…',
      answer: 'Home',
    });
    expect(await t.owner.value(`select report #>> '{diagnostics,against}' from training_runs`)).toBe(
      'labels',
    );
    // and again there is nothing left to do
    expect(counts(await forget(name))).toEqual({});
  });

  test('with blank keeps the rows of products, without name and answer', async () => {
    await t.label(name, 'Home > Mugs');
    const { product_id } = await t.insert(name);
    expect(counts(await forget(name, true))).toMatchObject({ labels: 1, 'products, blanked': 1 });
    expect(await t.product(product_id)).toMatchObject({
      name: null,
      name_key: null,
      category_id: null,
      source: null,
      state: 'failed',
      failure: 'the name was forgotten',
    });
    expect(await t.queued()).toEqual([]);
  });

  test('rolled back it has only told', async () => {
    await t.label(name, 'Home > Mugs');
    await t.owner.rows('begin');
    expect(counts(await forget(name))).toMatchObject({ labels: 1 });
    await t.owner.rows('rollback');
    expect(await t.owner.value('select count(*) from labels')).toBe(1);
    expect(await t.owner.value('select count(*) from forgotten_names')).toBe(0);
  });

  test('needs a name', async () => {
    for (const given of ['', ' ', null])
      await expect(t.owner.rows('select forget($1)', given)).rejects.toThrow('forget() needs a name');
  });

  test('keeps the words of the guard that other labelled names have', async () => {
    for (const label of [name, 'mug green']) await t.label(label, 'Home > Mugs');
    await t.owner.rows(`insert into guard_tokens (token) values ('mug'), ('jané'), ('smug')`);
    await forget(name);
    const words = await t.owner.rows<{ token: string }>('select token from guard_tokens order by 1');
    expect(words.map(({ token }) => token)).toEqual(['mug', 'smug']);
  });

  test('says which models, providers and requests still know the name', async () => {
    const encoder = await t.owner.value<number>(`select register_encoder('e', 2)`);
    const store = async () => {
      const id = await t.owner.value<number>(`select save_model($1, null, '{}')`, encoder);
      await t.owner.rows(`select save_model_file($1, 'm', sha256('x'), 'x')`, id);
      return id;
    };
    const before = await store();
    await t.label(name, 'Home > Mugs');
    const champion = await store();
    await t.owner.rows('select promote_model($1)', champion);
    const call = (simulated: boolean, request: string | null) =>
      t.owner.value<number>(
        `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, lease_until, request_id)
           values ('w', 'answer', 'tree', 'openai', 'gpt', $1, 'ok', 1, 9, 9, now(), $2) returning llm_call_id`,
        simulated,
        request,
      );
    const named = await call(false, 'req_1');
    for (const id of [named, await call(false, null), await call(true, 's')])
      await t.owner.rows(
        'insert into llm_call_names (llm_call_id, name_hash) values ($1, name_hash(normalise($2)))',
        id,
        name,
      );
    await call(false, 'req_of_another_name');

    const lines = await forget(name);
    expect(said(lines, 'models')).toContain(`model ${champion} (champion)`);
    expect(said(lines, 'models')).not.toContain(`model ${before} `);
    expect(said(lines, 'provider openai')).toMatch(/requests req_1, without an id, call 2$/);
    expect(said(lines, 'provider openai (simulated)')).toContain('nobody else has it');
    expect(await t.owner.rows('select model_id, forgotten from models_readable')).toEqual([
      { model_id: champion, forgotten: 1 },
      { model_id: before, forgotten: 0 },
    ]);
    expect(await t.owner.row(`select status, value from health() where item = 'forgotten names'`)).toEqual({
      status: 'warn',
      value: '1',
    });
    // the next one has not seen it
    await t.owner.rows('select promote_model($1)', await store());
    expect(await t.owner.rows(`select from health() where item = 'forgotten names'`)).toEqual([]);
  });
});

describe('without_name', () => {
  const blanked = (text: string, ...names: string[]) =>
    t.owner.value('select without_name($1, $2)', text, names);

  test('blanks a name in any case where it stands as words of its own', async () => {
    expect(await blanked('the embedding of "Red Mug" is odd', 'red mug')).toBe('the embedding of "…" is odd');
    expect(await blanked('mugs and smug', 'mug')).toBe('mugs and smug');
    expect(await blanked('a.b+(c) [d] \\e', 'a.b+(c) [d] \\e')).toBe('…');
    expect(await blanked(`x ${'y'.repeat(3000)} z`, 'y'.repeat(3000))).toBe('x … z');
  });

  test('leaves the words of a report that are no names', async () => {
    const report = {
      against: 'labels',
      labels: 3,
      broken: ['labels', 'x'],
      rule: 'more than labels say',
      name: 'labels',
    };
    expect(
      await t.owner.value('select report_without_name($1, $2)', JSON.stringify(report), ['labels']),
    ).toEqual({
      against: 'labels',
      labels: 3,
      broken: ['…', 'x'],
      rule: 'more than … say',
      name: '…',
    });
  });
});

test('the planner’s statistics hold it no longer', async () => {
  await t.owner.rows(
    `insert into products (name) select case when i % 4 = 0 then 'Mug for Jane "J" Doe' else 'mug ' || i end from generate_series(1, 400) i`,
  );
  await t.owner.rows('analyze products');
  const held = () =>
    t.owner.value<number>(
      `select count(*) from pg_stats where schemaname = 'taxon' and most_common_vals::text ilike '%jane%'`,
    );
  expect(await held()).toBeGreaterThan(0);
  expect(
    await t.owner.rows(`select what from forget('Mug for Jane "J" Doe') where what like 'statistics%'`),
  ).toEqual([{ what: 'statistics of products' }]);
  expect(await held()).toBe(0);
});
