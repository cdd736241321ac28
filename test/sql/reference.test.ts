import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { referenceText, uncommented } from '../support/reference.ts';
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

test('docs/sql-reference.md is what the comments say; `npm run reference` writes it anew', async () => {
  await expect(await referenceText(t.owner)).toMatchFileSnapshot(join(packageRoot, 'docs/sql-reference.md'));
});
