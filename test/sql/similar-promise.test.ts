import { describe, expect, test } from 'vitest';
import { answered } from '../support/audits.ts';
import { taxonDatabase } from '../support/sql.ts';

const t = taxonDatabase();

/** Checks of similar answers at one similarity, so many of them wrong. */
async function judged(
  similarity: number,
  checks: number,
  wrong: number,
  facts: { auditor?: string; strategy?: string; layer?: string; second?: boolean | null } = {},
): Promise<void> {
  await t.owner.rows(
    `insert into checks (name_key, layer, strategy, weight, auditor, similarity, verdict, second_verdict)
     select 'n' || i, $1, $2, 10, $3, $4, i > $5, $6 from generate_series(1, $7::integer) i`,
    facts.layer ?? 'similar',
    facts.strategy ?? 'audit',
    facts.auditor ?? 'human',
    similarity,
    wrong,
    facts.second ?? null,
    checks,
  );
}

interface Suggestion {
  threshold: number | null;
  coverage: number | null;
  upper_bound: number | null;
  checks: number;
  verdict: string;
}
const suggest = (maxError = 0.05, confidence = 0.95) =>
  t.owner.row<Suggestion>('select * from suggest_similar_threshold($1, $2)', maxError, confidence);

/** Judged checks whose error grows as similarity falls, and the hits that they came from. */
async function falling(): Promise<void> {
  await answered(t, 'similar', 'Home', ['a', 'b', 'c'], 0.95);
  await answered(t, 'similar', 'Home', ['d', 'e'], 0.85);
  await answered(t, 'similar', 'Home', ['f', 'g', 'h', 'i', 'j'], 0.65);
  await judged(0.95, 150, 1);
  await judged(0.85, 150, 3);
  await judged(0.65, 150, 60);
}

describe('similar_error_by_band', () => {
  test('counts hits, checks and mistakes by bands of .02 down to the threshold', async () => {
    await falling();
    await judged(1, 5, 0);
    const bands = await t.owner.rows<Record<string, number>>('select * from similar_error_by_band()');
    expect(bands).toHaveLength(20);
    expect(bands[0]).toMatchObject({ from_similarity: 0.98, to_similarity: 1, hits: 0, checks: 5, wrong: 0 });
    expect(bands.filter((band) => (band.checks ?? 0) > 5)).toEqual([
      expect.objectContaining({
        from_similarity: 0.94,
        to_similarity: 0.96,
        hits: 3,
        checks: 150,
        wrong: 1,
        error: 0.0067,
      }),
      expect.objectContaining({
        from_similarity: 0.84,
        to_similarity: 0.86,
        hits: 2,
        checks: 150,
        wrong: 3,
        error: 0.02,
      }),
      expect.objectContaining({
        from_similarity: 0.64,
        to_similarity: 0.66,
        hits: 5,
        checks: 150,
        wrong: 60,
        error: 0.4,
      }),
    ]);
    expect(bands[2]?.upper).toBe(
      await t.owner.value('select round(share_bound(1, 150, .975, true)::numeric, 4)'),
    );
  });
});

describe('suggest_similar_threshold', () => {
  test('goes down while the bound holds and stops where it breaks', async () => {
    await falling();
    expect(await suggest()).toEqual({
      threshold: 0.66,
      coverage: 0.5,
      upper_bound: await t.owner.value('select round(share_bound(4, 300, .95, true)::numeric, 4)'),
      checks: 300,
      verdict: `proved: at most 5.00% wrong from 0.66 on; select set_setting('similarity_threshold', '0.66')`,
    });
    await t.owner.rows(`select set_setting('similarity_threshold', '0.66')`);
  });

  test('never goes below the threshold in force', async () => {
    await judged(0.9, 300, 0);
    expect(await suggest()).toMatchObject({ threshold: 0.6, upper_bound: expect.any(Number) });
    await t.owner.rows(`select set_setting('similarity_threshold', '0.75')`);
    expect((await suggest()).threshold).toBe(0.75);
  });

  test('a test that failed ends the sequence: what lies below cannot save it', async () => {
    await judged(0.95, 200, 20);
    await judged(0.65, 5000, 0);
    expect(await suggest()).toMatchObject({
      threshold: null,
      checks: 5200,
      verdict: 'not feasible: of 200 checks from 0.94 on 10.0% are wrong',
    });
  });

  test('says how many more checks would do', async () => {
    expect(await suggest()).toMatchObject({
      threshold: null,
      checks: 0,
      verdict: 'not proved: 59 more checks',
    });
    await judged(0.9, 30, 0);
    expect((await suggest()).verdict).toBe('not proved: 29 more checks');
    await judged(0.9, 29, 0);
    expect(await suggest()).toMatchObject({ threshold: 0.6, checks: 59 });
    expect(await suggest(0.02)).toMatchObject({ threshold: null });
  });

  test("rests on people's word: what the LLM audited counts once a person has judged it too", async () => {
    await judged(0.9, 100, 0, { auditor: 'llm' });
    await judged(0.9, 100, 0, { strategy: 'threshold' });
    await judged(0.9, 100, 0, { layer: 'local' });
    expect(await suggest()).toMatchObject({ threshold: null, checks: 0 });
    await judged(0.9, 100, 100, { auditor: 'llm', second: true });
    expect(await suggest()).toMatchObject({ threshold: 0.6, checks: 100 });
  });

  test('refuses bounds that are none', async () => {
    await expect(suggest(0)).rejects.toThrow('max_error is from 0 to 1');
    await expect(suggest(0.05, 1)).rejects.toThrow('confidence from .5 to 1');
  });

  test('the bound holds in new samples, where the lowest cuts would break it', async () => {
    // The error climbs from 0 at similarity 1 to .2 at .6, evenly, so that of all answers from a cut on half of it is wrong.
    let broken = 0;
    let feasible = 0;
    for (let run = 1; run <= 40; run++) {
      await t.owner.rows('truncate checks cascade');
      await t.owner.rows(`select setseed($1::integer / 1000.0)`, run);
      await t.owner.rows(
        `insert into checks (name_key, layer, strategy, weight, similarity, verdict)
         select 'n' || i, 'similar', 'audit', 1, s, random() > .5 * (1 - s)
           from (select i, .6 + .4 * random() as s from generate_series(1, 1500) i) x`,
      );
      const { threshold } = await suggest(0.05);
      if (threshold === null) continue;
      feasible++;
      if (0.25 * (1 - threshold) > 0.05) broken++;
    }
    expect(feasible).toBeGreaterThan(20);
    // 2 expected of 40 at the very worst; 6 or more have a chance of 1 in 70 then
    expect(broken).toBeLessThan(6);
  });
});
