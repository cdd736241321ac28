import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { psqlScript } from '../support/schema.ts';
import { taxonDatabase } from '../support/sql.ts';
import { evenly, makeModel, missed } from '../support/trust.ts';

const t = taxonDatabase();
const folder = join(packageRoot, 'examples');
const shown = (file: string) => psqlScript(t.database.url, join(folder, file));

/** A small shop: a champion that has seen 500 names, tablet cases among the phone cases, and a call that was paid. */
beforeEach(async () => {
  const model = await makeModel(t);
  await missed(t, model, await t.category('Home > Kitchen > Kettles'), evenly(500));
  await t.label('чайник електричний bosch 1,7 л', 'Home > Kitchen > Kettles', 'llm');
  await t.category('Electronics > Tablets and readers > Tablet cases');
  for (const name of ['etui na tablet 10 cali', 'tablet case blue', 'phone case red'])
    await t.label(name, 'Electronics > Phones > Phone cases', 'llm');
  await t.insertAll('Etui na tablet 10 cali', 'Tablet case blue', 'Phone case red');
  await t.owner.rows(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, answered, tokens_in, tokens_out, cost, lease_until)
       values ('w', 'answer', 'shortlist', 'openai', 'gpt', true, 'ok', 10, 10, 900, 100, .002, now())`,
  );
});

/** What each file must show, and what must be so afterwards. */
const files: Record<string, { shows: RegExp[]; after?: () => Promise<void> }> = {
  'correct_a_kind.sql': {
    shows: [/Tablet case blue +\| exact +\| Electronics > Phones > Phone cases/, /human +\| +2/],
    after: async () =>
      expect(
        await t.owner.rows(
          `select name, source, path from products_readable where source = 'human' or name like 'Phone%' order by 1`,
        ),
      ).toEqual([
        {
          name: 'Etui na tablet 10 cali',
          source: 'human',
          path: 'Electronics > Tablets and readers > Tablet cases',
        },
        { name: 'Phone case red', source: 'exact', path: 'Electronics > Phones > Phone cases' },
        {
          name: 'Tablet case blue',
          source: 'human',
          path: 'Electronics > Tablets and readers > Tablet cases',
        },
      ]),
  },
  'insert_and_wait.sql': {
    shows: [
      /exact +\| Home > Kitchen > Kettles/,
      /done +\| exact/,
      /answer +\| Home > Kitchen > Kettles, by exact/,
    ],
  },
  'tune.sql': {
    shows: [
      /not feasible: about \d+ more checks/,
      /\(10 rows\)/,
      /0\.75 +\| +0\.55 +\| +0\.4 +\| f/,
      /fewer wrong shelves +\| t/,
    ],
    after: async () => {
      expect(await t.owner.value('select count(*) from checks')).toBe(10);
      expect(await t.owner.row('select l1, l2, l3 from thresholds_in_force()')).toEqual({
        l1: 0.75,
        l2: 0.55,
        l3: 0.4,
      });
    },
  },
  'what_it_saved.sql': {
    shows: [/exact +\| +3 +\|/, /openai.* +1 \|.*1000 \|/, /answer +\| +1 \|/, /cannot be said/],
  },
};

test.each(readdirSync(folder).filter((file) => file.endsWith('.sql')))(
  'examples/%s runs in psql and shows what it says',
  async (file) => {
    const expected = files[file];
    if (expected === undefined) throw new Error(`nobody says what examples/${file} shows`);
    const text = await shown(file);
    for (const pattern of expected.shows) expect(text).toMatch(pattern);
    await expected.after?.();
  },
);
