import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import type { Sidecar } from '../../src/sidecar/sidecar.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { TestDatabase } from '../support/database.ts';
import { simulated, until } from '../support/processes.ts';
import { insert, ledger, look, settled, tally } from '../support/rows.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

let database: TestDatabase;
let db: Database;
let first: Simulator;
let second: Simulator;
const all = newNames(3000, 5000, false);
const sidecars: Sidecar[] = [];
const servers: Server[] = [];
let next = 0;

/** Names that no test used before. */
function names(count: number): string[] {
  next += count;
  return all.slice(next - count, next).map(({ name }) => name);
}

async function sidecar(environment: Record<string, string> = {}): Promise<void> {
  const settings = { ...simulated(first.url), TAXON_LEASE_SECONDS: '3', ...environment };
  sidecars.push(await startSidecarHere(database.url, settings));
}

const toTheLlm = (on: boolean) =>
  db.rows(`select taxon.set_setting('local_layer', $1)`, [on ? '"shadow"' : '"on"']);

/** What health() says in the sidecars' name. */
const notices = () =>
  db.rows<{ detail: string }>(`select detail from taxon.health() where item = 'sidecar notice'`);

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  const truth = new Map(all.map(({ name, path }) => [normalise(name), path]));
  first = await startSimulator({ truth, errorRates: [0, 0, 0] });
  second = await startSimulator({ truth, errorRates: [0, 0, 0] });
});

afterEach(async () => {
  first.setFaults([]);
  await Promise.all(sidecars.splice(0).map((each) => each.stop()));
  for (const server of servers.splice(0)) server.close();
  await db.rows(
    'truncate taxon.products, taxon_internal.queue, taxon_internal.dead_letters, taxon_internal.llm_calls, taxon_internal.sidecars cascade',
  );
  await db.rows(`delete from taxon.labels where source = 'llm'`);
  await toTheLlm(false);
});

afterAll(async () => {
  await first?.close();
  await second?.close();
  await db?.close();
  await database?.drop();
});

test.each([
  ['an outage', [{ kind: 'unavailable' }], /does not answer, [5-9] failures in a row.*503/],
  ['connections that are cut', [{ kind: 'reset' }], /does not answer, [5-9] failures in a row/],
  ['silence', [{ kind: 'hang' }], /does not answer.*no answer within 1 s/],
  ['a revoked key', [{ kind: 'unauthorised' }], /refuses its key.*401.*none fails/],
  ['a storm of 429', [{ kind: 'rate-limited', ms: 400 }], /asks for a pause.*429/],
] as const)(
  '%s: told in health(), local answers go on, nothing counts against a name, and afterwards all is settled',
  async (_, faults, sentence) => {
    await toTheLlm(true);
    first.setFaults([...faults]);
    await sidecar({ TAXON_LLM_TIMEOUT_SECONDS: '1' });
    await insert(db, names(30));
    await until(notices, (rows) => rows.some(({ detail }) => sentence.test(detail)));
    // the model decides again what comes in now, beside a provider that is down
    await toTheLlm(false);
    await insert(db, names(60));
    await until(
      () => tally(db),
      (counts) => (counts.local ?? 0) > 10,
    );
    expect((await tally(db)).llm ?? 0).toBe(0);
    // a lease is the try of the moment; what was given back has none
    const tries = await db.rows(
      `select from taxon_internal.queue where stage = 'llm' and attempts > (worker is not null)::integer`,
    );
    expect(tries).toEqual([]);
    first.setFaults([]);
    const counts = await settled(db);
    expect(counts.llm).toBeGreaterThanOrEqual(30);
    expect(counts.failed).toBeUndefined();
    expect(await db.rows('select from taxon_internal.dead_letters')).toEqual([]);
    await until(notices, (rows) => rows.length === 0);
  },
  150_000,
);

test('a name that breaks its batch is isolated by halving: the others are answered, it alone fails', async () => {
  await toTheLlm(true);
  await db.rows(`select taxon.set_setting('max_attempts', '2')`);
  const given = names(15);
  const poison = normalise(given[7] as string);
  const refused: string[][] = [];
  const guarded = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const body = Buffer.concat(parts).toString();
      const asked = given.filter((name) => body.includes(normalise(name)));
      if (body.includes(poison)) {
        refused.push(asked);
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end('{"error":{"message":"this content is against our rules"}}');
        return;
      }
      const reply = await fetch(`${first.url}/chat/completions`, { method: 'POST', body });
      response.writeHead(reply.status, { 'content-type': 'application/json' });
      response.end(await reply.text());
    });
  });
  servers.push(guarded);
  await new Promise<void>((resolve) => guarded.listen(0, '127.0.0.1', resolve));
  const { port } = guarded.address() as AddressInfo;
  await insert(db, given);
  await sidecar({ TAXON_LLM_BASE_URL: `http://127.0.0.1:${port}/v1` });
  expect(await settled(db)).toEqual({ llm: 14, failed: 1 });
  expect(await db.rows('select name_key from taxon_internal.dead_letters')).toEqual([{ name_key: poison }]);
  const sizes = refused.map((batch) => batch.length);
  // each refusal is of at most half as many names as the one before, until it stands alone
  sizes.slice(1, sizes.indexOf(1) + 1).forEach((size, i) => {
    expect(size).toBeLessThanOrEqual(Math.ceil((sizes[i] as number) / 2));
  });
  // the ledger has a row of each refusal, and nothing is owed for it
  const rows = await ledger(db);
  expect(rows.find((row) => row.state === 'failed')).toMatchObject({ calls: sizes.length, tokens_in: 0 });
  await db.rows(`select taxon.set_setting('max_attempts', '5')`);
});

test('while the first provider is down the second is asked, and the first again when it is back', async () => {
  await toTheLlm(true);
  first.setFaults([{ kind: 'unauthorised' }]);
  await sidecar({
    TAXON_LLM_FALLBACK: 'openai:simulated-llm',
    TAXON_LLM_FALLBACK_BASE_URL: second.url,
  });
  const before = first.calls().length;
  await insert(db, names(60));
  expect(await settled(db)).toEqual({ llm: 60 });
  expect(second.stats().calls).toBeGreaterThan(0);
  // all of them were the key's refusals: the names were answered elsewhere without waiting for it
  expect(
    first
      .calls()
      .slice(before)
      .every(({ outcome }) => outcome === 'refused'),
  ).toBe(true);
  first.setFaults([]);
  // its trial call comes by itself, with the names that come then
  await until(async () => {
    await insert(db, names(5));
    await settled(db);
    return first.calls().some(({ outcome }) => outcome === 'answered');
  }, Boolean);
  expect((await db.rows<{ llm: string }>('select llm from taxon_internal.sidecars'))[0]?.llm).toBe(
    'openai simulated-llm (simulated), else openai simulated-llm (simulated)',
  );
});
