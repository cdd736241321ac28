import { beforeEach, describe, expect, test } from 'vitest';
import { answered, draw, provider } from '../support/audits.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

const set = (key: string, value: unknown) =>
  t.owner.rows('select set_setting($1, $2)', key, JSON.stringify(value));
const checks = (columns: string) =>
  t.owner.rows(`select ${columns} from checks order by product_id, check_id`) as Promise<
    Record<string, unknown>[]
  >;

beforeEach(async () => {
  await t.owner.rows('update audit_watermark set people_at = null');
  await set('audit_share', 1);
  await set('audit_people_a_day', 1e15); // all that are due
});

describe('draw_audits', () => {
  test('takes the answers of every layer, each once, and no row of a person', async () => {
    await t.label('known', 'Home', 'import');
    await t.insert('Known');
    await answered(t, 'similar', 'Home', ['near'], 0.75);
    await answered(t, 'local', 'Home', ['sure']);
    await answered(t, 'llm', 'Home', ['asked']);
    await answered(t, 'human', 'Home', ['by hand']);
    await t.insert('');
    expect(await draw(t)).toEqual(
      ['exact', 'llm', 'local', 'similar'].map((layer) => ({ layer, auditor: 'human', drawn: 1 })),
    );
    expect(await checks('layer, strategy, weight, similarity, verdict')).toContainEqual({
      ...{ layer: 'similar', strategy: 'audit', weight: 1, similarity: 0.75, verdict: null },
    });
    expect(await draw(t)).toEqual([]);
    await answered(t, 'local', 'Home', ['later']);
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'human', drawn: 1 }]);
  });

  test('a row picked while it waits is drawn when it is answered; one that is gone is forgotten', async () => {
    await t.insertAll('slow', 'deleted');
    expect(await draw(t)).toEqual([]);
    await t.owner.rows(`delete from products where name = 'deleted'`);
    await set('audit_share', 0); // the chance was given on arrival
    await t.owner.rows(
      `update products set state = 'done', source = 'llm', category_id = $1`,
      await t.category('Home'),
    );
    expect(await draw(t)).toEqual([{ layer: 'llm', auditor: 'human', drawn: 1 }]);
    expect(await t.owner.value('select count(*) from audit_waiting')).toBe(0);
  });

  test('every row has the same chance, whatever the layer and however late its answer', async () => {
    await set('audit_share', 0.1);
    await t.label('known', 'Home', 'import');
    const names = Array.from({ length: 10_000 }, (_, i) => `late ${i}`);
    await t.owner.rows(`insert into products (name) select 'known' from generate_series(1, 10000)`);
    await t.owner.rows('insert into products (name) select unnest($1::text[])', names);
    await draw(t);
    await t.owner.rows(
      `update products set state = 'done', source = 'local', category_id = $1 where state = 'pending'`,
      await t.category('Home'),
    );
    await draw(t);
    const drawn = await t.owner.rows<{ layer: string; n: number; weight: number }>(
      'select layer, count(*) as n, min(weight) as weight from checks group by 1 order by 1',
    );
    expect(drawn.map(({ layer, weight }) => [layer, weight])).toEqual([
      ['exact', 10],
      ['local', 10],
    ]);
    // 1,000 expected of 10,000; six standard deviations are 180
    for (const { n } of drawn) expect(Math.abs(n - 1000)).toBeLessThan(180);
  });

  test('a row that is committed after a higher id was looked at is not missed', async () => {
    const slow = await t.connect();
    await slow.rows('begin');
    await slow.rows(`insert into taxon.products (name) values ('slow')`);
    await answered(t, 'local', 'Home', ['quick']);
    expect(await t.owner.rows('select * from draw_audits()')).toEqual([]);
    await slow.rows('commit');
    await t.owner.rows(
      `update products set state = 'done', source = 'local', category_id = $1 where state = 'pending'`,
      await t.category('Home'),
    );
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'human', drawn: 2 }]);
  });

  test('two that draw at once: the second leaves it to the first', async () => {
    await answered(t, 'local', 'Home', ['a', 'b']);
    await draw(t);
    await answered(t, 'local', 'Home', ['c']);
    const other = await t.connect();
    await other.rows('begin');
    await other.rows('select from taxon_internal.audit_watermark for update');
    expect(await draw(t)).toEqual([]);
    await other.rows('rollback');
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'human', drawn: 1 }]);
  });
});

describe('who audits', () => {
  test('the LLM, what it did not say itself; its own answers go to people', async () => {
    await provider(t);
    await t.label('imported', 'Home', 'import');
    await t.label('taught', 'Home', 'llm');
    await t.insertAll('imported', 'taught');
    await answered(t, 'similar', 'Home', ['near'], 0.75);
    await answered(t, 'local', 'Home', ['sure']);
    await answered(t, 'llm', 'Home', ['asked']);
    await draw(t);
    expect(await checks('name_key, auditor')).toEqual(
      [
        ['imported', 'llm'],
        ['taught', 'human'],
        ['near', 'llm'],
        ['sure', 'llm'],
        ['asked', 'human'],
      ].map(([name_key, auditor]) => ({ name_key, auditor })),
    );
    expect(await t.queued('llm')).toEqual(['imported', 'near', 'sure']);
  });

  test('people, where nobody has a provider, the setting says so, or the budget is used up', async () => {
    await answered(t, 'local', 'Home', ['a']);
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'human', drawn: 1 }]);
    await provider(t);
    await set('auditor', 'human');
    await answered(t, 'local', 'Home', ['b']);
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'human', drawn: 1 }]);
    await set('auditor', 'llm');
    await set('audit_tokens_a_day', 0);
    await answered(t, 'local', 'Home', ['c']);
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'human', drawn: 1 }]);
    expect(await t.queued('llm')).toEqual([]);
  });

  test('the LLM no more than today can still pay for, at what a name has cost so far', async () => {
    await provider(t);
    await t.owner.rows(
      `insert into llm_calls (purpose, route, provider, model, simulated, names, tokens_in, tokens_out, worker, lease_until, state)
       values ('audit', 'shortlist', 'p', 'm', true, 10, 900, 100, 'w', now(), 'ok'),
              ('answer', 'shortlist', 'p', 'm', true, 10, 90000, 100, 'w', now(), 'ok')`,
    );
    await set('audit_tokens_a_day', 1450); // 450 left, 100 a name
    await answered(t, 'local', 'Home', ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(await draw(t)).toEqual([
      { layer: 'local', auditor: 'human', drawn: 3 },
      { layer: 'local', auditor: 'llm', drawn: 4 },
    ]);
    await answered(t, 'local', 'Home', ['h']);
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'human', drawn: 1 }]);
  });

  test('nobody, where a person has labelled the name, or the LLM has audited it before', async () => {
    await provider(t);
    await t.label('by hand', 'Home', 'human');
    await t.insert('by hand');
    await answered(t, 'local', 'Home > Lamps', ['seen']);
    await draw(t);
    await t.owner.rows(
      `update checks set verdict = false, truth_category_id = $1, checked_by = 'gpt', checked_at = now() where auditor = 'llm'`,
      await t.category('Home > Kettles'),
    );
    await answered(t, 'similar', 'Home > Kettles', ['seen'], 0.9);
    await draw(t);
    expect(await checks('name_key, layer, auditor, verdict, checked_by')).toEqual([
      { name_key: 'by hand', layer: 'exact', auditor: 'human', verdict: true, checked_by: 'memory' },
      { name_key: 'seen', layer: 'local', auditor: 'llm', verdict: false, checked_by: 'gpt' },
      { name_key: 'seen', layer: 'similar', auditor: 'llm', verdict: true, checked_by: 'gpt' },
    ]);
  });

  test('is asked blind: any leaf of the branch may be the answer, and what near names are', async () => {
    await provider(t);
    const lamps = await t.category('Home > Light > Lamps');
    const bulbs = await t.category('Home > Light > Bulbs');
    const food = await t.label('red lamps of sugar', 'Food > Sweets');
    await t.category('Garden > Lights');
    await answered(t, 'local', 'Home > Light > Lamps', ['red lamps of suga']);
    await draw(t);
    expect(await t.owner.row('select purpose, branch, shortlist::text[] from queue')).toEqual({
      purpose: 'audit',
      branch: await t.category('Home'),
      shortlist: [lamps, bulbs, food].toSorted((a, b) => a - b).map(String),
    });
  });
});

describe('people', () => {
  const given = () =>
    t.owner.rows('select layer, count(*) as n, sum(weight) as stand_for from checks group by 1 order by 1');

  test('get so many a day, alike for each layer, and each stands for the others that were due', async () => {
    await set('audit_people_a_day', 8);
    await answered(
      t,
      'local',
      'Home',
      Array.from({ length: 10 }, (_, i) => `local ${i}`),
    );
    await answered(t, 'llm', 'Home', ['asked']);
    await draw(t);
    const first = [
      { layer: 'llm', n: 1, stand_for: 1 },
      { layer: 'local', n: 2, stand_for: 10 },
    ];
    expect(await given()).toEqual(first);
    await answered(t, 'local', 'Home', ['later', 'last']);
    expect(await draw(t)).toEqual([]);
    expect(await t.owner.value('select count(*) from audit_waiting')).toBe(2);
    // half a day gives each layer one
    await t.owner.rows(`update audit_watermark set people_at = people_at - interval '12 h'`);
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'human', drawn: 1 }]);
    expect(await given()).toEqual([first[0], { layer: 'local', n: 3, stand_for: 12 }]);
    expect(await t.owner.value('select count(*) from audit_waiting')).toBe(0);
  });

  test('get nothing where the setting is 0', async () => {
    await set('audit_people_a_day', 0);
    await answered(t, 'local', 'Home', ['a']);
    expect(await draw(t)).toEqual([]);
    await provider(t);
    expect(await draw(t)).toEqual([{ layer: 'local', auditor: 'llm', drawn: 1 }]);
  });
});
