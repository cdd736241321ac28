import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backfillStage } from '../../src/classify/backfill.ts';
import { loadConfig } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { openProviders } from '../../src/llm/providers/open.ts';
import { normalise } from '../../src/normalise.ts';
import { housekeeping } from '../../src/sidecar/jobs/jobs.ts';
import { batchesJob } from '../../src/sidecar/llm/batches.ts';
import type { Sidecar } from '../../src/sidecar/sidecar.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { startTaxon, until } from '../support/processes.ts';
import { insert, look, settled, tally } from '../support/rows.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

/** The job that looks after batches needs no model. */
const noChampion = {
  current: async () => null,
  serving: async () => ({ champion: null, challenger: null }),
  id: () => null,
  notice: () => null,
  refresh: async () => {},
  close: async () => {},
};

let database: TestDatabase;
let db: Database;
let simulator: Simulator;
let local: Sidecar;
let next = 0;

/** Names that no test used before, waiting for the LLM. */
async function waiting(count: number): Promise<void> {
  next += count;
  await insert(
    db,
    newNames(count, 5000 + next, false).map(({ name }) => name),
  );
  await until(
    () => db.rows(`select from taxon_internal.queue where stage = 'llm'`),
    (rows) => rows.length === count,
  );
}

interface Row {
  provider: string;
  request_id: string;
  state: string;
  tokens_in: number;
  tokens_cached: number;
  tokens_out: number;
  names: number;
  cost: number;
}
const rowsOfLedger = () => db.rows<Row>('select * from taxon_internal.llm_calls order by llm_call_id');
const batches = () =>
  db.rows<{ state: string }>('select * from taxon_internal.llm_batches order by llm_batch_id');
/** What the simulator has worked on since the last test. */
const worked = () => simulator.calls().slice(seen);
let seen = 0;

/** What each answer's row says is what the simulator counted, and no call was made twice. */
async function sameAsSimulator(): Promise<Row[]> {
  const ok = (await rowsOfLedger()).filter(({ state }) => state === 'ok');
  const counted = new Map(worked().map((call) => [call.requestId, call]));
  expect(new Set(ok.map((row) => row.request_id)).size).toBe(ok.length);
  for (const row of ok) {
    const { tokensIn, tokensCached, tokensOut } = counted.get(row.request_id) ?? {};
    expect([row.tokens_in, row.tokens_cached, row.tokens_out]).toEqual([tokensIn, tokensCached, tokensOut]);
  }
  return ok;
}

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  const truth = new Map(newNames(2000, 5000, false).map(({ name, path }) => [normalise(name), path]));
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0], batchMs: 300 });
  await db.rows(`select taxon.set_setting('local_layer', '"shadow"')`);
  local = await startSidecarHere(database.url, { TAXON_LLM_PROVIDER: 'none' });
});

beforeEach(() => {
  seen = simulator.calls().length;
});

afterEach(async () => {
  simulator.setFaults([]);
  simulator.pinBatches(undefined);
  await db.rows(
    'truncate taxon.products, taxon_internal.queue, taxon_internal.dead_letters, taxon_internal.llm_calls, taxon_internal.llm_batches cascade',
  );
  await db.rows(`delete from taxon.labels where source = 'llm'`);
});

afterAll(async () => {
  await local?.stop();
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

describe.each(['openai', 'anthropic'] as const)('with the batch API of %s', (provider) => {
  const environment = () => ({
    DATABASE_URL: database.url,
    TAXON_LLM_PROVIDER: provider,
    TAXON_LLM_BASE_URL: provider === 'openai' ? simulator.url : simulator.anthropicUrl,
    TAXON_LLM_MODEL: 'simulated-llm',
    ...(provider === 'anthropic' && { ANTHROPIC_API_KEY: 'sk-ant-simulated' }),
  });
  const backfill = (...args: string[]) =>
    taxonHere(['llm', 'backfill', '--poll', '1', '--json', ...args], environment());

  it('answers all that waits, at half the price; the ledger is what the provider counted', async () => {
    await waiting(70);
    const { code, stdout, stderr } = await backfill('--calls', '3');
    expect([code, stderr]).toEqual([0, expect.stringContaining('batch submitted')]);
    expect(await tally(db)).toEqual({ llm: 70 });
    const ok = await sameAsSimulator();
    expect(worked()).toHaveLength(ok.length);
    for (const row of ok) {
      const fresh = row.tokens_in - row.tokens_cached;
      expect(row.provider).toBe(provider);
      expect(row.cost).toBeCloseTo(
        (fresh * 0.05 + row.tokens_cached * 0.005 + row.tokens_out * 0.25) / 1e6,
        8,
      );
    }
    expect(JSON.parse(stdout)).toMatchObject({
      calls: ok.length,
      answered: 70,
      names: 70,
      simulated: true,
      open: 0,
      tokens_in: ok.reduce((sum, row) => sum + row.tokens_in, 0),
    });
    expect((await batches()).length).toBeGreaterThan(1);
  });

  it('goes on after SIGKILL in the middle, and asks nothing twice', async () => {
    await waiting(40);
    simulator.pinBatches(0.5);
    const doomed = startTaxon(['llm', 'backfill', '--poll', '1', '--calls', '10'], environment());
    await doomed.says('batch submitted');
    await until(batches, (rows) => rows.some(({ state }) => state === 'running'));
    await doomed.kill('SIGKILL');
    // its names are its own still: nobody else asks about them
    expect(
      await db.rows(`select from taxon_internal.queue where stage = 'llm' and available_at <= now()`),
    ).toEqual([]);
    expect((await tally(db)).llm).toBeUndefined();
    simulator.pinBatches(undefined);
    expect((await backfill()).code).toBe(0);
    expect(await tally(db)).toEqual({ llm: 40 });
    expect(worked()).toHaveLength((await sameAsSimulator()).length);
    expect((await rowsOfLedger()).every(({ state }) => state === 'ok')).toBe(true);
  });

  it('cancelled: what was answered before is taken, the other names wait again, uncounted', async () => {
    await waiting(60);
    simulator.pinBatches(0.5);
    const running = startTaxon(['llm', 'backfill', '--poll', '1', '--calls', '10'], environment());
    await running.says('batch submitted');
    expect(await running.kill('SIGTERM')).toBe(0);
    const cancelling = backfill('--cancel');
    const list = provider === 'openai' ? '/batches' : '/v1/messages/batches';
    const shown = async () => (await fetch(environment().TAXON_LLM_BASE_URL + list)).text();
    await until(shown, (text) => /"cancell?ing"/.test(text));
    simulator.pinBatches(undefined);
    expect((await cancelling).code).toBe(0);
    const ok = await sameAsSimulator();
    const answered = ok.reduce((sum, row) => sum + row.names, 0);
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(60);
    expect(await tally(db)).toEqual({ llm: answered, pending: 60 - answered });
    const failed = (await rowsOfLedger()).filter(({ state }) => state !== 'ok');
    expect(failed.every((row) => row.state === 'failed' && row.cost === 0)).toBe(true);
    expect(
      await db.row(
        `select count(*)::integer as n, max(attempts) as tries, count(worker)::integer as held from taxon_internal.queue`,
      ),
    ).toEqual({ n: 60 - answered, tries: 0, held: 0 });
    expect((await backfill()).code).toBe(0);
    expect(await settled(db)).toEqual({ llm: 60 });
  });

  it('calls that expire, that are refused and that are answered with rubbish come again in the next batch', async () => {
    await waiting(60);
    simulator.setFaults([
      { kind: 'hang', calls: 1 },
      { kind: 'refused', calls: 1 },
      { kind: 'rubbish', calls: 1 },
    ]);
    expect((await backfill()).code).toBe(0);
    expect(await tally(db)).toEqual({ llm: 60 });
    await sameAsSimulator();
    const states = (await rowsOfLedger()).map(({ state }) => state);
    expect(states.filter((state) => state === 'failed')).toHaveLength(2);
    expect(states).not.toContain('unknown');
    expect(await db.rows('select from taxon_internal.dead_letters')).toEqual([]);
  });

  it('any sidecar with the same provider takes what was left with it', async () => {
    await waiting(20);
    simulator.pinBatches(0.5);
    const left = startTaxon(['llm', 'backfill', '--poll', '1'], environment());
    await left.says('batch submitted');
    expect(await left.kill('SIGTERM')).toBe(0);
    expect(left.stdout()).toContain('batches have not ended: run it again');
    const health = () =>
      db.rows<{ detail: string }>(`select detail from taxon.health() where item = 'llm batches'`);
    expect((await health())[0]?.detail).toContain(`20 names with the batch API of ${provider} simulated-llm`);
    simulator.pinBatches(undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const config = loadConfig({}, environment());
    const stage = backfillStage(db, config, await openProviders(config, environment()));
    const jobs = housekeeping(noChampion, stage, new AbortController().signal);
    await jobs.find(({ name }) => name === batchesJob)?.run(db);
    expect(await tally(db)).toEqual({ llm: 20 });
    expect(await health()).toEqual([]);
  });

  it('a submission whose reply got lost is found again, or booked as unknown where it cannot be', async () => {
    await waiting(20);
    // the request that makes the batch: at openai the file comes before it
    const request = provider === 'openai' ? 2 : 1;
    simulator.setFaults([{ kind: 'reset', on: 'batch-api', from: request, to: request }]);
    const { code, stderr } = await backfill();
    expect([code, stderr]).toEqual([0, expect.stringContaining('gave no answer')]);
    expect(await tally(db)).toEqual({ llm: 20 });
    const rows = await rowsOfLedger();
    const unknown = rows.filter(({ state }) => state === 'unknown');
    await sameAsSimulator();
    if (provider === 'openai') {
      expect(rows.every(({ state }) => state === 'ok')).toBe(true);
      expect(worked()).toHaveLength(rows.length);
    } else {
      // its upper estimate is at least what was paid for nothing
      expect(unknown.reduce((sum, row) => sum + row.names, 0)).toBe(20);
      const booked = new Set(rows.map((row) => row.request_id));
      const lost = worked().filter((call) => !booked.has(call.requestId));
      expect(unknown).toHaveLength(lost.length);
      const sum = (counts: number[]) => counts.reduce((total, n) => total + n, 0);
      expect(sum(unknown.map((row) => row.tokens_in))).toBeGreaterThanOrEqual(
        sum(lost.map((call) => call.tokensIn)),
      );
    }
  });

  it('a provider that refuses batches is said in a sentence, and no name is lost', async () => {
    await waiting(5);
    simulator.setFaults([{ kind: 'forbidden', on: 'batch-api' }]);
    const { code, stdout, stderr } = await backfill();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('the provider’s batch API refuses'.replace('’', "'"));
    expect(await tally(db)).toEqual({ pending: 5 });
    expect(
      await db.row('select count(*)::integer as n from taxon_internal.queue where worker is null'),
    ).toEqual({
      n: 5,
    });
    const rows = await rowsOfLedger();
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ state, cost }) => state === 'failed' && cost === 0)).toBe(true);
  });
});
