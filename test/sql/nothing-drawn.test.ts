import { expect, test } from 'vitest';
import { decide } from '../support/decided.ts';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();

test('while the champion has decided nothing, or nothing of a category, there is nothing to draw', async () => {
  const model = await makeModel(t);
  const draw = (strategy: string, category: number | null = null) =>
    t.owner.rows('select * from draw_checks(5, $1, $2)', strategy, category);
  for (const strategy of ['uniform', 'surer', 'answered']) expect(await draw(strategy)).toEqual([]);
  const kettles = await t.category('Home > Kettles');
  await decide(t, model, [{ name: 'red kettle', category_id: kettles, said: 0.5 }]);
  expect(await draw('category', await t.category('Garden'))).toEqual([]);
});
