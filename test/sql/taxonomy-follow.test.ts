import { describe, expect, test } from 'vitest';
import { until } from '../support/processes.ts';
import { taxonDatabase } from '../support/sql.ts';
import { answered, changing, strays } from '../support/taxonomy.ts';
import { makeModel } from '../support/trust.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';

const t = taxonDatabase();
const change = changing(t);
const undo = (id: number | null) => change('undo_taxonomy_change($1)', id);
const shadows = () => t.owner.value<number[]>(`select setting('shadow_branches')`);

describe('what a merge carries', () => {
  test('are thresholds and never-send marks that either has from a branch above it, too', async () => {
    await makeModel(t);
    const [b, a] = [await t.category('Strict > B'), await t.category('Private > A')];
    const [strict, priv] = [await t.category('Strict'), await t.category('Private')];
    await t.owner.rows(`select set_thresholds(1, 1, 1, 'no', branch => $1, never_local => true)`, strict);
    await t.owner.rows(`select set_thresholds(.8, .8, .8, 'own', branch => $1)`, a);
    await t.owner.rows(`select never_send(branch => $1, reason => 'private')`, priv);
    await t.label('mug', 'Private > A');
    const { taxonomy_change_id } = await change('merge_categories($1, $2)', [a], b);
    const inForce = () => t.owner.row('select l1, never_local from thresholds_for(null, $1)', b);
    expect(await inForce()).toEqual({ l1: 1, never_local: true });
    expect(await t.owner.value(`select never_sent('mug')`)).toBe('private');
    await undo(taxonomy_change_id);
    expect(await inForce()).toEqual({ l1: 1, never_local: true });
    expect(await t.owner.value('select count(*) from never_send_marks where category_id = $1', b)).toBe(0);
  });

  test('its undo takes nothing back that a person set since', async () => {
    const [a, b, c] = [await t.category('A'), await t.category('B'), await t.category('C')];
    const set = (...ids: number[]) =>
      t.owner.rows(`select set_setting('shadow_branches', $1)`, JSON.stringify(ids));
    await set(a);
    const { taxonomy_change_id } = await change('merge_categories($1, $2)', [a], b);
    expect(await shadows()).toEqual([b]);
    await set(b, c);
    await undo(taxonomy_change_id);
    expect((await shadows()).sort()).toEqual([a, c].sort());
  });
});

describe('rows', () => {
  test('that came between a merge and its undo follow memory, also when somebody holds them meanwhile', async () => {
    const a = await t.label('kettle', 'Home > Kettles');
    const b = await t.category('Home > Pots');
    await t.insert('kettle');
    const { taxonomy_change_id } = await change('merge_categories($1, $2)', [a], b);
    await t.insert('kettle');
    const shop = await t.connect();
    await shop.rows('begin');
    await shop.rows(`update taxon.products set external_id = 'x' || product_id`);
    await undo(taxonomy_change_id);
    await shop.rows('commit');
    await t.owner.rows('select mend_taxonomy()');
    expect(await answered(t)).toEqual([
      { name: 'kettle', path: 'Home > Kettles' },
      { name: 'kettle', path: 'Home > Kettles' },
    ]);
    expect(await strays(t)).toEqual([]);
  });

  test('of a transaction that has been reading since before a merge are found at night', async () => {
    const a = await t.label('kettle', 'Home > Kettles');
    const b = await t.category('Home > Pots');
    const shop = await t.connect();
    await shop.rows('begin isolation level repeatable read');
    await shop.rows('select count(*) from taxon.labels');
    await change('merge_categories($1, $2)', [a], b);
    await until(
      async () => {
        await t.owner.rows('select mend_taxonomy()');
        return t.owner.row<{ settled: boolean }>(
          'select settled_at is not null as settled from taxonomy_changes',
        );
      },
      ({ settled }) => settled,
    );
    await shop.rows(`insert into taxon.products (name) values ('kettle')`);
    await shop.rows('commit');
    await t.owner.rows('select mend_taxonomy()');
    expect(await strays(t)).toHaveLength(1);
    expect(await t.owner.value('select sweep_taxonomy()')).toBe(1);
    expect(await answered(t)).toEqual([{ name: 'kettle', path: 'Home > Pots' }]);
    expect(await t.owner.value('select sweep_taxonomy()')).toBe(0);
  });

  test('a change of the tree levels waits for no row; the night brings those that were held', async () => {
    await t.label('kettle', 'Home > Kitchen > Small > Kettles');
    await t.insertAll('kettle', 'kettle');
    const shop = await t.connect();
    await shop.rows('begin');
    await shop.rows('select from taxon.products where product_id = 1 for update');
    await t.owner.rows(`select set_tree_levels('1,2,3')`);
    await shop.rows('commit');
    expect(await strays(t)).toHaveLength(1);
    expect(await t.owner.value('select sweep_taxonomy()')).toBe(1);
    expect(await strays(t)).toEqual([]);
    await t.owner.rows(`select set_tree_levels('1,2,deepest')`);
    expect(await strays(t)).toEqual([]);
  });
});

test('a merge and forget() of a name with an open check do not lock each other out', async () => {
  const a = await t.label('kettle', 'Home > Kettles');
  const b = await t.category('Home > Pots');
  const { product_id } = await t.insert('kettle');
  await t.owner.rows(
    `insert into checks (name_key, product_id, layer, strategy, weight, floor, category_id, auditor)
       values ('kettle', $1, 'exact', 'uniform', 1, 0, $2, 'human')`,
    product_id,
    a,
  );
  const [holder, admin, other] = [await t.connect(), await t.connect(), await t.connect()];
  await holder.rows('begin');
  await holder.rows('lock table taxon_internal.product_changes in access exclusive mode');
  const merge = admin.rows('select taxon.merge_categories($1, $2)', [a], b);
  await waitsForLock(admin, t.owner);
  const forgetting = other.rows(`select taxon.forget('kettle')`);
  await waitsForLock(other, t.owner);
  await holder.rows('commit');
  await expect(Promise.all([merge, forgetting])).resolves.toHaveLength(2);
  expect(await t.owner.value('select count(*) from labels')).toBe(0);
});
