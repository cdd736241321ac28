import { afterAll, beforeAll, expect, test } from 'vitest';
import { retrain } from '../../src/autopilot/retrain.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { testConfig } from '../support/config.ts';
import type { TestDatabase } from '../support/database.ts';
import { startSidecarProcess, type TaxonProcess, until } from '../support/processes.ts';
import { insert, look, waitingLocally } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';

let database: TestDatabase;
let db: Database;
let challenger: number;
const set = (key: string, value: number) =>
  db.rows('select taxon.set_setting($1, $2)', [key, JSON.stringify(value)]);
const far = 100_000;

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
  for (const key of ['shadow_names', 'canary_names', 'watch_names']) await set(key, far);
  await db.rows(`select taxon.set_setting('canary_share', '0.5')`);
  ({ model_id: challenger } = await retrain(db, testConfig(), {
    reason: 'test',
    clean: false,
    seed: 2,
  }));
  sidecar = await start();
});
afterAll(async () => {
  await sidecar?.kill('SIGTERM');
  await db?.close();
  await database?.drop();
});

const stage = async () =>
  (await db.row<{ stage: string }>('select stage from taxon_internal.rollouts where ended_at is null')).stage;
const champion = async () =>
  (await db.row<{ model_id: number }>('select model_id from taxon.champion()')).model_id;
const open = () => waitingLocally(db);

/** Names that a sidecar holds. */
const inHand = async () =>
  (
    await db.row<{ n: number }>(
      'select count(claim_id) as n from taxon_internal.queue where claim_id is not null',
    )
  ).n;

/** As many as are in hand for long enough to be killed over; of 300 the look for similar names took 8 s of the file's 20. */
const many = 120;
let arrived = 30_000;
let sidecar: TaxonProcess;
const start = () =>
  startSidecarProcess(database.url, {
    TAXON_LEASE_SECONDS: '1',
    TAXON_RETRAIN: 'false',
    TAXON_LLM_PROVIDER: 'none',
  });

/** The sidecar is killed with names in hand; the next one decides them. */
async function killAndGoOn(): Promise<void> {
  for (let left = 0; left === 0; ) {
    const from = arrived;
    arrived += many;
    await insert(
      db,
      newNames(many, from).map(({ name }) => name),
    );
    // asked without a pause: a batch is in hand for some .1 s; where all were answered meanwhile, others come
    while ((await inHand()) === 0 && (await open()) > 0);
    await sidecar.kill('SIGKILL');
    left = await open();
    sidecar = await start();
    await until(open, (n) => n === 0);
  }
}

test.each([
  ['shadow', 1, 1],
  // where two models answer
  ['canary', 1, 2],
  ['watch', null, 1],
] as const)(
  'a sidecar killed in the stage %s: the next goes on, no name is lost or decided by two',
  async (wanted, leads, kills) => {
    expect(await stage()).toBe(wanted);
    for (let kill = 0; kill < kills; kill++) {
      await killAndGoOn();
      expect(await stage()).toBe(wanted);
      expect(await champion()).toBe(leads ?? challenger);
    }
    expect(
      await db.row(
        `select count(*) filter (where e.evidence_id is null and p.source is distinct from 'similar') as undecided,
              count(*) filter (where e.model_id <> p.model_id) as mixed, count(*) filter (where p.state = 'failed') as failed
       from taxon.products p left join taxon_internal.evidence e using (evidence_id)`,
      ),
    ).toEqual({ undecided: 0, mixed: 0, failed: 0 });
    // what has been seen counts on: the stage ends without another name
    await set(`${wanted}_names`, 50);
    await until(
      () =>
        db.rows<{ stage: string }>(
          'select stage, taxon_internal.advance_rollout() from taxon_internal.rollouts where ended_at is null',
        ),
      ([rollout]) => rollout?.stage !== wanted,
    );
  },
);

test('then the challenger is the champion, and the run is done', async () => {
  expect(await champion()).toBe(challenger);
  expect(
    await db.rows('select state from taxon_internal.training_runs order by run_id desc limit 1'),
  ).toEqual([{ state: 'done' }]);
});
