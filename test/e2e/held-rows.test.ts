import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { normalise } from '../../src/normalise.ts';
import type { Sidecar } from '../../src/sidecar/sidecar.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { TestDatabase } from '../support/database.ts';
import { simulated, until } from '../support/processes.ts';
import { insert, look, settled, tally } from '../support/rows.ts';
import { lettersShop } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';
import { openSession, type Session } from '../support/sql.ts';

let database: TestDatabase;
let db: Database;
let simulator: Simulator;
let sidecar: Sidecar;
const applications: Session[] = [];
let next = 0;

/** Names that no test used before. */
function names(count: number): string[] {
  next += count;
  return newNames(count, 40_000 + next, false).map(({ name }) => name);
}

beforeAll(async () => {
  database = await lettersShop();
  db = look(database.url);
  const truth = new Map(newNames(1000, 40_000, false).map(({ name, path }) => [normalise(name), path]));
  simulator = await startSimulator({ truth, errorRates: [0, 0, 0] });
});

beforeEach(async () => {
  sidecar = await startSidecarHere(database.url, simulated(simulator.url));
});

afterEach(async () => {
  await Promise.all(applications.splice(0).map((session) => session.close()));
  await sidecar.stop();
  await db.rows(
    `truncate taxon.products, taxon_internal.queue, taxon_internal.dead_letters, taxon_internal.llm_calls cascade`,
  );
});

afterAll(async () => {
  await simulator?.close();
  await db?.close();
  await database?.drop();
});

/** A session of the application that has inserted a name, touches its row, and is idle in its transaction. */
async function idleOn(name: string): Promise<number> {
  const session = await openSession(await database.urlFor('taxon_writer'));
  applications.push(session);
  const id = await session.value<number>(
    'insert into taxon.products (name) values ($1) returning product_id',
    name,
  );
  await session.rows('begin');
  await session.rows(`update taxon.products set external_id = 'mine' where product_id = $1`, id);
  return session.value<number>('select pg_backend_pid()');
}

describe('an application that is idle in a transaction', () => {
  it.each(['on', 'shadow'])('holds up its own rows and nobody else’s (local layer: %s)', async (mode) => {
    await db.rows(`select taxon.set_setting('local_layer', to_jsonb($1::text))`, [mode]);
    const held = names(6);
    const pids: number[] = [];
    for (const name of held) pids.push(await idleOn(name));
    await insert(db, names(60));
    await until(
      () => tally(db),
      (counts) => Object.entries(counts).every(([what, n]) => what !== 'pending' || n <= 6),
    );
    const health = await until(
      () => db.rows<{ item: string; value: string; detail: string }>('select * from taxon.health()'),
      (rows) => rows.some(({ item, value }) => item === 'held rows' && value !== '0'),
    );
    const { detail } = health.find(({ item }) => item === 'held rows') ?? { detail: '' };
    expect(pids.some((pid) => detail.includes(`pid ${pid} (user`))).toBe(true);
    expect(detail).toMatch(/^cannot be written since \d+ s, as another transaction holds them/);
    const { calls } = await db.row<{ calls: number }>(
      'select count(*) as calls from taxon_internal.llm_calls',
    );
    for (const session of applications) await session.rows('commit');
    const counts = await settled(db);
    expect(Object.values(counts).reduce((sum, n) => sum + n)).toBe(66);
    // what waited for its row had its answer already, or gets it for the first time
    expect(await db.rows('select from taxon_internal.paid_twice')).toEqual([]);
    expect(calls).toBeLessThanOrEqual(simulator.calls().length);
    await db.rows(`select taxon.set_setting('local_layer', '"on"')`);
  });
});

describe('a trigger of the application that refuses one name of twelve', () => {
  it('leaves eleven answers and one dead letter with its words, and is paid for once', async () => {
    await db.rows(
      `select taxon.set_setting('local_layer', '"shadow"'), taxon.set_setting('max_attempts', '3')`,
    );
    const given = names(12);
    const bad = given[5] as string;
    await db.rows(
      `create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'the shop does not want it'; end $$`,
    );
    await db.rows(
      `create trigger refuse before update on taxon.products for each row when (new.state = 'done' and new.name = '${bad}') execute function public.refuse()`,
    );
    const before = simulator.calls().length;
    await insert(db, given);
    expect(await settled(db)).toEqual({ llm: 11, failed: 1 });
    const dead = await db.rows<{ name_key: string }>(
      'select name_key, attempts, error from taxon_internal.dead_letters',
    );
    expect(dead).toEqual([
      {
        name_key: normalise(bad),
        attempts: 3,
        error: expect.stringMatching(/^product \d+ could not be written: the shop does not want it$/),
      },
    ]);
    // every call that the provider saw is booked, and each name is in one of them
    const booked = await db.rows<{ state: string; calls: number; names: number }>(
      'select state, count(*) as calls, sum(names) as names from taxon_internal.llm_calls group by 1',
    );
    expect(booked).toEqual([{ state: 'ok', calls: simulator.calls().length - before, names: 12 }]);
    expect(await db.rows('select from taxon_internal.paid_twice')).toEqual([]);
    await db.rows('drop trigger refuse on taxon.products');
    await db.rows('select taxon.decide_again(failed => true)');
    await settled(db);
    expect(simulator.calls().length - before).toBe(booked[0]?.calls);
  });
});
