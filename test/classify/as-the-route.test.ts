import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { classify } from '../../src/classify/classify.ts';
import { claim } from '../../src/database/queue.ts';
import { type ChampionHolder, holdChampion } from '../../src/sidecar/local/champion.ts';
import { decideLocally } from '../../src/sidecar/local/decide.ts';
import { testConfig } from '../support/config.ts';
import { shopOfFile } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';

/* `taxon classify` says of a name what its row would get, whatever the rules of the database are. */

const shop = shopOfFile();
const config = testConfig();
const names = newNames(60, 70_000).map(({ name }) => name);
let holder: ChampionHolder;

beforeAll(async () => {
  holder = holdChampion(shop.db, config);
});
afterAll(() => holder?.close());

beforeEach(async () => {
  await shop.db.rows('delete from taxon.products');
  await shop.db.rows('delete from taxon_internal.queue');
});

interface Answer {
  name: string;
  layer: string | null;
  category_id: number | null;
}

async function classified(): Promise<Answer[]> {
  await holder.refresh();
  const options = {
    layers: new Set(['exact', 'similar', 'local'] as const),
    model: await holder.current(),
    providers: [],
  };
  const found: Answer[] = [];
  for await (const batch of classify(shop.db, config, names, options))
    found.push(...batch.map(({ name, layer, category_id }) => ({ name, layer, category_id })));
  return found;
}

/** The same names as rows, taken through layers 1 to 3 as a sidecar does. */
async function routed(): Promise<Answer[]> {
  await shop.db.rows('insert into taxon.products (name) select unnest($1::text[])', [names]);
  const worker = 'test';
  const claimed = await claim(shop.db, worker, names.length, 60, { claim: randomUUID(), held: [], owed: [] });
  expect(claimed).toHaveLength(names.length);
  await decideLocally(
    { db: shop.db, worker, champion: holder, onWatched: async () => {} },
    claimed.map(({ name_key }) => name_key),
  );
  return shop.db.rows<Answer>(
    'select name, source as layer, category_id from taxon.products order by product_id',
  );
}

const count = (answers: readonly Answer[]) => ({
  local: answers.filter(({ layer }) => layer === 'local').length,
  partly: answers.filter(({ layer, category_id }) => layer === null && category_id !== null).length,
});
const set = (key: string, value: string) => shop.db.rows('select taxon.set_setting($1, $2)', [key, value]);
const idOf = async (path: string) =>
  (
    await shop.db.row<{ id: number }>(
      `select taxon_internal.make_category(string_to_array($1, ' > ')) as id`,
      [path],
    )
  ).id;

/** Classifies and routes the names alike, and says how many were answered. */
async function alike() {
  const said = await classified();
  expect(said).toEqual(await routed());
  return count(said);
}

let plain: { local: number; partly: number };

test('with the thresholds of the model', async () => {
  plain = await alike();
  expect(plain.local).toBeGreaterThan(20);
  expect(plain.local).toBeLessThan(names.length);
});

test('with thresholds of a branch, and one that is never answered locally', async () => {
  const [electronics, kitchen] = [await idOf('Electronics'), await idOf('Home > Kitchen')];
  await shop.db.rows(`select taxon.set_thresholds(1, 1, 1, 'too many wrong', branch => $1)`, [electronics]);
  await shop.db.rows(
    `select taxon.set_thresholds(0, 0, 0, 'people look at these', branch => $1, never_local => true)`,
    [kitchen],
  );
  const answers = await alike();
  expect(answers.local).toBeLessThan(plain.local);
  expect(answers.local).toBeGreaterThan(0);
  await shop.db.rows('update taxon_internal.thresholds set undone_at = now() where branch is not null');
});

test('in shadow, of a branch or of all', async () => {
  await set('shadow_branches', `[${await idOf('Electronics')}]`);
  const answers = await alike();
  expect(answers.local).toBeLessThan(plain.local);
  await set('shadow_branches', '[]');
  for (const mode of ['"shadow"', '"off"']) {
    await shop.db.rows('delete from taxon.products');
    await set('local_layer', mode);
    expect((await alike()).local).toBe(0);
  }
  await set('local_layer', '"on"');
});

test('with partial answers', async () => {
  await set('partial_answers', 'true');
  await shop.db.rows(`select taxon.set_thresholds(0.3, 0.3, 0.999, 'as much as is sure')`);
  expect((await alike()).partly).toBeGreaterThan(0);
  await set('partial_answers', 'false');
  await shop.db.rows(`select taxon.undo_thresholds()`);
});

test('where a category was retired, merged, or has a newer one below it', async () => {
  await shop.db.rows('select taxon.retire_category($1)', [await idOf('Food > Sweets > Chocolate')]);
  await shop.db.rows('select taxon.merge_categories(array[$1::bigint], $2)', [
    await idOf('Electronics > Phones > Phone cases'),
    await idOf('Electronics > Phones > Smartphones'),
  ]);
  await idOf('Beauty > Hair > Shampoo > Dry shampoo');
  const answers = await alike();
  expect(answers.local).toBeLessThan(plain.local);
  expect(answers.local).toBeGreaterThan(0);
});
