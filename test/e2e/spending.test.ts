import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { simulatedModel } from '../../src/llm/pricing.ts';
import { normalise } from '../../src/normalise.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { reply, type Seen, serve } from '../llm/providers/server.ts';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { simulated, until } from '../support/processes.ts';
import { insert, look, settled, tally } from '../support/rows.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

let database: TestDatabase;
let db: Database;
let simulator: Simulator;
const sidecars: SidecarHere[] = [];
let next = 0;

/** Names that no test used before. */
function names(count: number): string[] {
  const from = 5000 + next;
  next += count;
  return newNames(count, from, false).map(({ name }) => name);
}

async function sidecar(environment: Record<string, string>): Promise<SidecarHere> {
  const started = await startSidecarHere(database.url, environment);
  sidecars.push(started);
  return started;
}

/** The simulator behind a model that somebody would pay for; what it was sent is seen. */
async function paidModel(): Promise<{ environment: Record<string, string>; seen: Seen[] }> {
  const model = 'gpt-6-luna';
  const { url, seen } = await serve(async (asked, response) => {
    const answered = await fetch(`${simulator.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...asked.body, model: simulatedModel }),
    });
    reply(response, answered.status, { ...((await answered.json()) as object), model });
  });
  return {
    environment: { TAXON_LLM_BASE_URL: `${url}/v1`, TAXON_LLM_MODEL: model, OPENAI_API_KEY: 'k' },
    seen,
  };
}

const setting = (key: string, value: unknown) =>
  db.rows('select taxon.set_setting($1, $2)', [key, JSON.stringify(value)]);
const inLlmStage = (count: number) =>
  until(
    () => db.rows(`select from taxon_internal.queue where stage = 'llm'`),
    (rows) => rows.length === count,
  );
const calls = () => db.rows('select * from taxon_internal.llm_calls');
const health = (item: string) =>
  db.rows<{ value: string; detail: string }>('select value, detail from taxon.health() where item = $1', [
    item,
  ]);

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  const truth = new Map(newNames(1000, 5000, false).map(({ name, path }) => [normalise(name), path]));
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0] });
  // every name goes to the LLM
  await setting('local_layer', 'shadow');
});
afterEach(async () => {
  await Promise.all(sidecars.splice(0).map((each) => each.stop()));
  await db.rows(
    'truncate taxon.products, taxon_internal.queue, taxon_internal.llm_calls, taxon_internal.sidecars, taxon_internal.never_send_marks cascade',
  );
  await db.rows(`delete from taxon.labels where source = 'llm'`);
  await db.rows(
    `update taxon_internal.all_settings set value = 'null' where key like 'llm\\_%\\_day' or key = 'llm_deployment'`,
  );
});
afterAll(async () => {
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

it('each name of each call is in the ledger, each product can say what it cost, and the sums are the ledger’s', async () => {
  await sidecar(simulated(simulator.url));
  const rows = await insert(db, names(30));
  expect(await settled(db)).toEqual({ llm: 30 });
  const sums = await db.row<{ tokens: number; cost: number }>(
    'select sum(tokens_in + tokens_out) as tokens, sum(cost) as cost from taxon_internal.llm_calls',
  );
  expect(sums.cost).toBeGreaterThan(0);
  expect(
    await db.row(
      'select round(sum(c.tokens)) as tokens, round(sum(c.cost), 6) as cost, count(*) as n from taxon.products p, taxon_internal.product_cost(p.product_id) c',
    ),
  ).toEqual({ tokens: sums.tokens, cost: Number(sums.cost.toFixed(6)), n: rows.length });
  expect(
    await db.rows('select outcome, count(*) as n from taxon_internal.llm_call_names group by 1'),
  ).toEqual([{ outcome: 'answered', n: 30 }]);
  expect(await db.rows('select * from taxon_internal.paid_twice')).toEqual([]);
  expect(await db.rows('select from taxon_internal.llm_calls where attempt is distinct from 1')).toEqual([]);
});

it('a budget that is used up: names wait unharmed, urgent ones pass, and all are answered when there is more', async () => {
  await setting('llm_tokens_a_day', 0);
  await sidecar(simulated(simulator.url));
  const rows = await insert(db, names(20));
  await inLlmStage(20);
  await until(
    () => health('budget tokens a day'),
    ([line]) => line?.detail.includes('the LLM is asked again from') === true,
  );
  expect(await calls()).toEqual([]);
  await db.rows('select taxon.mark_urgent($1)', [rows[0]?.product_id]);
  await until(
    () => tally(db),
    (counts) => counts.llm === 1,
  );
  expect(await tally(db)).toEqual({ llm: 1, pending: 19 });
  expect(await db.rows('select distinct attempts, last_error from taxon_internal.queue')).toEqual([
    { attempts: 0, last_error: null },
  ]);
  await setting('llm_tokens_a_day', null);
  expect(await settled(db)).toEqual({ llm: 20 });
});

it('names that may not be sent are in no request, by sidecar or classify --llm; the others are answered', async () => {
  const { environment, seen } = await paidModel();
  await db.rows(`select taxon.never_send(pattern => 'secret', reason => 'not announced')`);
  await sidecar(environment);
  const open = names(12);
  const hidden = names(4).map((name) => `secret ${name}`);
  await insert(db, [...open, ...hidden]);
  await until(
    () => tally(db),
    (counts) => counts.llm === 12,
  );
  expect((await db.rows('select from taxon.waiting_for_people')).length).toBe(4);
  expect(await health('waiting for people')).toMatchObject([{ value: '4' }]);
  const before = seen.length;
  const [asked] = names(1) as [string];
  const { stdout, code } = await taxonHere(
    ['classify', '--llm', '--layers', 'exact'],
    { DATABASE_URL: database.url, ...environment },
    `secret lamp\n${asked}\n`,
  );
  expect(code).toBe(0);
  const layers = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { layer: string | null }).layer);
  expect(layers).toEqual([null, 'llm']);
  expect(seen.length).toBe(before + 1);
  const sent = seen
    .map(({ body }) => JSON.stringify(body))
    .join('\n')
    .toLowerCase();
  expect(sent).toContain(asked.toLowerCase());
  expect(sent).not.toContain('secret');
});

it('only the deployment that the database has adopted makes paid calls', async () => {
  const { environment, seen } = await paidModel();
  await sidecar({ ...environment, TAXON_DEPLOYMENT: 'production' });
  await insert(db, names(5));
  await settled(db);
  const paid = await calls();
  expect(paid.length).toBe(seen.length);
  for (const call of paid) expect(call).toMatchObject({ simulated: false, price: { in: 0.1 } });
  await sidecars.pop()?.stop();
  const before = seen.length;
  expect(before).toBeGreaterThan(0);

  const copy = await sidecar({ ...environment, TAXON_DEPLOYMENT: 'copy' });
  expect(copy.troubles()).toContain('no paid call is made here');
  await insert(db, names(5));
  await inLlmStage(5);
  const refused = await taxonHere(
    ['classify', '--llm', '--layers', 'exact'],
    { DATABASE_URL: database.url, TAXON_DEPLOYMENT: 'copy', ...environment },
    'something new\n',
  );
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('paid calls of this database are made by deployment "production", not by "copy"'),
  ]);
  expect(refused.stderr).toContain(`select adopt_deployment('copy')`);
  expect(await health('deployment')).toMatchObject([{ value: 'copy' }]);
  expect(seen.length).toBe(before);
  await db.rows(`select taxon.adopt_deployment('copy')`);
  expect(await settled(db)).toEqual({ llm: 10 });
});
