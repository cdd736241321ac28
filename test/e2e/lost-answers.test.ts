import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type LosingProxy, type Loss, startLosingProxy } from '../support/losing-proxy.ts';
import { simulated, startSidecarProcess } from '../support/processes.ts';
import { insert, ledger, look, settled } from '../support/rows.ts';
import { newNames } from '../support/shop-names.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

/** A shop without a model, so that the LLM answers everything; the sidecar reaches it through a proxy that loses answers. */
let database: TestDatabase;
let db: Database;
let proxy: LosingProxy;
let simulator: Simulator;
let sidecar: SidecarHere | null = null;
let lease = '';
const names = newNames(500, 5000, false);
let next = 0;

/** Names that no test used before. */
function fresh(count: number): string[] {
  next += count;
  return names.slice(next - count, next).map(({ name }) => name);
}

beforeAll(async () => {
  database = await testDatabase();
  db = look(database.url);
  for (const { path } of names) await db.rows('select taxon_internal.make_category($1)', [path]);
  await db.rows(`select taxon.set_setting('audit_share', '0')`);
  proxy = await startLosingProxy(database.url);
  simulator = await startSimulator({
    truth: new Map(names.map(({ name, path }) => [normalise(name), path])),
    errorRates: [0, 0, 0],
  });
});

afterEach(async () => {
  simulator.setFaults([]);
  await db.rows(
    'truncate taxon.products, taxon_internal.queue, taxon_internal.dead_letters, taxon_internal.llm_calls, taxon_internal.sidecars cascade',
  );
});

afterAll(async () => {
  await stop();
  await proxy?.stop();
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

async function stop(): Promise<void> {
  await sidecar?.stop();
  sidecar = null;
}

const asked = (leaseSeconds: string) => ({
  ...simulated(simulator.url),
  TAXON_LEASE_SECONDS: leaseSeconds,
});

/**
 * The sidecar of the tests before, where its leases are as long.
 *
 * @param leaseSeconds 600: whoever waits for the end of a lease does not live to see it
 */
async function start(leaseSeconds = '600'): Promise<void> {
  if (sidecar !== null && lease === leaseSeconds) return;
  await stop();
  lease = leaseSeconds;
  sidecar = await startSidecarHere(proxy.urlOf(database.url), asked(leaseSeconds));
}

/** All names are answered, each paid for once and by a call that was sent, and nothing is left behind. */
async function allIsWell(count: number, before: number): Promise<void> {
  expect(await settled(db)).toEqual({ llm: count });
  const made = simulator.calls().length - before;
  expect(await ledger(db)).toMatchObject([{ state: 'ok', calls: made, names: count }]);
  expect(await db.rows('select why from taxon_internal.paid_twice')).toEqual([]);
  expect(await db.rows('select from taxon_internal.queue')).toEqual([]);
  expect(await db.rows('select from taxon_internal.dead_letters')).toEqual([]);
}

test.each<[Loss, string, 'with names' | 'of any']>([
  ['cut', '.claim(', 'with names'],
  ['cut', '.settle_from_memory(', 'of any'],
  ['cut', '.settle_local(', 'of any'],
  ['cut', '.claim_llm(', 'with names'],
  ['cut', '.start_call(', 'of any'],
  ['cut', '.settle_llm(', 'of any'],
  ['cut', '.renew_leases(', 'of any'],
  ['swallowed', '.claim(', 'with names'],
  ['swallowed', '.settle_llm(', 'of any'],
])('an answer is %s after the COMMIT of %s %s', async (loss, statement, answer) => {
  await start(loss === 'cut' ? '600' : '10');
  const before = simulator.calls().length;
  const given = fresh(12);
  const lost = proxy.lose(loss, statement, answer === 'of any' ? '' : normalise(given[0] as string));
  await insert(db, given);
  await lost;
  await allIsWell(12, before);
  if (statement !== '.settle_llm(') return;
  // told again, it finds that it is done
  await sidecar?.says('an answer waits for the database');
  await allIsWell(12, before);
});

test('a refusal whose end is told twice is in the ledger once, and no name is given back from under a later call', async () => {
  await start();
  simulator.setFaults([{ kind: 'unavailable', calls: 1 }]);
  const lost = proxy.lose('cut', '.fail_call(');
  await insert(db, fresh(12));
  await lost;
  expect(await settled(db)).toEqual({ llm: 12 });
  expect(await ledger(db)).toMatchObject([
    { state: 'failed', calls: 1 },
    { state: 'ok', names: 12 },
  ]);
  expect(await db.rows('select why from taxon_internal.paid_twice')).toEqual([]);
});

test('a sidecar whose answers are all swallowed ends when it is told to, and what it held is free after its lease', async () => {
  await stop();
  const doomed = await startSidecarProcess(proxy.urlOf(database.url), asked('1'));
  const given = fresh(3);
  const lost = proxy.lose('swallowed', '.claim(', normalise(given[0] as string));
  await insert(db, given);
  await lost;
  expect(await doomed.kill('SIGTERM')).toBe(0);
  await start('1');
  expect(await settled(db)).toEqual({ llm: 3 });
});
