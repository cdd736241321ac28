import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { TestDatabase } from '../support/database.ts';
import { simulated, until } from '../support/processes.ts';
import { insert, look, settled } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';
import { labelled, newNames } from '../support/shop-names.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

let database: TestDatabase;
let db: Database;
let simulator: Simulator;
let sidecar: SidecarHere;
const fresh = newNames(60, 9000, false);
/** Of every fourth name the LLM thinks otherwise than the shop that the model learnt from. */
const other = ['Beauty', 'Hair', 'Shampoo'];
const doubted = new Set(
  fresh.filter(({ path }, i) => i % 4 === 0 && path[2] !== 'Shampoo').map(({ name }) => normalise(name)),
);

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
  const truth = new Map(
    [...labelled, ...fresh].map(({ name, path }) => [
      normalise(name),
      doubted.has(normalise(name)) ? other : path,
    ]),
  );
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0] });
  await db.rows(`select taxon.set_setting('audit_share', '1')`);
  await db.rows(`select taxon.set_setting('audit_tokens_a_day', '1000000')`);
  await insert(db, [labelled[0]?.name ?? '']);
  // the sidecar draws at its start what no open transaction holds back, not even one of another database, and then once a minute
  const drawable =
    'select inserted_xact < pg_snapshot_xmin(pg_current_snapshot()) as yes from taxon.products';
  await until(
    () => db.row<{ yes: boolean }>(drawable),
    ({ yes }) => yes,
  );
  sidecar = await startSidecarHere(await database.urlFor('taxon_sidecar'), simulated(simulator.url));
});

afterAll(async () => {
  await sidecar?.stop();
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

const audits = () =>
  db.rows<{ name_key: string; layer: string; verdict: boolean | null; truth: string | null }>(
    `select name_key, layer, verdict, taxon.category_path(truth_category_id) as truth from taxon_internal.checks where auditor = 'llm'`,
  );

describe('an audit by the LLM', () => {
  it('is drawn by the sidecar itself', async () => {
    const [exact] = await until(audits, (rows) => rows.length === 1 && rows[0]?.verdict !== null);
    expect(exact).toMatchObject({ layer: 'exact', verdict: true, truth: labelled[0]?.path.join(' > ') });
  });

  it('finds where the local layer and the LLM differ, and changes neither rows nor memory', async () => {
    await insert(
      db,
      fresh.map(({ name }) => name),
    );
    const counts = await settled(db);
    expect(counts.local).toBeGreaterThan(30);
    const before = await db.rows(
      'select product_id, category_id, source, state from taxon.products order by 1',
    );
    const labels = await db.rows('select * from taxon.labels order by 1');
    const asked = simulator.stats().names - 1; // the exact answer's audit

    // another test's open transaction may hold the newest rows back for a moment
    await until(
      async () => {
        await db.rows('select * from taxon_internal.draw_audits()');
        return audits();
      },
      (rows) => rows.filter((row) => row.layer === 'local').length === counts.local,
    );
    const judged = await until(audits, (rows) => rows.every((row) => row.verdict !== null));

    expect(Object.fromEntries(judged.map((row) => [row.name_key, row.verdict]))).toEqual(
      Object.fromEntries(judged.map((row) => [row.name_key, !doubted.has(row.name_key)])),
    );
    expect(judged.filter((row) => row.verdict === false).length).toBeGreaterThan(5);
    expect(judged.filter((row) => row.verdict).length).toBeGreaterThan(20);
    expect(simulator.stats().names - asked).toBe(new Set(judged.map((row) => row.name_key)).size);
    expect(
      await db.rows('select product_id, category_id, source, state from taxon.products order by 1'),
    ).toEqual(before);
    expect(await db.rows('select * from taxon.labels order by 1')).toEqual(labels);
    expect(await db.rows('select from taxon_internal.queue')).toEqual([]);
  });

  it('stands in the ledger under its own purpose, with the tokens that the provider counted', async () => {
    const [sum] = await db.rows<{ tokens: number; open: number }>(
      `select sum(tokens_in + tokens_out) as tokens, count(*) filter (where state <> 'ok') as open
       from taxon_internal.llm_calls where purpose in ('answer', 'audit')`,
    );
    const stats = simulator.stats();
    expect(sum).toEqual({ tokens: stats.tokensIn + stats.tokensOut, open: 0 });
    const calls = await db.rows<{ purpose: string; names: number }>(
      'select purpose, sum(names) as names from taxon_internal.llm_calls group by 1 order by 1',
    );
    expect(calls.find((row) => row.purpose === 'audit')?.names).toBe((await audits()).length);
  });

  it('is what trust() measures', async () => {
    const local = (await audits()).filter((row) => row.layer === 'local');
    const disagree = local.filter((row) => !row.verdict).length / local.length;
    const trust = () => db.row(`select sample, measured from taxon.trust() where layer = 'local'`);
    await db.rows(`select taxon.set_setting('auditor_error', '0')`);
    expect(await trust()).toEqual({ sample: local.length, measured: expect.closeTo(disagree, 3) });
    await db.rows(`select taxon.set_setting('auditor_error', '0.1')`);
    expect(await trust()).toEqual({
      sample: local.length,
      measured: expect.closeTo((disagree - 0.1) / 0.9, 3),
    });
  });
});

describe('a name that teaches', () => {
  it('is asked by the sidecar and becomes memory, and the answer of its row stays', async () => {
    const rows = () =>
      db.rows('select product_id, category_id, source, state from taxon.products order by 1');
    const taught = () =>
      db.rows<{ name_key: string }>(
        `select l.name_key from taxon.labels l join taxon_internal.llm_calls c using (llm_call_id) where c.purpose = 'teach'`,
      );
    await db.rows(`select taxon.set_setting('audit_share', '0')`);
    await db.rows(`select taxon.set_setting('teach_tokens_a_day', '1000000')`);
    const first = await db.rows<{ name: string }>('select name from taxon.teach_first(1000)');
    expect(first.length).toBeGreaterThan(20);
    const before = await rows();
    await db.rows('select taxon_internal.draw_teaching()');
    const labels = await until(taught, (found) => found.length === first.length);
    expect(labels.map(({ name_key }) => name_key).toSorted()).toEqual(
      first.map(({ name }) => name).toSorted(),
    );
    expect(await rows()).toEqual(before);
    expect(await db.rows('select * from taxon.teach_first(1000)')).toEqual([]);
  });
});
