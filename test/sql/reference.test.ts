import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { configurationPage } from '../support/configuration.ts';
import { referencePages, uncommented, unexplained } from '../support/reference.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

test('every object has a comment', async () => {
  expect(await uncommented(t.owner)).toEqual([]);
});

test('an object without one is found, whatever it is', async () => {
  await t.owner.rows('begin');
  await t.owner.client.query(`
    create table planted (x integer);
    create view planted_view as select 1 as y;
    create type planted_type as (z integer);
    create domain planted_domain as integer;
    create function planted() returns trigger language plpgsql as 'begin return null; end';
    create trigger planted after insert on planted for each row execute function planted()`);
  expect(await uncommented(t.owner)).toEqual([
    'column planted.x',
    'column planted_type.z',
    'column planted_view.y',
    'function planted()',
    'table planted',
    'trigger planted',
    'type planted_domain',
    'type planted_type',
    'view planted_view',
  ]);
  await t.owner.rows('rollback');
});

test('the comment of a public function names its parameters and what it raises, and ends with an example', async () => {
  // these are being rewritten with their bodies
  expect(await unexplained(t.owner)).toEqual([]);
});

test('a public function of which they are not said is found', async () => {
  const before = await unexplained(t.owner);
  await t.owner.rows('begin');
  await t.owner.client.query(`
    create function taxon.planted(a integer, b integer) returns void language plpgsql as 'begin raise exception ''no''; end';
    comment on function taxon.planted(integer, integer) is 'Plants.\nb: how many.\nExample: planted(1, 2).'`);
  expect((await unexplained(t.owner)).filter((line) => !before.includes(line))).toEqual([
    'planted: nothing of a',
    'planted: no errors',
    'planted: no example last',
  ]);
  await t.owner.rows('rollback');
});

test('docs/reference/ is what the comments say; `npm run reference` writes it anew', async () => {
  const pages = (await referencePages(t.owner)).set('configuration.md', configurationPage());
  const folder = join(packageRoot, 'docs/reference');
  for (const [name, text] of pages) await expect(text).toMatchFileSnapshot(join(folder, name));
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
});
