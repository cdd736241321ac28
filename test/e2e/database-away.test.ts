import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/database/connection/migrate.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type OwnCluster, ownCluster } from '../support/database.ts';
import { simulated, startSidecarProcess, type TaxonProcess, until } from '../support/processes.ts';
import { insert, ledger, look, settled } from '../support/rows.ts';
import { newNames } from '../support/shop-names.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

/** A shop without a model, so that the LLM answers everything, on a server of its own that goes away. */
let cluster: OwnCluster;
let url: string;
let db: Database;
let simulator: Simulator;
let stop: () => Promise<unknown> = async () => {};
const names = newNames(500, 5000, false);
let next = 0;

/** Names that no test used before. */
function fresh(count: number): string[] {
  next += count;
  return names.slice(next - count, next).map(({ name }) => name);
}

beforeAll(async () => {
  cluster = await ownCluster();
  url = cluster.url('postgres');
  await migrate({ url, schema: 'taxon' });
  db = look(url);
  for (const { path } of names) await db.rows('select taxon_internal.make_category($1)', [path]);
  await db.rows(`select taxon.set_setting('audit_share', '0')`);
  simulator = await startSimulator({
    truth: new Map(names.map(({ name, path }) => [normalise(name), path])),
    errorRates: [0, 0, 0],
  });
});

afterEach(async () => {
  simulator.setFaults([]);
  await stop();
  await db.rows(
    'truncate taxon.products, taxon_internal.queue, taxon_internal.dead_letters, taxon_internal.llm_calls, taxon_internal.sidecars cascade',
  );
});

afterAll(async () => {
  await stop();
  await simulator?.close();
  await db?.close();
  await cluster?.destroy();
});

/** Leases are over before the server is back. */
const asked = () => ({ ...simulated(simulator.url), TAXON_LEASE_SECONDS: '1' });

async function start(): Promise<SidecarHere> {
  const sidecar = await startSidecarHere(url, asked());
  stop = sidecar.stop;
  return sidecar;
}

/** A process of its own, to be killed or to be told to end. */
async function startProcess(environment: Record<string, string> = {}): Promise<TaxonProcess> {
  const sidecar = await startSidecarProcess(url, { ...asked(), ...environment });
  stop = () => sidecar.kill('SIGKILL');
  return sidecar;
}

/** Waits for a call that its provider has and has not answered yet. */
const inFlight = () =>
  until(
    () => db.rows(`select from taxon_internal.llm_calls where state = 'started'`),
    (rows) => rows.length > 0,
  );

/** The answers of calls since the `before`th have arrived, could not be settled, and the leases are over. */
async function awayForLong(sidecar: Pick<SidecarHere, 'says'>, before: number): Promise<void> {
  await until(
    async () => simulator.calls().slice(before),
    (calls) => calls.length > 0 && calls.every(({ outcome }) => outcome === 'answered'),
  );
  await sidecar.says('waits for the database');
  await sleep(1500);
}

/** Every answer that was paid for is in the ledger as the provider counted it. */
async function paidOnce(): Promise<void> {
  const booked = await db.rows<{ request_id: string; state: string; tokens_in: number; tokens_out: number }>(
    'select request_id, state, tokens_in, tokens_out from taxon_internal.llm_calls order by llm_call_id',
  );
  const calls = simulator.calls();
  const counted = booked.map(({ request_id }) => calls.find(({ requestId }) => requestId === request_id));
  expect(booked).toEqual(
    counted.map((call) => ({
      request_id: call?.requestId,
      state: 'ok',
      tokens_in: call?.tokensIn,
      tokens_out: call?.tokensOut,
    })),
  );
  expect(await db.rows('select why from taxon_internal.paid_twice')).toEqual([]);
}

it('an answer that the database refuses for good is booked as the provider counted it, and its names fail with the words', async () => {
  await db.rows(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not in this shop'; end $$;
     create trigger refuse before insert on taxon.labels for each row execute function refuse()`,
  );
  await db.rows(`select taxon.set_setting('max_attempts', '2')`);
  await start();
  await insert(db, fresh(3));
  expect(await settled(db)).toEqual({ failed: 3 });
  const letters = await db.rows<{ error: string }>('select error from taxon_internal.dead_letters');
  expect(letters.map(({ error }) => error)).toEqual(
    Array(3).fill('its label could not be written: not in this shop'),
  );
  const booked = await db.rows<{ request_id: string; state: string; tokens_in: number }>(
    'select request_id, state, tokens_in from taxon_internal.llm_calls',
  );
  for (const { request_id, state, tokens_in } of booked)
    expect({ state, tokensIn: tokens_in }).toEqual({
      state: 'ok',
      tokensIn: simulator.calls().find(({ requestId }) => requestId === request_id)?.tokensIn,
    });
  await db.rows('drop function refuse() cascade');
  await db.rows(`select taxon.set_setting('max_attempts', '5')`);
});

it('a name whose sidecar is killed each time ends as a dead letter, the names that came with it are answered', async () => {
  await db.rows(`select taxon.set_setting('max_attempts', '3')`);
  simulator.setFaults([{ kind: 'hang' }]);
  await insert(db, fresh(4));
  // twice all of them together, then one alone: whatever it is that kills, it has killed only that one's third try
  for (const together of [4, 4, 1]) {
    const sidecar = await startProcess();
    const worker = /worker=(\S+)/.exec(sidecar.stderr())?.[1];
    const calls = await until(
      () =>
        db.rows<{ names: number }>(
          `select names from taxon_internal.llm_calls where state = 'started' and worker = $1`,
          [worker],
        ),
      (rows) => rows.length > 0,
    );
    expect(calls).toEqual([{ names: together }]);
    await sidecar.kill('SIGKILL');
  }
  simulator.setFaults([]);
  await start();
  expect(await settled(db)).toEqual({ llm: 3, failed: 1 });
  expect(await db.rows('select attempts, error from taxon_internal.dead_letters')).toEqual([
    { attempts: 3, error: 'its workers died: 3 tries ended without a word' },
  ]);
  await db.rows(`select taxon.set_setting('max_attempts', '5')`);
});

describe('the server goes away while calls are in flight', () => {
  it('the answers wait for it and are settled when it is back, each name paid for once', async () => {
    simulator.setFaults([{ kind: 'slow', ms: 1500 }]);
    const sidecar = await start();
    const before = simulator.calls().length;
    await insert(db, fresh(20));
    await inFlight();
    await cluster.stop();
    await awayForLong(sidecar, before);
    await cluster.start();
    expect(await settled(db)).toEqual({ llm: 20 });
    const made = simulator.calls().length - before;
    expect(await ledger(db)).toMatchObject([{ state: 'ok', calls: made, names: 20 }]);
    await paidOnce();
    expect(await db.rows('select from taxon_internal.queue')).toEqual([]);
  });

  it('a sidecar that is told to stop meanwhile settles them within its time, if the server is back', async () => {
    simulator.setFaults([{ kind: 'slow', ms: 1500 }]);
    const sidecar = await startProcess({ TAXON_SHUTDOWN_SECONDS: '60' });
    const before = simulator.calls().length;
    await insert(db, fresh(15));
    await inFlight();
    await cluster.stop();
    sidecar.child.kill('SIGTERM');
    await awayForLong(sidecar, before);
    await cluster.start();
    expect(await sidecar.ended).toBe(0);
    await paidOnce();
    expect(await settled(db)).toEqual({ llm: 15 });
  });
});
