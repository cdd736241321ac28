import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { importLabels } from '../../src/import/labels.ts';
import type { Row } from '../../src/import/read.ts';
import { taxonDatabase } from '../support/sql.ts';
import { given, memoryOf } from './files.ts';

const taxon = taxonDatabase();
let db: Database;
beforeAll(() => {
  db = openDatabase(taxon.database.url, { schema: 'taxon', poolSize: 3 });
});
afterAll(() => db.close());
const memory = () => memoryOf(taxon);

describe('conflicting labels', () => {
  test('among the rows: people, then the majority, then the newest', async () => {
    const result = await importLabels(
      db,
      given(
        ['person', 'x > human', 'human'],
        ['Person', 'x > llm', 'llm'],
        ['PERSON', 'x > llm', 'import'],
        ['most', 'x > two', 'llm'],
        ['most', 'x > two', 'llm'],
        ['most', 'x > one', 'llm'],
        ['tie', 'x > first', 'llm'],
        ['tie', 'x > last', 'import'],
        ['people', 'x > old', 'human'],
        ['people', 'x > new', 'human'],
        ['same', 'x', 'import'],
        ['same', 'x', 'llm'],
        ['counted', 'x > one person', 'human'],
        ['counted', 'x > one person and two', 'llm'],
        ['counted', 'x > one person and two', 'llm'],
        ['counted', 'x > one person and two', 'human'],
        ['counted', 'x > one person', 'human'],
      ),
    );
    expect(await memory()).toEqual({
      person: 'x > human (human)',
      most: 'x > two (llm)',
      tie: 'x > last (import)',
      people: 'x > new (human)',
      same: 'x (llm)',
      counted: 'x > one person (human)',
    });
    expect(result).toMatchObject({ rows: 17, names: 6, added: 6, lost: 5 });
    expect(result.losers).toEqual([
      {
        name: 'person',
        kept: 'x > human',
        lost: 'x > llm',
        reason: 'a person said otherwise',
        times: 2,
        lines: [3, 4],
      },
      {
        name: 'most',
        kept: 'x > two',
        lost: 'x > one',
        reason: 'most lines say otherwise',
        times: 1,
        lines: [7],
      },
      {
        name: 'tie',
        kept: 'x > last',
        lost: 'x > first',
        reason: 'a later line says otherwise',
        times: 1,
        lines: [8],
      },
      {
        name: 'people',
        kept: 'x > new',
        lost: 'x > old',
        reason: 'people said otherwise more often or later',
        times: 1,
        lines: [10],
      },
      {
        name: 'counted',
        kept: 'x > one person',
        lost: 'x > one person and two',
        reason: 'people said otherwise more often or later',
        times: 3,
        lines: [15, 16, 17],
      },
    ]);
  });

  test('with memory, which is older evidence; a person’s label yields to a person’s only', async () => {
    await taxon.label('machine', 'x > old', 'llm');
    await taxon.label('person', 'x > old', 'human');
    await taxon.label('two people', 'x > old', 'human');
    await taxon.label('confirmed', 'x > old', 'llm');
    await taxon.label('again', 'x > old', 'llm');
    const result = await importLabels(
      db,
      given(
        ['machine', 'x > new', 'import'],
        ['person', 'x > new', 'llm'],
        ['two people', 'x > new', 'human'],
        ['confirmed', 'x > old', 'human'],
        ['again', 'x > old', 'import'],
      ),
    );
    expect(await memory()).toEqual({
      machine: 'x > new (import)',
      person: 'x > old (human)',
      'two people': 'x > new (human)',
      confirmed: 'x > old (human)',
      again: 'x > old (llm)',
    });
    expect(result).toMatchObject({ added: 0, changed: 3, unchanged: 2, lost: 3 });
    expect(
      result.losers.map((loser) => [loser.name, loser.kept, loser.lost, loser.reason, loser.times]),
    ).toEqual([
      ['person', 'x > old', 'x > new', "memory has a person's label", 1],
      ['machine', 'x > new', 'x > old', 'was in memory', 0],
      ['two people', 'x > new', 'x > old', 'was in memory', 0],
    ]);
    expect(
      await taxon.owner.rows(
        'select name_key, before_source, after_source from label_changes order by name_key',
      ),
    ).toEqual([
      { name_key: 'confirmed', before_source: 'llm', after_source: 'human' },
      { name_key: 'machine', before_source: 'llm', after_source: 'import' },
      { name_key: 'two people', before_source: 'human', after_source: 'human' },
    ]);
  });

  test('the same import again changes nothing', async () => {
    const rows = () => given(['A', 'x > y'], ['A', 'x > z'], ['B', 'x', 'human']);
    await importLabels(db, rows());
    const before = await taxon.owner.rows('select * from labels order by name_key');
    expect(await importLabels(db, rows())).toMatchObject({
      added: 0,
      changed: 0,
      unchanged: 2,
      categories: 0,
      lost: 1,
    });
    expect(await taxon.owner.rows('select * from labels order by name_key')).toEqual(before);
  });

  test('all losers are counted, as many are listed as asked for', async () => {
    async function* rows(): AsyncGenerator<Row> {
      for (let line = 1; line <= 3000; line++)
        yield { line, name: `name ${Math.ceil(line / 2)}`, path: [line % 2 === 0 ? 'x' : 'y'], source: null };
    }
    const result = await importLabels(db, rows(), { losers: 7 });
    expect(result).toMatchObject({ rows: 3000, names: 1500, lost: 1500 });
    expect(result.losers.map((loser) => loser.lines)).toEqual([[1], [3], [5], [7], [9], [11], [13]]);
  });
});
