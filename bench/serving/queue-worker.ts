/** A worker of bench/serving/queue.ts: a process of its own, which takes jobs of one queue until it is killed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/database/connection/open.ts';
import { Claims } from '../../src/sidecar/claims.ts';
import { runLocalLoop } from '../../src/sidecar/local/loop.ts';
import { shopPace } from '../../src/sidecar/shop-pace.ts';
import { createWaker } from '../../src/sidecar/waker.ts';
import { noOpChampion } from './no-op.ts';

const [system, what, url, peers] = process.argv.slice(2) as [string, string, string, string];
const rows = what === 'rows';

/** The same columns that a settled row gets here. */
const answer = `update peers.products set category_id = 1, l1 = 1, source = 'local', l1_confidence = .99, l2_confidence = .99, l3_confidence = .99,
  model_id = 1, state = 'done', classified_at = now() where product_id`;

/** The sidecar's own loop, with a model that says the same of each name. */
function ours(): void {
  const config = loadConfig();
  const db = openDatabase(url, { schema: 'taxon', poolSize: 6 }, 'bench worker');
  const worker = `bench-${process.pid}`;
  runLocalLoop({
    stage: { db, worker, champion: noOpChampion(1), onWatched: async () => {} },
    brief: db,
    claims: new Claims(config.leaseSeconds),
    config,
    waker: createWaker(),
    pace: shopPace(),
    stopping: new AbortController().signal,
    announce: async () => {},
    onPassedOn: () => {},
  });
}

const load = (name: string) => createRequire(join(peers, 'package.json'))(name);

interface Helpers {
  query(sql: string, values: unknown[]): Promise<unknown>;
}

/** As its documentation on scaling and its own performance test have it. */
async function graphile(): Promise<void> {
  const { run } = load('graphile-worker');
  const classify = rows
    ? async ({ id }: { id: number }, helpers: Helpers) => void (await helpers.query(`${answer} = $1`, [id]))
    : () => {};
  await run({
    preset: {
      worker: {
        connectionString: url,
        maxPoolSize: 10,
        concurrentJobs: 24,
        pollInterval: 2000,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        preparedStatements: true,
      },
    },
    logger: new (load('graphile-worker').Logger)(() => () => {}),
    taskList: { classify },
  });
}

/** Its fetch() and complete() in a loop, without the half second that its work() rests between batches. */
async function pgBoss(): Promise<void> {
  const PgBoss = load('pg-boss');
  const boss = new (PgBoss.default ?? PgBoss.PgBoss ?? PgBoss)({
    connectionString: url,
    max: 10,
    supervise: false,
    schedule: false,
    migrate: false,
  });
  boss.on('error', () => {});
  await boss.start();
  const lane = async () => {
    for (;;) {
      const jobs: { id: string; data: { id: number } }[] = await boss.fetch('classify', { batchSize: 500 });
      if (jobs.length === 0) return;
      const ids = jobs.map(({ data }) => data.id);
      if (rows) await boss.getDb().executeSql(`${answer} = any($1)`, [ids]);
      await boss.complete(
        'classify',
        jobs.map(({ id }) => id),
      );
    }
  };
  await Promise.all([lane(), lane()]);
}

const systems: Record<string, () => unknown> = {
  pgtaxon: ours,
  'graphile-worker': graphile,
  'pg-boss': pgBoss,
};
process.once('message', () => void systems[system]?.());
process.send?.('ready');
