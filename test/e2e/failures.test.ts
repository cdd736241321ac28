import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { TestDatabase } from '../support/database.ts';
import { simulated, startSidecarProcess, type TaxonProcess, until } from '../support/processes.ts';
import { insert, ledger, look, settled, tally } from '../support/rows.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

let database: TestDatabase;
let db: Database;
let simulator: Simulator;
const all = newNames(2000, 5000, false);
const truth = new Map(all.map(({ name, path }) => [name, path]));
const running: (() => Promise<unknown>)[] = [];
let next = 0;

/** Names that no test used before. */
function names(count: number): string[] {
  next += count;
  return all.slice(next - count, next).map(({ name }) => name);
}

const asked = () => ({ ...simulated(simulator.url), TAXON_LEASE_SECONDS: '3' });

/** A process of its own, to be killed. */
async function sidecarProcess(environment: Record<string, string> = {}): Promise<TaxonProcess> {
  const started = await startSidecarProcess(database.url, { ...asked(), ...environment });
  running.push(() => started.kill('SIGTERM'));
  return started;
}

async function sidecar(environment: Record<string, string> = {}): Promise<void> {
  const { stop } = await startSidecarHere(database.url, { ...asked(), ...environment });
  running.push(stop);
}

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  simulator = await startSimulator({
    truth: new Map([...truth].map(([name, path]) => [normalise(name), path])),
    errorRates: [0, 0, 0],
  });
});

afterEach(async () => {
  simulator.setFaults([]);
  await Promise.all(running.splice(0).map((stop) => stop()));
  await db.rows(
    'truncate taxon.products, taxon_internal.queue, taxon_internal.dead_letters, taxon_internal.llm_calls, taxon_internal.sidecars cascade',
  );
  await db.rows(`delete from taxon.labels where source = 'llm'`);
});

afterAll(async () => {
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

/** Sends every name to the LLM. */
const nothingIsSure = () => db.rows(`select taxon.set_setting('local_layer', '"shadow"')`);
const asTrained = () => db.rows(`select taxon.set_setting('local_layer', '"on"')`);

describe('processes that die', () => {
  it('a sidecar killed in mid-batch loses nothing and doubles nothing', async () => {
    await nothingIsSure();
    simulator.setFaults([{ kind: 'slow', ms: 700 }]);
    const first = await sidecarProcess();
    const doomed = /worker=(\S+)/.exec(first.stderr())?.[1];
    await insert(db, names(200));
    await until(
      () => tally(db),
      (counts) => (counts.llm ?? 0) > 60,
    );
    // it is killed in a call that would have gone on for seconds, as it alone takes what comes
    simulator.setFaults([{ kind: 'slow', ms: 5000 }]);
    const { now } = await db.row<{ now: string }>('select clock_timestamp()::text as now');
    await insert(db, names(100));
    await until(
      () =>
        db.rows(`select from taxon_internal.llm_calls where state = 'started' and started_at > $1`, [now]),
      (rows) => rows.length > 0,
    );
    await sidecar();
    await first.kill('SIGKILL');
    simulator.setFaults([]);
    const counts = await settled(db);
    // a name that came in late may be near to one that the LLM has answered meanwhile
    expect((counts.llm ?? 0) + (counts.similar ?? 0)).toBe(300);
    // calls whose process died are closed as unknown, once each; all others equal the provider's count
    await until(
      () => ledger(db),
      (rows) => !rows.some((row) => row.state === 'started'),
    );
    const rows = await ledger(db);
    const ok = rows.find((row) => row.state === 'ok');
    const unknown = rows.find((row) => row.state === 'unknown');
    const answered = new Map(simulator.calls().map((call) => [call.requestId, call]));
    const booked = await db.rows<{ request_id: string; tokens_in: number; tokens_out: number }>(
      `select request_id, tokens_in, tokens_out from taxon_internal.llm_calls where state = 'ok'`,
    );
    for (const row of booked) {
      expect(answered.get(row.request_id)).toMatchObject({
        tokensIn: row.tokens_in,
        tokensOut: row.tokens_out,
      });
    }
    // each other call that the provider saw is an unknown row of the dead worker; one that was killed between its row and
    // its request is one too
    const sent = new Set(booked.map((row) => row.request_id));
    expect(sent.size).toBe(ok?.calls);
    const unanswered = simulator.calls().filter((call) => !sent.has(call.requestId));
    expect(unknown?.calls ?? 0).toBeGreaterThanOrEqual(Math.max(1, unanswered.length));
    expect(
      await db.rows(`select distinct worker from taxon_internal.llm_calls where state = 'unknown'`),
    ).toEqual([{ worker: doomed }]);
    await asTrained();
  });

  it('SIGTERM finishes what is in hand and exits 0; what was claimed is given back', async () => {
    await nothingIsSure();
    simulator.setFaults([{ kind: 'hang' }]);
    const only = await sidecarProcess({ TAXON_SHUTDOWN_SECONDS: '3' });
    await insert(db, names(40));
    await until(
      () => ledger(db),
      (rows) => rows.some((row) => row.state === 'started'),
    );
    // the provider says nothing for longer than the test may take: to end at all is to give the call up
    expect(await only.kill('SIGTERM')).toBe(0);
    expect(await db.rows('select worker from taxon_internal.queue where worker is not null')).toEqual([]);
    expect((await ledger(db)).map((row) => row.state)).toEqual(['unknown']);
    expect(await db.rows('select from taxon_internal.sidecars')).toEqual([]);
    await asTrained();
  });

  it('a second SIGTERM ends it at once', async () => {
    await nothingIsSure();
    simulator.setFaults([{ kind: 'hang' }]);
    const only = await sidecarProcess();
    await insert(db, names(5));
    await until(
      () => ledger(db),
      (rows) => rows.some((row) => row.state === 'started'),
    );
    only.child.kill('SIGTERM');
    await only.says('again to end at once');
    expect(await only.kill('SIGTERM')).toBe(130);
    await asTrained();
  });
});

describe('notifications that are lost', () => {
  it('only cost the time until the next poll', async () => {
    await db.rows(`select taxon.set_setting('notify', 'false')`);
    await sidecar();
    await insert(db, names(20));
    await settled(db);
    await db.rows(`select taxon.set_setting('notify', 'true')`);
  });

  it('a listening connection that is cut is made anew, and meanwhile the poll works', async () => {
    await sidecar({ TAXON_POLL_MS: '1000' });
    await until(
      () => db.rows<{ listening: boolean }>('select listening from taxon_internal.sidecars'),
      (rows) => rows[0]?.listening === true,
    );
    await db.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'taxon listen' and datname = current_database()`,
    );
    await insert(db, names(10));
    await settled(db);
  });
});

describe('a provider that misbehaves', () => {
  it.each([
    ['slow', [{ kind: 'slow', ms: 1500, calls: 2 }]],
    ['rate limited', [{ kind: 'rate-limited', calls: 3 }]],
    ['down', [{ kind: 'unavailable', calls: 3 }]],
    ['cutting the connection', [{ kind: 'reset', calls: 2 }]],
    ['answering rubbish', [{ kind: 'rubbish', calls: 2 }]],
    ['answering ids that were not offered', [{ kind: 'wrong-ids', calls: 2 }]],
    ['leaving names out', [{ kind: 'missing-items', calls: 3 }]],
  ] as const)(
    '%s: every name is answered in the end, none by an id that was not offered',
    async (_, faults) => {
      await nothingIsSure();
      simulator.setFaults([...faults]);
      await sidecar();
      const given = names(30);
      await insert(db, given);
      expect(await settled(db)).toEqual({ llm: 30 });
      for (const row of await db.rows<{ name: string; path: string }>(
        'select name, taxon.category_path(category_id) as path from taxon.products',
      )) {
        expect(row.path).toBe(truth.get(row.name)?.join(' > '));
      }
      await asTrained();
    },
  );

  it('refusing a batch for one name: that name becomes a dead letter, the others are answered; decide_again() brings it back', async () => {
    await nothingIsSure();
    simulator.setFaults([{ kind: 'rubbish' }]);
    await db.rows(`select taxon.set_setting('max_attempts', '3')`);
    await sidecar();
    await insert(db, names(3));
    const counts = await settled(db);
    expect(counts).toEqual({ failed: 3 });
    expect(await db.row('select count(*) as n from taxon_internal.dead_letters')).toEqual({ n: 3 });
    simulator.setFaults([]);
    await db.rows('select taxon.decide_again(failed => true)');
    expect(await settled(db)).toEqual({ llm: 3 });
    await db.rows(`select taxon.set_setting('max_attempts', '5')`);
    await asTrained();
  });

  it('never holds up local answers', async () => {
    simulator.setFaults([{ kind: 'hang' }]);
    await sidecar({ TAXON_SHUTDOWN_SECONDS: '2' });
    await insert(db, names(120));
    const counts = await until(
      () => tally(db),
      (c) => (c.local ?? 0) > 10,
    );
    expect(counts.llm ?? 0).toBe(0);
  });

  it('no provider at all: the LLM stage waits, visibly, and nothing fails', async () => {
    await nothingIsSure();
    await sidecar({ TAXON_LLM_BASE_URL: '', TAXON_LLM_MODEL: '' });
    await insert(db, names(5));
    await until(
      () => db.rows(`select from taxon_internal.queue where stage = 'llm'`),
      (rows) => rows.length === 5,
    );
    const health = await db.rows<{ item: string; status: string; detail: string }>(
      'select * from taxon.health()',
    );
    expect(health.find((row) => row.item === 'queue llm')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('OPENAI_API_KEY'),
    });
    expect(await tally(db)).toEqual({ pending: 5 });
    await asTrained();
  });
});
