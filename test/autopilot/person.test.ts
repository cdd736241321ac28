import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { taxonHere } from '../support/command.ts';
import { startSidecarProcess, until } from '../support/processes.ts';
import { look } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';

/** Lets a stopped process go on, if there still is one. */
function goOn(pid: number): void {
  try {
    if (pid > 1) process.kill(pid, 'SIGCONT');
  } catch {
    // it has ended
  }
}

test('a sidecar says that it trains, in its log and in status, and gives way to a person', async () => {
  const shop = await shopDatabase();
  const db = look(shop.url);
  const environment = { DATABASE_URL: shop.url };
  await db.rows(`select taxon.set_setting('autopilot_clean', 'false')`);
  // looked for at its start, and then once a minute
  await db.rows(`select taxon.request_retrain('600 new labels', 'labels')`);
  const sidecar = await startSidecarProcess(shop.url);
  const { pid: parent } = sidecar.child;
  let pid = 0;
  try {
    await sidecar.says('a retraining begins; taxon status shows its steps, taxon train takes over');
    await until(
      () => db.rows(`select from taxon_internal.training_runs where kind = 'retrain' and state = 'running'`),
      (running) => running.length === 1,
    );
    // stopped while a person comes, or it could be over before
    pid = Number(readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8'));
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, 'SIGSTOP');
    const status = await taxonHere(['status', '--json'], environment);
    expect(JSON.parse(status.stdout).health).toContainEqual(
      expect.objectContaining({ item: 'autopilot', detail: expect.stringMatching(/^it trains now: run/) }),
    );
    const train = await taxonHere(['train', '--no-clean', '--epochs', '1', '--json'], environment);
    expect(train).toMatchObject({ code: 0 });
    goOn(pid);
    await sidecar.says('a retraining gave way');
    expect(
      await db.rows(
        `select kind, state, error from taxon_internal.training_runs order by run_id desc limit 2`,
      ),
    ).toEqual([
      { kind: 'train', state: 'done', error: null },
      { kind: 'retrain', state: 'failed', error: 'a training that a person began took over' },
    ]);
  } finally {
    goOn(pid);
    await sidecar.kill('SIGTERM');
    await db.close();
    await shop.drop();
  }
});
