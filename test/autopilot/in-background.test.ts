import { expect, it, vi } from 'vitest';
import { trainingCommands } from '../../src/cli/training-commands.ts';
import { log } from '../../src/log.ts';
import { autopilotJob } from '../../src/sidecar/jobs/autopilot.ts';
import { startSidecar } from '../../src/sidecar/sidecar.ts';
import { testConfig } from '../support/config.ts';
import { until } from '../support/processes.ts';
import { look } from '../support/rows.ts';
import { shopOfFile, untrainedShop } from '../support/shop.ts';

const shop = shopOfFile();

it('a sidecar measures a champion whose diagnosis was cut short, with no more than its own role', async () => {
  await shop.db.rows(`update taxon_internal.models set metrics = metrics - 'learning'`);
  await shop.db.rows(
    `update taxon_internal.training_runs set report = report - 'diagnostics', lease_until = now()`,
  );
  const url = await shop.database.urlFor('taxon_sidecar');
  const asSidecar = look(url);
  const said = vi.spyOn(log, 'info');
  try {
    const job = autopilotJob(testConfig(), url, trainingCommands, new AbortController().signal);
    await job.run(asSidecar);
    const found = await until(
      () =>
        shop.db.row<{ curve: object; against: string; left: boolean }>(
          `select metrics -> 'learning' as curve, report #>> '{diagnostics,against}' as against, lease_until <= now() as left
             from taxon_internal.models join taxon_internal.training_runs using (run_id)`,
        ),
      ({ against }) => against !== null,
    );
    expect(found).toEqual({ curve: expect.anything(), against: 'labels', left: true });
    await job.over?.();
    expect(said).toHaveBeenCalledWith(expect.stringContaining('a measuring ended'));
  } finally {
    said.mockRestore();
    await asSidecar.close();
  }
});

it('a sidecar that stops waits until its retraining has given the run back', async () => {
  const untrained = await untrainedShop();
  const mine = look(untrained.url);
  try {
    await mine.rows(`select taxon.request_retrain('test')`);
    const sidecar = await startSidecar(
      untrained.url,
      { ...testConfig(), retrain: true },
      [],
      trainingCommands,
    );
    const run = () =>
      mine.rows<{ held: boolean }>(
        'select lease_until > clock_timestamp() as held from taxon_internal.training_runs',
      );
    await until(run, (rows) => rows.length > 0);
    await sidecar.stop();
    expect(await run()).toEqual([{ held: false }]);
  } finally {
    await mine.close();
    await untrained.drop();
  }
});
