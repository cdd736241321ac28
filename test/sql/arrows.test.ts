import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { sqlOrder } from '../../src/database/connection/sql-files.ts';
import { arrowsBack, topics } from '../support/arrows.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

test('sql/order names every file of sql/, each once', () => {
  const there = readdirSync(join(packageRoot, 'sql'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sql'))
    .map((path) => `sql/${path.replaceAll('\\', '/')}`);
  expect(
    sqlOrder()
      .flatMap(({ files }) => files)
      .sort(),
  ).toEqual(there.sort());
});

test('no function and no view reaches up to a topic behind its own', async () => {
  expect(await arrowsBack(t.owner)).toEqual([]);
});

test('one that does is found, however it is written', async () => {
  await t.owner.rows('begin');
  await t.owner.client.query(`
    create function planted_bound() returns bigint language sql begin atomic select count(*) from health(); end;
    create function planted_text() returns bigint language sql as 'select count(*) from health()';
    create function planted_plpgsql() returns void language plpgsql as $$ begin perform explain(1); -- routing()
      end $$;
    create function planted_hook() returns void language plpgsql as $$ begin
      execute format('select %I(null)', (select p.hooks || '_hold' from purposes p limit 1)); end $$;
    create function planted_reader() returns bigint language sql as 'select count(*) from products_readable';
    create view planted_view as select * from health();
    create function planted_innocent() returns text language sql as $$ select 'health()' -- health()
    $$;`);
  const planted = ['bound', 'text', 'plpgsql', 'hook', 'reader', 'view', 'innocent'].map(
    (name) => [`planted_${name}`, 'ground'] as const,
  );
  expect(await arrowsBack(t.owner, new Map([...topics(), ...planted]))).toEqual([
    'ground: planted_bound → health (screens)',
    ...['answer', 'audit', 'split', 'teach'].map(
      (purpose) => `ground: planted_hook → ${purpose}_hold (purposes)`,
    ),
    'ground: planted_plpgsql → explain (screens)',
    'ground: planted_reader → products_readable (screens)',
    'ground: planted_text → health (screens)',
    'ground: planted_view → health (screens)',
  ]);
  await t.owner.rows('rollback');
});
