import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../src/config.ts';
import { namesOf, remember } from '../support/kinds.ts';
import { psqlScript } from '../support/schema.ts';
import { taxonDatabase } from '../support/sql.ts';
import { evenly, makeModel, missed } from '../support/trust.ts';

const t = taxonDatabase();
const folder = join(packageRoot, 'examples');
const shown = (file: string) => psqlScript(t.database.url, join(folder, file));

/** A small shop: a champion that has seen 500 names, five tablet cases among the phone cases, and a call that was paid. */
beforeEach(async () => {
  const model = await makeModel(t);
  await missed(t, model, await t.category('Home > Kitchen > Kettles'), evenly(500));
  await t.label('чайник електричний bosch 1,7 л', 'Home > Kitchen > Kettles', 'llm');
  await remember(t, 'Electronics > Tablets > Tablet cases', namesOf('tablet case', 20));
  await remember(t, 'Electronics > Phones > Phone cases', namesOf('tablet case', 5, 20));
  await t.insertAll(...namesOf('Tablet case', 5, 20));
  await t.owner.rows(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, answered, tokens_in, tokens_out, cost, lease_until)
       values ('w', 'answer', 'shortlist', 'openai', 'gpt', true, 'ok', 10, 10, 900, 100, .002, now())`,
  );
});

/** What each file must show, and what must be so afterwards. */
const files: Record<string, { shows: RegExp[]; after?: () => Promise<void> }> = {
  'attach.sql': {
    // no sidecar runs here
    shows: [
      /attach_example_goods +\| a sidecar takes its rows in, newest first/,
      /attach_example\.goods +\| backfilling +\| +1/,
      /triggers +\| +4/,
    ],
    after: async () =>
      expect(
        await t.owner.rows('select from attached_tables union all select from attached_changes'),
      ).toEqual([]),
  },
  'correct_a_kind.sql': {
    shows: [
      /tablet case +\| +5 \| Electronics > Phones > Phone cases +\| Electronics > Tablets > Tablet cases \| memory/,
      /all 5 were seen: nothing is left to prove/,
      /kind +\| looked at 29 +\| +5 \| +5/,
    ],
    after: async () =>
      expect(
        await t.owner.rows(
          `select source, path, count(*) as n from products_readable where name like 'Tablet%' group by 1, 2`,
        ),
      ).toEqual([{ source: 'exact', path: 'Electronics > Tablets > Tablet cases', n: 5 }]),
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
    shows: [/exact +\| +5 +\|/, /openai.* +1 \|.*1000 \|/, /answer +\| +1 \|/, /cannot be said/],
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
