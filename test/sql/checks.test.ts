import { beforeEach, describe, expect, test } from 'vitest';
import { decide } from '../support/decided.ts';
import { type Session, taxonDatabase } from '../support/sql.ts';
import { makeModel } from '../support/trust.ts';

const t = taxonDatabase();
let model: number;
let kettles: number;
let lamps: number;

beforeEach(async () => {
  model = await makeModel(t);
  kettles = await t.category('Home > Kitchen > Kettles');
  lamps = await t.category('Home > Light > Lamps');
});

interface Drawn {
  check_id: number;
  name: string;
  path: string;
  l3_confidence: number;
  weight: number;
}
const draw = (n: number, strategy = 'uniform', category: number | null = null, session?: Session) =>
  (session ?? t.owner).rows<Drawn>('select * from taxon.draw_checks($1, $2, $3)', n, strategy, category);
const names = (drawn: { name: string }[]) => drawn.map(({ name }) => name).sort();

/** Names 1 to `count` of which the model says count/100, … : the more the higher the number. */
async function rising(count: number, offset = 0): Promise<void> {
  await decide(
    t,
    model,
    Array.from({ length: count }, (_, i) => ({
      name: `name ${i + 1 + offset}`,
      category_id: i % 2 === 0 ? kettles : lamps,
      said: (i + 1) / (count + 1),
    })),
  );
}

describe('draw_checks', () => {
  test('draws names that were answered or passed on, shows the answer, and writes all of it down', async () => {
    await decide(t, model, [
      { name: 'Kettle  red', category_id: kettles, said: 0.9 },
      { name: 'odd thing', category_id: lamps, said: 0.25 },
    ]);
    const drawn = await draw(10);
    expect(drawn.map(({ check_id: _, ...row }) => row).sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      {
        ...{
          product_id: 1,
          name: 'Kettle  red',
          path: 'Home > Kitchen > Kettles',
          layer: 'local',
          weight: 1,
        },
        ...{ l1_confidence: 0.9, l2_confidence: 0.9, l3_confidence: 0.9, similarity: null },
      },
      {
        ...{ product_id: 2, name: 'odd thing', path: 'Home > Light > Lamps', layer: 'local', weight: 1 },
        ...{ l1_confidence: 0.25, l2_confidence: 0.25, l3_confidence: 0.25, similarity: null },
      },
    ]);
    expect(
      await t.owner.rows(
        `select c.name_key, c.strategy, c.floor, c.auditor, s.model_id, c.category_id, c.drawn_by, c.verdict, e.l3_said, s.category_id as answer, s.l1_said as said
         from checks c join evidence e using (evidence_id) join check_scores s on s.check_id = c.check_id and s.model_id = c.model_id order by 1`,
      ),
    ).toEqual([
      {
        ...{
          name_key: 'kettle red',
          strategy: 'uniform',
          floor: 0,
          auditor: 'human',
          model_id: model,
          verdict: null,
        },
        ...{ category_id: kettles, drawn_by: 'owner', l3_said: 0.9, answer: kettles, said: 0.9 },
      },
      {
        ...{
          name_key: 'odd thing',
          strategy: 'uniform',
          floor: 0,
          auditor: 'human',
          model_id: model,
          verdict: null,
        },
        ...{ category_id: lamps, drawn_by: 'owner', l3_said: 0.25, answer: lamps, said: 0.25 },
      },
    ]);
  });

  test('draws each name once, and never again while it waits or after', async () => {
    await rising(30);
    const first = await draw(20);
    expect(new Set(names(first)).size).toBe(20);
    await t.owner.rows('select from judge($1, true)', first[0]?.check_id);
    const second = await draw(20);
    expect(second).toHaveLength(10);
    expect(new Set([...names(first), ...names(second)]).size).toBe(30);
    expect(second[0]?.weight).toBe(1);
    expect(await draw(5)).toEqual([]);
    expect(await t.owner.rows('select from open_checks()')).toHaveLength(29);
  });

  test('counts names and not rows: by their newest evidence, unless the row is another product by now', async () => {
    await decide(t, model, [{ name: 'a', category_id: lamps, said: 0.8 }]);
    await decide(t, model, [{ name: 'A', category_id: kettles, said: 0.9 }]);
    await decide(t, model, [{ name: 'renamed', category_id: kettles }]);
    await t.owner.rows(`update products set name = 'something else' where name = 'renamed'`);
    expect(await draw(10)).toMatchObject([
      { name: 'A', path: 'Home > Kitchen > Kettles', l3_confidence: 0.9 },
    ]);
  });

  test('a weight is how many names a check stands for', async () => {
    await rising(90);
    expect((await draw(9)).map((check) => check.weight)).toEqual(Array.from({ length: 9 }, () => 10));
    await rising(90); // all of them once more: 171 rows of evidence, half of which are not the newest of their name
    const weights = (await draw(40)).map((check) => check.weight);
    expect(new Set(weights).size).toBe(1);
    expect((weights[0] as number) * 40).toBeGreaterThan(50);
    expect((weights[0] as number) * 40).toBeLessThan(130);
  });

  test('is uniform: over many draws every name comes about as often', async () => {
    await rising(20);
    const times = new Map<string, number>();
    for (let i = 0; i < 60; i++) {
      await t.owner.rows('begin');
      for (const { name } of await draw(5)) times.set(name, (times.get(name) ?? 0) + 1);
      await t.owner.rows('rollback');
    }
    // 15 of 60 expected, standard deviation 3.4: outside 1 to 32 by chance less than once in 10,000 runs of 20 names
    expect(times.size).toBe(20);
    for (const n of times.values()) expect(n).toBeLessThan(33);
  });

  test('surer: the surer half alone, and says from where on', async () => {
    await rising(40);
    const drawn = await draw(100, 'surer');
    expect(names(drawn)).toEqual(names(Array.from({ length: 21 }, (_, i) => ({ name: `name ${i + 20}` }))));
    expect(await t.owner.value('select distinct floor from checks')).toBeCloseTo(20 / 41, 6);
  });

  test('answered: what the local layer answered, alike only above all that it passed on', async () => {
    await rising(40);
    expect(names(await draw(100, 'answered'))).toEqual(
      names(Array.from({ length: 10 }, (_, i) => ({ name: `name ${i + 31}` }))),
    );
    expect(await t.owner.value('select distinct floor from checks')).toBeCloseTo(31 / 41, 6);
    await t.owner.rows(`select set_setting('local_layer', '"shadow"')`);
    await decide(t, model, [{ name: 'in shadow', category_id: kettles, said: 0.875 }]);
    await t.owner.rows(`select set_setting('local_layer', '"on"')`);
    await decide(t, model, [{ name: 'on again', category_id: kettles, said: 0.9 }]);
    expect(names(await draw(100, 'answered'))).toEqual(['on again']);
    expect(await t.owner.value('select max(floor) from checks')).toBe(0.875);
  });

  test('threshold: the tenth nearest to the thresholds, in calibrated confidences', async () => {
    await rising(100);
    // all three levels alike: l1's .75 decides
    expect(names(await draw(100, 'threshold'))).toEqual(
      names(Array.from({ length: 10 }, (_, i) => ({ name: `name ${71 + i}` }))),
    );
    await t.owner.rows(
      `insert into calibrations (model_id, offsets, slopes, fitted_on, names) values ($1, '{-3,-3,-3}', '{2,2,2}', 'checks', 100)`,
      model,
    );
    const { least, most } = await t.owner.row<{ least: number; most: number }>(
      `select min(l1_confidence) as least, max(l1_confidence) as most from draw_checks(100, 'threshold')`,
    );
    expect(least).toBeLessThan(0.75);
    expect(most).toBeGreaterThan(0.75);
    expect(most - least).toBeLessThan(0.4);
  });

  test('category: one branch; disagreement: the voices, or memory and the model', async () => {
    await rising(10);
    const light = await t.category('Home > Light');
    expect(names(await draw(100, 'category', light))).toEqual(
      names([2, 4, 6, 8, 10].map((i) => ({ name: `name ${i}` }))),
    );
    await decide(t, model, [
      { name: 'two voices', category_id: kettles, voices: 2 },
      { name: 'all voices', category_id: kettles },
      { name: 'letters alone', category_id: kettles, voices: null },
    ]);
    await t.label('name 1', 'Home > Light > Lamps');
    await t.label('name 3', 'Home > Kitchen > Kettles');
    expect(names(await draw(100, 'disagreement'))).toEqual(['name 1', 'two voices']);
  });

  test('a name judged for another reason stays in the fair sample, without asking again', async () => {
    await rising(10);
    const branch = await draw(100, 'category', lamps);
    for (const { check_id } of branch)
      await t.owner.rows('select from judge($1, false, $2)', check_id, kettles);
    expect(await draw(100, 'threshold')).toHaveLength(0); // name 8, which was asked already
    expect(names(await draw(100))).toEqual(names([1, 3, 5, 7, 9].map((i) => ({ name: `name ${i}` }))));
    expect(
      await t.owner.row(
        `select count(*), count(*) filter (where verdict = false and truth_category_id = $1 and checked_by = 'owner') as taken
         from checks where strategy = 'uniform'`,
        kettles,
      ),
    ).toEqual({ count: 10, taken: 5 });
  });

  test.each([500, 12_000])('finds %i names of its own behind 200,000 ids of another model', async (own) => {
    const other = await makeModel(t);
    await t.owner.rows('select promote_model($1)', model);
    await t.owner.rows(
      `with p as (
         insert into products (name, category_id, state, model_id, evidence_id) select 'n' || i, $3, 'done', $1, 200000 + i
           from generate_series(1, $4::int) i returning product_id, evidence_id
       )
       insert into evidence (evidence_id, product_id, model_id, category_id, l1_said, l2_said, l3_said, clears, answered)
         overriding system value
         select i, 0, $2, $3, 1, 1, 1, true, true from generate_series(1, 200000, 10) i -- what is looked at goes by ids; all of them took 3.7 s more
         union all select evidence_id, product_id, $1, $3, 1, 1, (evidence_id - 200000)::float8 / $4::int, true, true from p`,
      model,
      other,
      kettles,
      own,
    );
    for (const strategy of ['uniform', 'surer']) expect(await draw(60, strategy)).toHaveLength(60);
    const { floor, weight } = await t.owner.row<{ floor: number; weight: number }>(
      `select floor, weight from checks where strategy = 'surer' limit 1`,
    );
    expect(floor).toBeGreaterThan(0.45);
    expect(floor).toBeLessThan(0.55);
    expect(weight * 60).toBeGreaterThan(own * 0.3);
    expect(weight * 60).toBeLessThan(own * 0.6);
  });

  test('leaves audits out of what was drawn', async () => {
    await rising(2);
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight, category_id, auditor) values ('name 1', 'local', 'audit', 100, $1, 'llm')`,
      kettles,
    );
    expect(await draw(10)).toHaveLength(2);
    expect(await t.owner.value(`select count(*) from checks`)).toBe(3);
    expect(await t.owner.rows('select from open_checks()')).toHaveLength(2); // the LLM's is not for people
  });

  test('two people at once get different names', async () => {
    await rising(20);
    const [a, b] = [await t.connect(), await t.connect()];
    await Promise.all([a.rows('begin'), b.rows('begin')]);
    const lists = Promise.all(
      [a, b].map(async (session) => {
        const drawn = await draw(10, 'uniform', null, session);
        await session.rows('commit');
        return names(drawn);
      }),
    );
    expect(new Set((await lists).flat()).size).toBe(20);
  });

  test('what it cannot do it says', async () => {
    await expect(draw(0)).rejects.toThrow('draws 1 to 5000 names');
    await expect(draw(1, 'best')).rejects.toThrow('there is no strategy "best"');
    await expect(draw(1, 'category')).rejects.toThrow('go together');
    await expect(draw(1, 'uniform', lamps)).rejects.toThrow('go together');
    await expect(draw(1, 'category', 987654321)).rejects.toThrow('there is no category 987654321');
    expect(await draw(10)).toEqual([]); // no evidence yet
    await t.owner.rows(`update models set state = 'retired'`);
    await expect(draw(1)).rejects.toMatchObject({
      message: expect.stringContaining('there is no champion yet'),
      hint: 'Train one: taxon train',
    });
  });
});

describe('sealed names', () => {
  test('train nothing and are no memory to training; audited ones are', async () => {
    await decide(t, model, [{ name: 'red kettle 1.7 l', category_id: kettles }]);
    await draw(1);
    await t.label('red kettle 1.7 l', 'Home');
    await t.label('audited', 'Home');
    await t.owner.rows(
      `insert into checks (name_key, layer, strategy, weight, category_id) values ('audited', 'local', 'audit', 1, $1)`,
      kettles,
    );
    expect(
      await t.owner.rows('select name_key, sealed from training_labels(null, null, 10) order by 1'),
    ).toEqual([
      { name_key: 'audited', sealed: false },
      { name_key: 'red kettle 1.7 l', sealed: true },
    ]);
    const near = () => t.owner.rows(`select similar_in_training(array['red kettle 1,7 l'], '\\x00') as name`);
    expect(await near()).toEqual([]);
    await t.owner.rows('delete from checks');
    expect(await near()).toEqual([{ name: 'red kettle 1,7 l' }]);
  });
});
