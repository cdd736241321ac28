import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingCommands } from '../../src/cli/training-commands.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { generateCatalogue } from '../../src/demo/catalogue/generate.ts';
import { runDemo } from '../../src/demo/demo.ts';
import { type DemoReport, reportText } from '../../src/demo/report.ts';
import { testConfig } from '../support/config.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { ledger, look } from '../support/rows.ts';

/** A few of the demo's labels: it learns little, yet every part runs. */
const catalogue = generateCatalogue({ labelled: 400, arriving: 60 });
let database: TestDatabase;
let db: Database;
let first: DemoReport;

/** One whole run, with what the database says of it while the demo still stands. */
async function run(
  options: { wait: 'first' | 'full'; onFirst?: (report: DemoReport) => void } = { wait: 'first' },
): Promise<DemoReport> {
  const { signal } = new AbortController();
  const demo = await runDemo(database.url, testConfig(), signal, {
    catalogue,
    training: trainingCommands,
    ...options,
  });
  await demo.stop();
  return demo.report;
}

beforeAll(async () => {
  database = await testDatabase();
  db = look(database.url);
  first = await run();
});

afterAll(async () => {
  await db?.close();
  await database?.drop();
});

describe('the demo', () => {
  it('answers every arriving name, each by one layer', async () => {
    const { routing } = first;
    expect(routing.pending + routing.failed).toBe(0);
    expect(routing.exact + routing.similar + routing.local + routing.llm).toBe(60);
    expect(routing.exact).toBe(10); // 17% of 60 repeat a labelled name
    expect(routing.llm).toBeGreaterThan(0);
    expect(await db.row('select count(*) as n from taxon.products')).toEqual({ n: 60 });
  });

  it('reports the tokens of the ledger, fewer than without layers', async () => {
    const [ok, ...rest] = await ledger(db);
    expect(rest).toEqual([]);
    expect(first.tokens.spent).toBe((ok?.tokens_in ?? 0) + (ok?.tokens_out ?? 0));
    expect(first.tokens.spent).toBeLessThan(first.tokens.without_layers);
  });

  it('measures accuracy against the hidden truth', async () => {
    const truth = new Map(catalogue.arriving.map(({ truth }, i) => [String(i), truth.join(' > ')]));
    const rows = await db.rows<{ external_id: string; path: string }>(
      'select external_id, taxon.category_path(category_id) as path from taxon.products',
    );
    const right = rows.filter((row) => truth.get(row.external_id) === row.path).length;
    expect(first.accuracy.all).toBeCloseTo(right / 60, 4);
    expect(right).toBeGreaterThan(30);
  });

  it('says in its report that names and LLM are not real', () => {
    expect(reportText(first)).toMatch(/invented catalogue, SIMULATED LLM/);
    expect(reportText(first)).toMatch(/not certified/);
  });

  it('run again keeps labels, embeddings and model, and routes the same names anew', async () => {
    const kept = () =>
      db.row(
        `select (select count(*) from taxon.labels where llm_call_id is null) as labels,
                (select count(*) from taxon_internal.embeddings) as embeddings, (select max(model_id) from taxon_internal.models) as model`,
      );
    const before = await kept();
    const second = await run();
    expect(await kept()).toEqual(before);
    expect(second.routing.exact).toBe(first.routing.exact);
    expect(second.routing.pending + second.routing.failed).toBe(0);
    expect(await db.row('select count(*) as n from taxon.products')).toEqual({ n: 60 });
  });

  it('answers by letters alone, without a name encoded', async () => {
    expect(first.model).toBe('letters');
    expect(reportText(first)).toContain('the first model, of letters alone');
    expect(await db.row('select count(*) as n from taxon_internal.embeddings')).toEqual({ n: 0 });
  });

  it('goes on to the full model, which answers as many other names', async () => {
    const before: DemoReport[] = [];
    const report = await run({ wait: 'full', onFirst: (letters) => before.push(letters) });
    expect([before.map(({ model }) => model), report.model]).toEqual([['letters'], 'full']);
    expect(Object.values(report.routing).reduce((sum, n) => sum + n, 0)).toBe(60);
    expect(report.routing.exact).toBe(10);
    const rows = await db.rows<{ later: boolean; n: number; encoders: number }>(
      `select starts_with(p.external_id, 'later ') as later, count(*) as n, count(m.encoder_id) as encoders
       from taxon.products p left join taxon_internal.models m on m.model_id = p.model_id group by 1 order by 1`,
    );
    expect(rows).toMatchObject([
      { later: false, n: 60 },
      { later: true, n: 60 },
    ]);
    expect(rows[1]?.encoders).toBeGreaterThan(0);
    // the full model stays
    expect((await run({ wait: 'full' })).model).toBe('full');
  });
});
