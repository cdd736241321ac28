import { expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const health = () =>
  t.owner.rows<{ value: string; detail: string }>(
    `select value, detail from health() where item = 'name keys'`,
  );

/** A label under a key as it stands, which another server may have made so. */
async function label(key: string, category: number, source = 'import'): Promise<void> {
  await t.owner.rows(
    'insert into labels (name_key, category_id, source) values ($1, $2, $3)',
    key,
    category,
    source,
  );
}

/** As after a restore: what was counted, another server counted. */
const comeFromElsewhere = () => t.owner.rows(`update key_counts set rules = 'PostgreSQL 9, und-x-icu 1'`);

test('on the server that made them labels are not counted, and nothing is said', async () => {
  await t.label('kettle', 'Kettles');
  expect(await t.owner.value('select count_changed_keys()')).toBeNull();
  expect(await health()).toEqual([]);
  expect(await t.owner.value('select name_rules()')).toMatch(
    /^PostgreSQL \d+, (und-x-icu|pg_unicode_fast) [\d.]+/,
  );
});

test('on another server they are counted once, said until they are renewed, and found again then', async () => {
  const sidecar = await t.connect('taxon_sidecar', 'taxon, taxon_internal, extensions');
  const category = await t.category('Teapots');
  await label('ЧАЙНИК 2', category);
  await comeFromElsewhere();
  expect(await health()).toEqual([
    {
      value: 'not counted',
      detail: expect.stringMatching(/^labels were kept by PostgreSQL 9, und-x-icu 1, this is PostgreSQL \d+/),
    },
  ]);

  expect(await sidecar.value('select count_changed_keys()')).toBe(1);
  const all = await t.owner.value('select count(*) from labels');
  const said = [{ value: `1 of ${all}`, detail: expect.stringContaining('such as "ЧАЙНИК 2"') }];
  expect(await health()).toEqual(said);
  expect(await sidecar.value('select count_changed_keys()')).toBeNull();
  expect(await health()).toEqual(said);
  expect(await t.insert('Чайник 2')).toMatchObject({ state: 'pending' });

  const admin = await t.connect('taxon_admin', 'taxon, taxon_internal, extensions');
  expect(await admin.value('select renew_keys(preview => true)')).toBe(1);
  expect(await admin.value('select renew_keys()')).toBe(1);
  expect(await health()).toEqual([]);
  expect(await t.insert('Чайник 2')).toMatchObject({ state: 'done', source: 'exact', category_id: category });
  expect(await admin.value('select renew_keys()')).toBe(0);
});

test('while there are some they are counted once a day, as somebody may mend them', async () => {
  const category = await t.category('Cups');
  await label('CUP', category);
  await comeFromElsewhere();
  await t.owner.rows('select count_changed_keys()');
  await t.owner.rows(`delete from labels where name_key = 'CUP'`);
  expect(await health()).toHaveLength(1);
  await t.owner.rows(`update key_counts set counted_at = now() - interval '25 hours'`);
  expect(await t.owner.value('select count_changed_keys()')).toBe(0);
  expect(await health()).toEqual([]);
});

test('of several labels that come under one key a person’s is kept, else what stands there', async () => {
  const [a, b, c] = [await t.category('A'), await t.category('B'), await t.category('C')];
  await label('pot', a);
  await label('POT', b);
  await label('jug', a);
  await label('JUG', b, 'human');
  await label('Pan', c, 'human');
  await label('PAN', b);
  expect(await t.owner.value('select renew_keys()')).toBe(4);
  expect(
    await t.owner.rows(
      `select name_key, category_id from labels where name_key ~* '^(jug|pot|pan)$' order by name_key`,
    ),
  ).toEqual([
    { name_key: 'jug', category_id: b },
    { name_key: 'pan', category_id: c },
    { name_key: 'pot', category_id: a },
  ]);
});
