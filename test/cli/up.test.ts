import { afterAll, expect, it } from 'vitest';
import { clusterStatus, startCluster } from '../../src/cluster/cluster.ts';
import { temporaryDataDir } from '../support/cluster.ts';
import { asPage, cookieOf, send } from '../support/page.ts';
import { startTaxon, until } from '../support/processes.ts';
import { insert, look } from '../support/rows.ts';

const { dataDir, remove } = temporaryDataDir();
afterAll(remove);

it('up that is told to stop while it makes the database leaves none running', async () => {
  const early = startTaxon(['up'], { TAXON_DATA_DIR: dataDir });
  await early.says('making a private PostgreSQL');
  expect(await early.kill('SIGTERM')).toBe(0);
  expect(clusterStatus(dataDir).state).toBe('stopped');
});

it('up makes database, schema and worker; Ctrl-C stops all that it started, and nothing that it did not', async () => {
  const first = startTaxon(['up'], { TAXON_DATA_DIR: dataDir });
  await first.says('ready');
  expect(first.stderr()).toContain('the LLM stage waits');
  const link = /the page open=(\S+)/.exec(first.stderr())?.[1] as string;
  expect((await asPage(new URL(link).origin, cookieOf(await send(link))).get('overview')).json.products).toBe(
    0,
  );
  const db = look((await startCluster(dataDir)).url('taxon'));
  await insert(db, ['a name that nobody knows']);
  await until(
    () => db.rows(`select from taxon_internal.queue where stage = 'llm'`),
    (rows) => rows.length === 1,
  );
  await db.close();
  expect(await first.kill('SIGINT')).toBe(0);
  expect(clusterStatus(dataDir).state).toBe('stopped');

  await startCluster(dataDir);
  const second = startTaxon(['up'], { TAXON_DATA_DIR: dataDir });
  await second.says('ready');
  expect(await second.kill('SIGTERM')).toBe(0);
  expect(clusterStatus(dataDir).state).toBe('running');
});
