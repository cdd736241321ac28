import { beforeEach, describe, expect, test } from 'vitest';
import { taxonDatabase } from '../support/sql.ts';
import { evenly, judge, makeModel, missed, wrongEach } from '../support/trust.ts';

const t = taxonDatabase();

interface Stream {
  stream: string;
  branch: number;
  names: number;
  value: number | null;
  limit_value: number;
  alarm_id: number | null;
}
interface Alarm {
  alarm_id: number;
  stream: string;
  branch: number;
  detail: string;
  acted: string;
  ended_because: string | null;
}

let home: number;
let food: number;
let model: number;

const watch = () => t.owner.rows<Stream>('select * from watch_drift()');
const alarms = (open = true) =>
  t.owner.rows<Alarm>(
    `select alarm_id, stream, branch, detail, acted, ended_because from alarms
     where ended_at is null or not $1 order by alarm_id`,
    open,
  );
/**
 * Names that the local layer decides: what the model says is spread evenly from `low` to `high` in an order without pattern, the
 * share of new n-grams goes with it; two of three are Home, the others Food.
 */
async function arrive(count: number, { low = 0.2, high = 1, answered = false } = {}): Promise<void> {
  await t.owner.rows(
    `insert into evidence (product_id, model_id, category_id, l1_said, l2_said, l3_said, nearest, unknown, clears, answered, decided_at)
     select i, $1, case i % 3 when 0 then $3::bigint else $2 end, said, said, said, .6 + .4 * said, greatest(0, .9 - said), $7, $7, clock_timestamp()
       from generate_series(1, $4::integer) i, lateral (select $5::real + ($6::real - $5) * (i * .6180339887 % 1) as said) s`,
    ...[model, home, food, count, low, high, answered],
  );
}

beforeEach(async () => {
  home = await t.category('Home');
  food = await t.category('Food');
  model = await makeModel(t);
  // names here are all decided within seconds: without this they would be one burst
  await t.owner.rows(`select set_setting('drift_burst_hours', '0')`);
});

describe('watch_drift', () => {
  test('has nothing to say without a champion, or before enough names', async () => {
    await arrive(700);
    expect(await watch()).toEqual([]);
    await t.owner.rows(`update models set state = 'retired'`);
    await arrive(5000);
    expect(await watch()).toEqual([]);
  });

  test('raises nothing while arrivals stay as they were', async () => {
    // past the 10,000 of which quiet times are learnt
    for (let i = 0; i < 3; i++) {
      await arrive(4000);
      await watch();
    }
    const streams = await watch();
    expect(streams.map(({ stream, branch, names }) => [stream, branch, names])).toEqual(
      ['confidence', 'familiarity', 'novelty'].flatMap((stream) => [
        [stream, 0, 11_000],
        [stream, home, 7500],
        [stream, food, 3450],
      ]),
    );
    for (const { value, limit_value } of streams) expect(value).toBeLessThan(limit_value / 2);
    expect(await alarms(false)).toEqual([]);
  });

  test('sees a change of a fifth of the names within 1,500 of them', async () => {
    await arrive(6000);
    await watch();
    await t.owner.rows('listen taxon');
    const heard: (string | undefined)[] = [];
    t.owner.client.on('notification', ({ payload }) => heard.push(payload));
    for (let i = 0; i < 30; i++) {
      await arrive(40);
      await arrive(10, { low: 0.05, high: 0.3 });
    }
    const streams = await watch();
    expect(streams.filter(({ alarm_id }) => alarm_id !== null).map(({ stream }) => stream)).toContain(
      'confidence',
    );
    const [first] = (await alarms()).filter(({ stream, branch }) => stream === 'confidence' && branch === 0);
    expect(first?.detail).toMatch(
      /^Judge 50 new names \(select \* from draw_checks\(50\)\); where the answers are wrong, label some and retrain: confidence of all names: among the last 500 names (1[2-9]|2\d)% lie below 0.2\d*, 10% did; more audits, no more: no promise stands$/,
    );
    expect(heard).toContain('alarm');
    expect(await t.owner.rows(`select status, value from health() where item = 'drift'`)).toContainEqual({
      status: 'warn',
      value: 'confidence',
    });
    expect(await t.owner.value('select audit_share_now()')).toBe(0.2);

    // once a person has looked at it, the world as it is now is the quiet one
    await t.owner.rows(`select end_alarm(alarm_id, reason => 'new goods') from alarms`);
    for (let i = 0; i < 40; i++) {
      await arrive(40);
      await arrive(10, { low: 0.05, high: 0.3 });
    }
    const anew = await watch();
    expect(anew.find(({ stream, branch }) => stream === 'confidence' && branch === 0)?.names).toBe(1000);
    expect(await alarms()).toEqual([]);
  });

  test('finds the same however often it is called', async () => {
    const state = () =>
      t.owner.rows(
        'select stream, branch, edges, shares, names, state, last_id from drift_streams order by stream, branch',
      );
    await arrive(2000);
    await arrive(777, { low: 0.1, high: 0.6 });
    await watch();
    const once = await state();
    const sidecar = await t.connect('taxon_sidecar');
    await sidecar.rows('select * from taxon_internal.watch_drift()');
    expect(await state()).toEqual(once);
    await t.owner.rows('truncate drift_streams, alarms');
    await t.owner.rows(`create temp table later as select * from evidence`);
    await t.owner.rows('delete from evidence');
    for (let id = 0; id < 2777; id += 331) {
      await t.owner.rows(
        'insert into evidence overriding system value select * from later where evidence_id > $1 and evidence_id <= $1 + 331',
        id,
      );
      await watch();
    }
    expect(await state()).toEqual(once);
  });
});

describe('bursts and what is better', () => {
  /** Lets what has arrived since the last call be `days` of traffic, up to so many days ago. */
  async function spread(days: number, ago: number): Promise<void> {
    await t.owner.rows(
      `update evidence e set decided_at = now() - make_interval(days => $1::integer + $2::integer) + make_interval(secs => 86400.0 * $1::integer * x.i / x.n)
         from (select evidence_id, row_number() over (order by evidence_id) as i, count(*) over () as n from evidence where decided_at > now() - interval '1 hour') x
         where x.evidence_id = e.evidence_id`,
      days,
      ago,
    );
  }
  beforeEach(async () => {
    await t.owner.rows(`select set_setting('drift_burst_hours', '6')`);
    await t.owner.rows(`update models set promoted_at = now() - interval '100 days'`);
    await arrive(3000);
    await spread(60, 30);
    await watch();
  });
  const worse = { low: 0.05, high: 0.5 };

  test('a backfill of 2,500 other names within an hour raises no alarm', async () => {
    await arrive(2500, worse);
    expect((await watch()).length).toBeGreaterThan(3);
    expect(await alarms(false)).toEqual([]);
  });

  test('the same names over days are drift', async () => {
    await arrive(1000, worse);
    await spread(10, 15);
    await watch();
    expect((await alarms()).map(({ stream, branch }) => [stream, branch])).toContainEqual(['confidence', 0]);
  });

  test('a backfill that comes first is not what quiet times are', async () => {
    await t.owner.rows('truncate drift_streams, evidence cascade');
    await arrive(3000, worse);
    await spread(0, 20);
    expect(await watch()).toEqual([]);
    await arrive(3000);
    await spread(10, 5);
    await watch();
    await arrive(1500);
    await spread(3, 1);
    await watch();
    expect(await alarms(false)).toEqual([]);
  });

  test('what is better is news: shown, ended by itself, and nothing is tightened', async () => {
    await arrive(2000, { low: 0.7, high: 1 });
    await spread(20, 5);
    await watch();
    expect(await alarms()).toEqual([]);
    const news = (await alarms(false)).filter(({ acted }) => acted === 'news');
    expect(news.map(({ stream, branch }) => [stream, branch])).toContainEqual(['confidence', 0]);
    expect(news[0]?.detail).toMatch(/^Nothing to do, it has moved to the better: /);
    expect(await t.owner.row(`select status, value from health() where item like 'drift%'`)).toEqual({
      status: 'ok',
      value: 'confidence, familiarity, novelty',
    });
    expect(await t.owner.value('select audit_share_now()')).toBe(0.01);
    // and the way back is no drift
    await arrive(1000);
    await spread(4, 1);
    await watch();
    expect(await alarms()).toEqual([]);
  });
});

/**
 * Names that the LLM answered: of each branch's hundred it agrees with the local layer on so many levels. What the local layer says is as
 * in arrive(), and has no pattern with the levels.
 */
async function answeredByLlm(
  count: number,
  levels: (branch: 'home' | 'food', place: number) => number,
): Promise<void> {
  const places = Array.from({ length: count }, (_, i) => i);
  await t.owner.rows(
    `with e as (
       insert into evidence (product_id, model_id, category_id, l1_said, l2_said, l3_said, nearest, unknown, clears, answered, decided_at)
         select i, $1, case i % 3 when 0 then $3::bigint else $2 end, said, said, said, .6 + .4 * said, greatest(0, .9 - said), false, false, clock_timestamp()
           from generate_series(1, $4::integer) i, lateral (select .2 + .8 * (i * .6180339887 % 1) as said) s returning evidence_id, product_id)
     insert into opinions (evidence_id, levels)
       select evidence_id, ($5::smallint[])[product_id] from e order by evidence_id`,
    ...[model, home, food, count],
    places.map((i) => levels((i + 1) % 3 === 0 ? 'food' : 'home', (Math.floor(i / 3) * 37) % 100)),
  );
}
/** As always: of a hundred 20 at the top, 10, 20, and 50 the whole path. */
const asEver = (_: string, place: number) => (place < 20 ? 0 : place < 30 ? 1 : place < 50 ? 2 : 3);

describe('agreement with the LLM', () => {
  const agreement = async () =>
    (await watch())
      .filter(({ stream }) => stream === 'agreement')
      .map(({ branch, names, alarm_id }) => ({ branch, names, alarm_id }));

  test('is watched from enough answers on, and stays quiet while it is as ever', async () => {
    await answeredByLlm(400, asEver);
    expect(await agreement()).toEqual([
      { branch: home, names: 246, alarm_id: null },
      { branch: food, names: 111, alarm_id: null },
    ]);
    for (let i = 0; i < 4; i++) {
      await answeredByLlm(1000, asEver);
      await watch();
    }
    expect(await agreement()).toMatchObject([
      { branch: 0, names: 3900 },
      { branch: home, names: 2913 },
      { branch: food, names: 1443 },
    ]);
    expect(await alarms(false)).toEqual([]);
  });

  test('a category that the LLM files elsewhere goes into shadow, the others do not', async () => {
    const ids = await missed(t, model, home, evenly(2000));
    await judge(t, ids, [...wrongEach(1000, 100), ...wrongEach(1000, 5)]);
    await t.owner.rows(`select set_promise(max_error => .1, reason => 'a test')`);
    await answeredByLlm(1500, asEver);
    await watch();
    await answeredByLlm(90, (branch, place) => (branch === 'food' ? 1 : asEver(branch, place)));
    await watch();
    const found = (await alarms()).filter(({ stream, branch }) => stream === 'agreement' && branch > 0);
    expect(found).toHaveLength(1);
    const [first] = found;
    expect(first).toMatchObject({ stream: 'agreement', branch: food, acted: 'shadow branch' });
    expect(first?.detail).toMatch(
      /^Judge 50 new names .* look at it and its prompt; where the local layer is, retrain: agreement of the LLM with Food that went to it: on the whole path \d+%, on the top category \d+% of the last 100; it was \d\d% and \d\d%. Either the names have changed, or the LLM; the local layer only watches in this branch$/,
    );
    expect(await t.owner.value(`select setting('shadow_branches')`)).toEqual([food]);
    await t.owner.rows(`select end_alarm(alarm_id, reason => 'the LLM is right') from alarms`);
    expect(await t.owner.value(`select setting('shadow_branches')`)).toEqual([]);
  });

  test('that grows is news, also where what is left errs otherwise', async () => {
    await answeredByLlm(2000, asEver);
    await watch();
    // no more at the top, more on the last level alone, and more on the whole path
    await answeredByLlm(600, (_, place) => (place < 2 ? 0 : place < 40 ? 2 : 3));
    await watch();
    expect(await alarms()).toEqual([]);
    expect((await alarms(false)).map(({ stream, acted }) => [stream, acted])).toContainEqual([
      'agreement',
      'news',
    ]);
  });

  test('other thresholds are other names: it is learnt anew', async () => {
    await answeredByLlm(2000, asEver);
    await watch();
    await t.owner.rows(`select set_thresholds(.5, .5, .5, 'a test')`);
    await answeredByLlm(30, asEver);
    expect(await agreement()).toEqual([{ branch: home, names: 0, alarm_id: null }]);
  });
});
