import { expect, test } from 'vitest';
import { until } from '../support/processes.ts';
import { shopOfFile, untrainedShop } from '../support/shop.ts';
import { startSidecarHere } from '../support/sidecar.ts';

const shop = shopOfFile(untrainedShop);

test('a sidecar that stops while its heartbeat is on its way is not there afterwards', async () => {
  const { db } = shop;
  const there = () => db.rows('select worker from taxon_internal.sidecars');
  const { stop } = await startSidecarHere(shop.url, { TAXON_LEASE_SECONDS: '3', TAXON_LLM_PROVIDER: 'none' });
  expect(await there()).toHaveLength(1);
  await db.rows(
    `create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(1); return new; end $$`,
  );
  await db.rows(
    'create trigger slowly before insert on taxon_internal.sidecars for each row execute function slowly()',
  );
  await until(
    () =>
      db.rows(
        `select from pg_stat_activity where state = 'active' and query like '%.heartbeat(%' and pid <> pg_backend_pid()`,
      ),
    (active) => active.length > 0,
  );
  await stop();
  expect(await there()).toEqual([]);
});
