import { describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';
import { waitsForLock } from '../support/waits-for-lock.ts';

const t = taxonDatabase();
const model = () => makeModel(t, false);
const set = (key: string, value: unknown) =>
  t.owner.rows('select set_setting($1, $2)', key, JSON.stringify(value));

/** A champion, and the one before it; settling a claimed name is what a sidecar does with what a model said. */
async function champions(): Promise<{ old: number; fresh: number }> {
  const [old, fresh] = [await model(), await model()];
  for (const id of [old, fresh]) await t.owner.rows('select promote_model($1)', id);
  return { old, fresh };
}
const settling = (category: number) =>
  JSON.stringify([
    {
      name_key: 'kettle',
      category_id: category,
      confidence: [0.9, 0.9, 0.9],
      shortlist: [category],
      probabilities: [1],
    },
  ]);

/** A sidecar that has a name in hand, answered by the champion, and a person beside it. */
async function settlingBeside() {
  const { old, fresh } = await champions();
  const home = await t.category('Home');
  await t.insert('kettle');
  await t.claim('w');
  const [person, sidecar] = [await t.connect(), await t.connect()];
  const settle = () =>
    sidecar.rows(`select * from taxon_internal.settle_local('w', $1, $2)`, fresh, settling(home));
  return { old, person, sidecar, settle };
}

describe('a rollout', () => {
  test('what was taken back answers nothing more', async () => {
    const { old, fresh } = await champions();
    expect(await t.owner.value('select roll_back_model()')).toBe(old);
    await expect(t.owner.rows(`select * from settle_local('w', $1, '[]')`, fresh)).rejects.toMatchObject({
      code: '55000',
      message: `model ${fresh} was taken back`,
    });
    await t.owner.rows('select promote_model($1)', fresh);
    expect(await t.owner.rows(`select * from settle_local('w', $1, '[]')`, fresh)).toHaveLength(1);
  });

  test('a roll-back waits for what is being settled', async () => {
    const { old, person, sidecar, settle } = await settlingBeside();
    await sidecar.rows('begin');
    await settle();
    const back = person.value('select taxon.roll_back_model()');
    await waitsForLock(person, t.owner);
    expect(await t.owner.value('select model_id from champion()')).not.toBe(old);
    await sidecar.rows('commit');
    expect(await back).toBe(old);
    expect(await t.owner.row('select state, source from products')).toEqual({
      state: 'done',
      source: 'local',
    });
  });

  test('what is settled while a roll-back commits waits for it, and is refused', async () => {
    const { person, sidecar, settle } = await settlingBeside();
    await person.rows('begin');
    await person.rows('select taxon.roll_back_model()');
    const refused = expect(settle()).rejects.toMatchObject({ code: '55000' });
    await waitsForLock(sidecar, t.owner);
    await person.rows('commit');
    await refused;
    expect(await t.owner.row('select state, source from products')).toEqual({
      state: 'pending',
      source: null,
    });
  });

  test('a roll-back does not wait for settling that waits for somebody else', async () => {
    const { old, person, settle } = await settlingBeside();
    await person.rows('begin');
    await person.rows('select from taxon.products for update');
    const settled = settle();
    await t.owner.rows('select pg_sleep(.2)');
    expect(await t.owner.value('select roll_back_model()')).toBe(old);
    await person.rows('commit');
    expect(await settled).toHaveLength(1);
  });

  test('a model that was taken back may be rolled out again, and answers as the canary', async () => {
    const { fresh } = await champions();
    await t.owner.rows('select roll_back_model()');
    await set('shadow_names', 0);
    await t.owner.rows('select start_rollout($1)', fresh);
    expect(await t.owner.value('select advance_rollout()')).toContain(`model ${fresh} is the canary`);
    expect(await t.owner.rows(`select * from settle_local('w', $1, '[]')`, fresh)).toHaveLength(1);
  });

  test('ends where too few names come for a verdict, so that others are trained', async () => {
    const { old } = await champions();
    const challenger = await model();
    await t.owner.rows('select start_rollout($1)', challenger);
    expect(await t.owner.value('select advance_rollout()')).toBeNull();
    await t.owner.rows(`update rollouts set stage_at = now() - interval '15 days'`);
    expect(await t.owner.value('select advance_rollout()')).toBe(
      `model ${challenger} is refused: in 14 days it saw 0 names`,
    );
    await expect(t.owner.rows('select start_rollout($1)', old)).resolves.toHaveLength(1);
  });

  test('is refused where no evidence is kept, and so is a training that would end in one', async () => {
    await champions();
    await set('evidence_days', 0);
    const message = 'a new model cannot be watched: evidence_days is 0, so nothing that it says is kept';
    await expect(t.owner.rows('select start_rollout($1)', await model())).rejects.toMatchObject({ message });
    await expect(t.owner.rows(`select begin_retrain('w')`)).rejects.toMatchObject({ message });
    await set('autopilot_promote', false);
    expect(await t.owner.rows(`select begin_retrain('w')`)).toHaveLength(1);
  });

  test('a category that was merged counts as its successor in the shadow, as it does in answers', async () => {
    const { fresh } = await champions();
    const [pots, pans] = [await t.category('Home > Pots'), await t.category('Home > Pans')];
    const challenger = await model();
    await t.owner.rows('select start_rollout($1)', challenger);
    await t.owner.rows('select merge_categories(array[$1::bigint], $2)', pots, pans);
    await t.insert('kettle');
    await t.claim('w');
    await t.owner.rows(`select settle_local('w', $1, $2)`, fresh, settling(pots));
    await t.owner.rows('select note_shadow($1, $2)', challenger, settling(pots));
    expect(await t.owner.rows('select * from shadow_pairs($1, $2, 0)', challenger, fresh)).toEqual([
      { challenger_clears: true, champion_clears: true, same: true },
    ]);
    expect(await t.owner.rows('select distinct category_id from evidence')).toEqual([{ category_id: pans }]);
  });

  test('a name does not flip: the canary has it by its hash', async () => {
    const share = (s: number) =>
      t.owner.value<number>(
        `select avg(in_canary(name_hash('name ' || i), $1)::integer)::float8 from generate_series(1, 4000) i`,
        s,
      );
    expect([await share(0), await share(1)]).toEqual([0, 1]);
    expect(Math.abs((await share(0.2)) - 0.2)).toBeLessThan(0.03);
    expect(
      await t.owner.value(
        `select count(*) from generate_series(1, 2000) i
         where in_canary(name_hash('name ' || i), .1) and not in_canary(name_hash('name ' || i), .2)`,
      ),
    ).toBe(0);
  });
});
