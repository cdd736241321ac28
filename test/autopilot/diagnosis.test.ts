import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { Database } from '../../src/database/open.ts';
import { autopilotJob } from '../../src/sidecar/autopilot.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { look } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

it('a sidecar measures a champion whose diagnosis was cut short, with no more than its own role', async () => {
  await db.rows(`update taxon.models set metrics = metrics - 'learning'`);
  await db.rows(`update taxon.training_runs set report = report - 'diagnostics', lease_until = now()`);
  const url = await database.urlFor('taxon_sidecar');
  const asSidecar = look(url);
  try {
    await autopilotJob(loadConfig({}, {}), url, new AbortController().signal).run(asSidecar);
    const found = await until(
      () =>
        db.row<{ curve: object; against: string; left: boolean }>(
          `select metrics -> 'learning' as curve, report #>> '{diagnostics,against}' as against, lease_until <= now() as left
             from taxon.models join taxon.training_runs using (run_id)`,
        ),
      ({ against }) => against !== null,
    );
    expect(found).toEqual({ curve: expect.anything(), against: 'labels', left: true });
  } finally {
    await asSidecar.close();
  }
});
