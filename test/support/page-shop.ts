import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { type TestDatabase, testDatabaseFrom } from './database.ts';
import { simulated } from './processes.ts';
import { insert, look, settled } from './rows.ts';
import { fillShop } from './shop.ts';
import { labelled, newNames } from './shop-names.ts';
import { startSidecarHere } from './sidecar.ts';

/** Names of strangers that would do something, were they not shown as text. */
export const hostile = {
  script: '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>',
  turned: 'kettle \u202Egpj.exe\u2066 red \u200Bhidden',
  long: `${'kettle '.repeat(14_286)}`.slice(0, 100_000),
};

/**
 * A shop in which every screen has something to show: traffic through all layers, checks judged and open, a budget, a changed
 * taxonomy, and the names and categories of strangers. Made once a run: three files ask for it, 1.5 s each.
 */
export function pageShop(): Promise<TestDatabase> {
  return testDatabaseFrom('template_page_shop', fill);
}

async function fill(url: string): Promise<void> {
  await fillShop(url);
  const db = look(url);
  const fresh = newNames(160);
  const simulator = await startSimulator({
    truth: new Map(fresh.map(({ name, path }) => [normalise(name), path])),
    errorRates: [0, 0, 0],
  });
  const sidecar = await startSidecarHere(url, simulated(simulator.url));
  try {
    const known = labelled.slice(0, 40).map(({ name }) => name.toUpperCase());
    await insert(db, [
      ...known,
      ...labelled.slice(40, 60).map(({ name }) => `${name} 2`),
      ...fresh.map(({ name }) => name),
    ]);
    await settled(db);
  } finally {
    await sidecar.stop();
    await simulator.close();
  }
  await judged(db);
  await strangers(db);
  await db.rows('select taxon_internal.find_kinds()');
  await db.close();
}

/** 40 checks judged, one in ten wrong; 60 more stay open. */
async function judged(db: Database): Promise<void> {
  await db.rows('select from taxon.draw_checks(100)');
  await db.rows(
    `select count(x) from (select check_id, row_number() over (order by check_id) as nth from taxon.open_checks()) o,
       taxon_internal.judge(o.check_id, o.nth % 10 <> 0) x where o.nth <= 40`,
  );
}

async function strangers(db: Database): Promise<void> {
  await db.rows(`select taxon.set_setting('llm_tokens_a_month', '50000')`);
  await db.rows(`select taxon.add_category($1, reason => $1)`, [hostile.script]);
  await db.rows(`select taxon.add_category($1)`, [hostile.turned]);
  for (const name of Object.values(hostile)) await insert(db, [name]);
  const { id } = await db.row<{ id: number }>(
    `select category_id as id from taxon.categories where name = $1`,
    [hostile.script],
  );
  // its labels, likely mistakes and checks are strangers' as well
  await db.rows(
    `insert into taxon_internal.checks (name_key, product_id, layer, strategy, weight, category_id)
       select p.name_key, p.product_id, 'exact', 'audit', 1, $1 from taxon.products p where p.state = 'pending'`,
    [id],
  );
  await db.rows(
    `insert into taxon_internal.out_of_fold (name_hash, label_category_id, category_id, l1_confidence, l2_confidence, l3_confidence, voices, run_id)
       select l.name_hash, l.category_id, $1, .99, .98, .97, 3, (select max(run_id) from taxon_internal.training_runs)
         from taxon.labels l where exists (select from taxon.products p where p.name_key = l.name_key) limit 3
     on conflict (name_hash) do update set category_id = excluded.category_id`,
    [id],
  );
}
