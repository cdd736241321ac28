import { getPriority } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { startTaxon, until } from '../support/processes.ts';
import { look } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';
import { openSession, type Session } from '../support/sql.ts';

let database: TestDatabase;
let db: Database;
let holder: Session;
let admin: Session;
let environment: Record<string, string>;

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
  holder = await openSession(database.url);
  admin = await openSession(database.superUrl);
  environment = { DATABASE_URL: await database.urlFor('taxon_sidecar') };
  // what passes the gate waits for a person, so that the next run may begin
  await db.rows(`select taxon.set_setting('autopilot_promote', 'false')`);
});
afterAll(async () => {
  await holder?.close();
  await admin?.close();
  await db?.close();
  await database?.drop();
});

/** A table that only this step of a run needs: whoever locks it stops the step in its middle. */
const needs = {
  encode: 'embeddings',
  clean: 'out_of_fold',
  train: 'model_files',
  calibrate: 'gate_answers',
  gate: 'gate_verdicts',
};
type Needed = keyof typeof needs;

/** Ends the connections that wait for our lock: else what was sent before the kill would still be done. */
const endBlocked = () =>
  admin.rows(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );

const stuckIn = (step: string) =>
  until(
    () =>
      admin.row<{ stuck: boolean }>(
        `select exists (select from taxon_internal.run_steps s join taxon_internal.training_runs r using (run_id)
                          where s.step = $1 and s.state = 'running' and r.state = 'running')
            and exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as stuck`,
        step,
      ),
    ({ stuck }) => stuck,
  );

const options = (steps: readonly string[]) => [
  ...['--epochs', '2'],
  ...(steps.includes('clean') ? [] : ['--no-clean']),
];

/**
 * Begins a retraining and kills it in the middle of a step; its statement goes with it, as when a machine is lost. Its lease is
 * over at once: that it is waited for is tested in train/lease.
 */
async function killIn(step: Needed, flags: readonly string[]): Promise<void> {
  await holder.rows('begin');
  await holder.rows(`lock table taxon_internal.${needs[step]} in access exclusive mode`);
  const process = startTaxon(['train', '--gated', ...flags], environment);
  try {
    await stuckIn(step);
    expect(getPriority(process.child.pid)).toBe(10);
  } finally {
    await process.kill('SIGKILL');
    await endBlocked();
    await holder.rows('rollback');
  }
  await db.rows(`update taxon_internal.training_runs set lease_until = now() where state = 'running'`);
}

const champion = () => db.row('select model_id from taxon.champion()');
const digest = () =>
  db.row<{ labels: string; embeddings: number }>(
    `select (select md5(string_agg(l::text, '|' order by name_key)) from taxon.labels l) as labels,
            (select count(*) from taxon_internal.embeddings) as embeddings`,
  );

test.each<{ steps: Needed[] }>([
  // four takeovers are the most that a run bears; one step twice, as a second kill finds nothing else than the first
  { steps: ['encode', 'train', 'train', 'gate'] },
  { steps: ['clean', 'calibrate'] },
])(
  'killed in the steps $steps, a retraining goes on there, makes one model and leaves the champion alone',
  async ({ steps }) => {
    const before = { champion: await champion(), ...(await digest()) };
    const flags = options(steps);
    for (const step of steps) {
      await killIn(step, flags);
      expect(await champion()).toEqual(before.champion);
    }
    const { code, stdout } = await taxonHere(['train', '--gated', '--json', ...flags], environment);
    expect(code).toBe(0);
    const { run_id, taken_over, model_id } = JSON.parse(stdout);
    expect(taken_over).toBe(true);
    expect(
      await db.row('select state, kind, takeovers from taxon_internal.training_runs where run_id = $1', [
        run_id,
      ]),
    ).toEqual({
      state: 'done',
      kind: 'retrain',
      takeovers: steps.length,
    });
    expect(
      await db.rows('select model_id, state from taxon_internal.models where run_id = $1', [run_id]),
    ).toEqual([{ model_id, state: 'candidate' }]);
    const again = await db.rows<{ step: string; attempts: number }>(
      'select step, attempts from taxon_internal.run_steps where run_id = $1 and attempts > 1 order by started_at',
      [run_id],
    );
    const attempts = (step: Needed) => 1 + steps.filter((each) => each === step).length;
    expect(again).toEqual([...new Set(steps)].map((step) => ({ step, attempts: attempts(step) })));
    expect({ champion: await champion(), ...(await digest()) }).toEqual(before);
  },
);

test('interrupted it gives its lease back, and the next goes on at once', async () => {
  await holder.rows('begin');
  await holder.rows('lock table taxon_internal.gate_answers in access exclusive mode');
  const interrupted = startTaxon(['train', '--gated', ...options([])], {
    ...environment,
    TAXON_LEASE_SECONDS: '600',
  });
  try {
    await stuckIn('calibrate');
    const ended = interrupted.kill('SIGINT');
    await holder.rows('rollback');
    expect(await ended).toBe(1);
  } finally {
    await holder.rows('rollback');
  }
  expect(interrupted.stderr()).toContain('interrupted; taxon train --gated goes on where it stopped');
  const next = await taxonHere(['train', '--gated', '--json', ...options([])], environment);
  expect(JSON.parse(next.stdout)).toMatchObject({ taken_over: true, verdict: { passed: true } });
});
