import { expect, test } from 'vitest';
import { refusing } from '../../../src/database/connection/refusals.ts';
import { TaxonError } from '../../../src/errors.ts';
import { taxonDatabase } from '../../support/sql.ts';

const t = taxonDatabase();

test('what our functions refuse is said for people, with any SQLSTATE of theirs; the server’s own errors stay what they are', async () => {
  const ours = [
    `select taxon.forget('')`, // 22023
    'select taxon.undo_check(4711)', // P0002
    `select taxon.end_promise('over')`, // 55000
  ];
  for (const statement of ours)
    await expect(refusing(t.owner.rows(statement)), statement).rejects.toBeInstanceOf(TaxonError);
  await expect(refusing(t.owner.rows(`select set_config('work_mem', '1', false)`))).rejects.toMatchObject({
    code: '22023',
  });
});
