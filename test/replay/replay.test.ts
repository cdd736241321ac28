import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { makeScratch } from '../../src/database/connection/scratch.ts';
import { type ReplayOptions, type ReplayReport, replay } from '../../src/replay/replay.ts';
import { meaning, notes, replayRows } from '../../src/replay/text.ts';
import { taxonHere } from '../support/command.ts';
import { testConfig } from '../support/config.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { startTaxon, until } from '../support/processes.ts';
import { driftingHistory, each, historyDatabase, months } from './history.ts';

const config = testConfig();
let database: TestDatabase;
let db: Database;
let report: ReplayReport;

const options = (more: Partial<ReplayOptions> = {}): ReplayOptions => ({
  by: 'month',
  periods: 12,
  sample: 2000,
  epochs: 3,
  price: {
    in: 0.1,
    cached: 0.01,
    written: 0.125,
    out: 0.5,
    since: '1970-01-01',
    simulated: true,
    batch: false,
  },
  directUrl: database.url,
  signal: new AbortController().signal,
  ...more,
});
const scratches = async (on = db) =>
  (
    await on.rows<{ n: string }>(
      `select nspname as n from pg_namespace where nspname like 'taxon\\_replay%' order by 1`,
    )
  ).map((row) => row.n);
/** Everything that a replay might touch by mistake, in a few numbers. */
const stand = () =>
  db.rows(
    `select (select md5(string_agg(l::text, ',' order by name_hash)) from taxon.labels l) as labels,
            (select count(*) from taxon_internal.label_changes) as changes, (select count(*) from taxon_internal.guard_tokens) as guard,
            (select count(*) from taxon_internal.models) as models, (select count(*) from taxon_internal.training_runs) as runs,
            (select count(*) from taxon.categories) as categories, (select count(*) from taxon_internal.embeddings) as embeddings`,
  );

let before: unknown;
beforeAll(async () => {
  database = await historyDatabase();
  db = openDatabase(database.url, config);
  before = await stand();
  // a row of the first month's names in the third, and another before its label: only the former is a repeat
  await db.rows(
    `insert into taxon.products (name, created_at)
       select name_key, timestamptz '2026-03-15' from taxon.labels where labelled_at < '2026-02-01' order by name_key limit 20`,
  );
  await db.rows(
    `insert into taxon.products (name, created_at)
       select name_key, timestamptz '2026-03-01' from taxon.labels where labelled_at > '2026-04-01' order by name_key limit 7`,
  );
  report = await replay(db, config, options());
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

describe('a history that drifts', () => {
  test('is replayed month by month, each with what was known before', () => {
    expect(report.periods.map(({ period, past, names, routed }) => [period, past, names, routed])).toEqual([
      ['2026-02', 6 * each, 6 * each, 6 * each],
      ['2026-03', 12 * each, 7 * each, 7 * each],
      ['2026-04', 19 * each, 7 * each, 7 * each],
    ]);
    expect(report.replayed.names).toBe(20 * each);
    // beside each period as many labels and names, from all times; the names are the same in each
    expect(report.periods.map(({ hash_split }) => hash_split.past)).toEqual([6 * each, 12 * each, 19 * each]);
    expect(report.hash_split.names).toBe(report.replayed.names);
    expect(new Set(report.periods.map(({ hash_split }) => hash_split.routed)).size).toBe(1);
    expect(report.thresholds).toEqual({ l1: 0.75, l2: 0.55, l3: 0.4 });
  });

  test('shares add up; repeats are those that products tells', () => {
    for (const { shares } of [...report.periods, report.replayed, report.hash_split]) {
      expect(shares.exact + shares.similar + shares.local + shares.llm).toBeCloseTo(1, 10);
      expect(Math.min(shares.similar, shares.local, shares.llm)).toBeGreaterThanOrEqual(0);
    }
    expect(report.periods.map(({ repeats }) => repeats)).toEqual([0, 20, 0]);
    expect(report.periods[1]?.shares.exact).toBeCloseTo(20 / (7 * each + 20), 10);
    expect(report.periods[1]?.disagreement.exact).toBe(0);
    // near names stand in the same month, which similar does not know yet; the hash split mixes them
    expect(report.periods[0]?.shares.similar).toBeLessThan(report.hash_split.shares.similar);
  });

  test('errs most in the month that changes, and more than the hash split lets see', () => {
    const [february, march] = report.periods.map(({ disagreement }) => disagreement);
    // a seventh is of a category that nobody knew and a seventh is filed elsewhere: 2 of 7 cannot be right
    expect(march?.model).toBeGreaterThanOrEqual(2 / 7);
    expect(february?.model).toBeLessThan(march?.model as number);
    expect(march?.without_llm).toBeGreaterThan(
      report.periods[1]?.hash_split.disagreement.without_llm as number,
    );
    expect(report.hash_split.disagreement.without_llm).toBeLessThan(
      report.replayed.disagreement.without_llm as number,
    );
    expect(report.replayed.disagreement.answered).toBeGreaterThan(
      report.hash_split.disagreement.answered as number,
    );
    expect(meaning(report)).toMatch(/^Drift: .* is what a hash split hides/);
  });

  test('counts tokens, money and names that are asked again', () => {
    for (const figures of [...report.periods, report.hash_split]) {
      if (figures.shares.llm === 0) expect(figures.tokens).toBe(0);
      else expect(figures.tokens).toBeGreaterThan(0);
      expect(figures.cost).toBeGreaterThanOrEqual((figures.tokens * 0.1) / 1e6 - 1e-12);
      expect(figures.cost).toBeLessThanOrEqual((figures.tokens * 0.5) / 1e6 + 1e-12);
    }
    expect(report.replayed.tokens).toBe(report.periods.reduce((sum, { tokens }) => sum + tokens, 0));
    expect(report.replayed.asked_again).toBeLessThanOrEqual(report.replayed.names);
  });

  test('a person reads a row a month, the hash split beneath, and what was measured', () => {
    expect(replayRows(report).map((row) => row.period)).toEqual([
      ...months.slice(1),
      'all of these',
      'hash split',
    ]);
    expect(notes(report)).toContain('disagreement with the teacher, not with the truth');
    expect(notes(report)).toContain('SIMULATED');
  });

  test('writes nothing to the real schema and leaves no other', async () => {
    expect(await stand()).toEqual(before);
    expect(await scratches()).toEqual([]);
  });
});

test('--from, --periods and --sample bound it; what was sampled is counted as all', async () => {
  const some = await replay(
    db,
    config,
    options({ from: new Date('2026-03-01'), periods: 1, sample: 40, epochs: 2, price: null }),
  );
  expect(some.periods.map(({ period, names, routed }) => [period, names, routed])).toEqual([
    ['2026-04', 7 * each, 40],
  ]);
  const { shares, cost } = some.periods[0] as ReplayReport['periods'][number];
  expect(shares.similar + shares.local + shares.llm).toBeCloseTo(1, 10);
  expect(cost).toBeNull();
});

describe('the scratch schema', () => {
  test('is gone after a failure', async () => {
    await db.rows('alter function taxon_internal.memory_at(timestamptz) rename to memory_gone');
    try {
      await expect(replay(db, config, options())).rejects.toThrow('memory_at');
    } finally {
      await db.rows('alter function taxon_internal.memory_gone(timestamptz) rename to memory_at');
    }
    expect(await scratches()).toEqual([]);
  });

  test('is gone after Ctrl-C', async () => {
    const run = startTaxon(['replay', '--epochs', '100000'], { DATABASE_URL: database.url });
    await run.says('replaying');
    // it and its internal one
    expect(await scratches()).toHaveLength(2);
    expect(await run.kill('SIGINT')).toBe(1);
    expect(run.stderr()).toContain('taxon: interrupted; the scratch schema is gone');
    expect(await scratches()).toEqual([]);
  });

  test('that a killed replay left is dropped by the next one, that of a living one is not', async () => {
    const living = await makeScratch(db, database.url);
    try {
      const killed = startTaxon(['replay', '--epochs', '100000'], { DATABASE_URL: database.url });
      await killed.says('replaying');
      await killed.kill('SIGKILL');
      expect(await scratches()).toHaveLength(4);
      // the server needs a moment to see that its client is gone
      await until(
        async () => {
          await (await makeScratch(db, database.url)).drop();
          return scratches();
        },
        (names) => names.length === 2,
      );
      expect(await scratches()).toEqual([living.db.schema, `${living.db.schema}_internal`]);
    } finally {
      await living.drop();
    }
    expect(await scratches()).toEqual([]);
  });
});

describe('taxon replay', () => {
  test('--json prints one object alone', async () => {
    const args = ['replay', '--periods', '1', '--epochs', '1', '--llm-model', 'gpt-6-luna', '--json'];
    const { code, stdout, stderr } = await taxonHere(args, { DATABASE_URL: database.url });
    expect([code, stderr]).toEqual([0, expect.stringContaining('replaying')]);
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(JSON.parse(stdout)).toMatchObject({
      by: 'month',
      periods: [{ period: '2026-04' }],
      hash_split: { names: expect.any(Number) },
      price: { in: 0.1, simulated: false },
      meaning: expect.any(String),
    });
  });

  test('too little history is refused with the minimum', async () => {
    const small = await testDatabase();
    const own = openDatabase(small.url, config);
    try {
      await own.rows(
        `insert into taxon.labels (name_key, category_id, source, labelled_at)
           select 'name ' || i, taxon_internal.make_category('{A}'), 'human', case when i <= 60 then timestamptz '2026-01-05' else '2026-02-05' end
             from generate_series(1, 79) i`,
      );
      const { code, stdout, stderr } = await taxonHere(['replay'], { DATABASE_URL: small.url });
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('79 labels in 2 month(s), 1 of them with at least 20');
      expect(stderr).toContain('two months of at least 20 labels, and 50 labels before the second');
      expect(await scratches(own)).toEqual([]);
    } finally {
      await own.close();
      await small.drop();
    }
  });

  test.each([
    [['--by', 'year'], 'month, week, day'],
    [['--from', 'spring'], '--from spring is no date'],
    [['--periods', '0'], '--periods 0'],
    [['--llm-model', 'gpt-0'], 'no price is known'],
  ])('misuse: %j', async (args, says) => {
    const { code, stderr } = await taxonHere(['replay', ...args], { DATABASE_URL: database.url });
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  test('--help has examples', async () => {
    expect((await taxonHere(['replay', '--help'], {})).stdout).toContain(
      'taxon replay --by week --periods 6',
    );
  });
});

test('the history is what it is said to be', () => {
  expect(new Set(driftingHistory().map(({ name }) => name)).size).toBe(26 * each);
});

test('a history whose dates say nothing shows no drift', async () => {
  const still = await historyDatabase();
  const own = openDatabase(still.url, config);
  try {
    await own.rows(
      `update taxon.labels set labelled_at = timestamptz '2026-01-05' + interval '1 month' * (get_byte(name_hash, 9) % 4)`,
    );
    const calm = await replay(own, config, options({ directUrl: still.url }));
    expect(calm.periods).toHaveLength(3);
    expect(meaning(calm)).toMatch(/^No drift beyond chance/);
  } finally {
    await own.close();
    await still.drop();
  }
});
