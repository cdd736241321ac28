import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { codeOf, linesOf, pages, rowsOf, spansIn } from '../support/pages.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();
const spans = pages.flatMap((page) => codeOf(page).spans);
const settings = async () =>
  new Map(
    (await t.owner.rows<{ key: string; value: string }>('select key, value::text from all_settings')).map(
      ({ key, value }) => [key, value],
    ),
  );

test('each function that a sentence names is there, in the schema that it says, with the parameters that it says', async () => {
  const functions = await t.owner.rows<{ schema: string; name: string; parameters: string[] }>(
    `select pronamespace::regnamespace::text as schema, proname as name, coalesce(proargnames, '{}') as parameters
       from pg_proc where pronamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace, 'pg_catalog'::regnamespace)`,
  );
  const wrong: string[] = [];
  let found = 0;
  for (const { at, text } of spans) {
    const [, schema, name] = /^(?:(taxon|taxon_internal)\.)?([a-z_]+)\(/.exec(text) ?? [];
    if (name === undefined) continue;
    found++;
    const called = Array.from(text.matchAll(/(\w+) =>/g), ([, parameter = '']) => parameter);
    const fits = functions.some(
      (f) =>
        f.name === name &&
        (schema === undefined || f.schema === schema) &&
        called.every((parameter) => f.parameters.includes(parameter)),
    );
    if (!fits) wrong.push(`${at}: ${text}`);
  }
  expect(wrong).toEqual([]);
  expect(found).toBeGreaterThan(30);
});

test('each name with an underscore is one of the database, or a word of the program', async () => {
  const { names } = await t.owner.row<{ names: string[] }>(
    `select array(
       select proname from pg_proc
       union select relname from pg_class where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)
       union select attname from pg_attribute a join pg_class c on c.oid = attrelid
               where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)
       union select relname || '.' || attname from pg_attribute a join pg_class c on c.oid = attrelid
               where relnamespace in ('taxon'::regnamespace, 'taxon_internal'::regnamespace)
       union select unnest(proargnames) from pg_proc where pronamespace = 'taxon'::regnamespace
       union select rolname from pg_roles union select nspname from pg_namespace
       union select key from all_settings)::text[] as names`,
  );
  const words = ['src', 'sql', 'migrations'].flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ts|sql)$/.test(file))
      .flatMap(
        (file) => readFileSync(join(packageRoot, folder, file), 'utf8').match(/[a-z]+(?:_[a-z]+)+/g) ?? [],
      ),
  );
  const known = new Set([...names, ...words, 'pg_dump', 'pg_restore']);
  const named = spans.filter(({ text }) => /^[a-z]+(?:_[a-z]+)+(?:\.[a-z_]+)?$/.test(text));
  expect(named.length).toBeGreaterThan(100);
  const part = ({ text }: { text: string }) => text.split('.').every((word) => known.has(word));
  const ofTable = ({ text }: { text: string }) =>
    names.includes(text) || !names.includes(text.split('.')[0] ?? '');
  expect(named.filter((one) => !part(one) || (one.text.includes('.') && !ofTable(one)))).toEqual([]);
});

test('each setting in a table is one, with the default that stands beside it', async () => {
  const defaults = await settings();
  const rows = pages.flatMap(rowsOf).filter(({ cells }) => 'setting' in cells);
  expect(rows.length).toBeGreaterThan(15);
  for (const { at, cells } of rows) {
    const keys = spansIn((cells.setting ?? '').replaceAll(/\([^)]*\)/g, '')).filter((key) =>
      /^[a-z_]+$/.test(key),
    );
    expect(
      keys.filter((key) => !defaults.has(key)),
      at,
    ).toEqual([]);
    if (cells.default === undefined) continue;
    const said = cells.default.match(/true|false|"\w+"|\d[\d.,]*(?<=\d)/g) ?? [];
    const values = said.map((value) => value.replaceAll(',', ''));
    expect(values, at).toEqual(keys.map((key) => defaults.get(key)));
  }
});

test('the number in parentheses behind a setting is its default', async () => {
  const defaults = await settings();
  const config = Object.entries(loadConfig({}, {}, '/nonexistent')).map(
    ([key, value]) =>
      [`TAXON_${key.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`, String(value)] as const,
  );
  const known = new Map([...defaults, ...config]);
  const said = pages.flatMap((page) =>
    linesOf(page).flatMap((line, i) =>
      Array.from(line.matchAll(/`(\w+)` \((\d[\d.,]*|none)\)/g), ([, key = '', value = '']) => ({
        at: `${page}:${i + 1}`,
        key,
        value: value === 'none' ? '""' : value.replaceAll(',', ''),
      })),
    ),
  );
  expect(said.length).toBeGreaterThan(10);
  expect(said.filter(({ key, value }) => known.get(key) !== value)).toEqual([]);
});
