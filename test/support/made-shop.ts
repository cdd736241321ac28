import { clearAttached } from './attached.ts';
import { drawable } from './audits.ts';
import { namesOf, remember } from './kinds.ts';
import type { TaxonDatabase } from './sql.ts';
import { evenly, judge, makeModel, missed, wrongEach } from './trust.ts';

/** A small shop in which every example can be typed, the same each time: ids start at 1. */
export async function makeShop(t: TaxonDatabase): Promise<void> {
  const kettles = await t.category('Home > Kitchen > Kettles');
  for (const path of ['Home > Kitchen > Toasters', 'Home > Lamps', 'Garden > Tools']) await t.category(path);
  const model = await makeModel(t);
  // the champion before the champion
  await makeModel(t);
  await t.owner.rows('select promote_model($1)', model);
  const ids = await missed(t, model, kettles, evenly(500));
  await judge(
    t,
    ids,
    wrongEach(500, 5).map((right, i) => right || i < 250),
  );
  await t.owner.rows(
    `update products p set state = 'done', source = 'local', category_id = c.category_id, l1 = c.l1, l2 = c.l2, l3 = c.l3,
            classified_at = now()
       from categories c where c.category_id = $1 and p.product_id <= 250`,
    kettles,
  );
  await t.owner.rows(
    `insert into llm_calls (worker, purpose, route, provider, model, simulated, state, names, tokens_in, tokens_out, cost, lease_until)
       values ('w', 'answer', 'shortlist', 'openai', 'gpt', true, 'ok', 10, 900, 100, .002, now())`,
  );
  // an exact answer that waits for a person: product and check 501
  const lamps = await t.label('lamp', 'Home > Light > Lamps');
  await t.insert('Lamp');
  await t.owner.rows(
    `insert into checks (name_key, product_id, layer, strategy, weight, category_id) values ('lamp', 501, 'exact', 'audit', 100, $1)`,
    lamps,
  );
  // all that arrives here arrives within seconds
  await t.owner.rows(`select set_setting('drift_burst_hours', '0')`);
  await t.owner.rows(`select set_promise(max_error => .1, reason => 'a wrong shelf costs more than a call')`);
  await t.owner.rows(`select start_drift_streams($1, now() - interval '1 day')`, model);
  await t.owner.rows(`select raise_alarm($1, 'confidence', 0, 20, 13, 'a new branch arrives')`, model);
  await t.owner.rows('select take_in()');
  await t.owner.rows(`select rename_category(6, 'Bench tools')`);
  await t.owner.rows(`select register_encoder('an encoder of last year', 3)`);
  await t.owner.rows(
    `insert into training_runs (kind, state, worker, lease_until) values ('train', 'done', 'w', now())`,
  );
  // kind 1: desk lamps among the toasters
  await remember(t, 'Home > Lamps', namesOf('desk lamp', 8));
  await remember(t, 'Home > Kitchen > Toasters', namesOf('desk lamp', 3, 8));
  await t.owner.rows('select find_kinds()');
  await t.owner.rows(`select end_label_run(begin_label_run('import', 'price list of spring', 'labels.csv'))`);
  await drawable(t);
  await makeGoods(t);
}

/** Tables of the shop's own that are attached, and its categories. */
async function makeGoods(t: TaxonDatabase): Promise<void> {
  await clearAttached(t);
  await t.owner.client.query(`
    create schema shop;
    create table shop.categories (id integer primary key, parent_id integer references shop.categories, name text not null);
    insert into shop.categories values (1, null, 'Home'), (2, 1, 'Kitchen'), (3, 2, 'Kettles'), (4, null, 'Music');
    create table shop.order_products (id bigint primary key, brand text, title text, category_id integer, categorised_at timestamptz,
      active boolean not null default true, taxon_path text);
    create table shop.offers (shop_id integer, sku text, title text, primary key (shop_id, sku));
    insert into shop.order_products (id, title, category_id) values (1, 'Red kettle 1.7 l', 3), (2, 'Violin', null);`);
  await t.owner.rows(
    `select attach('shop.order_products', key => 'id', name => 'title'), attach('shop.offers')`,
  );
}
