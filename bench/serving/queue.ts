/** `node bench/serving/queue.ts --help` */
import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { median, show } from '../measure.ts';
import { writeTable } from '../table-section.ts';
import { throwAwayServer } from '../trust/throw-away.ts';

const help = `Names a second from claim to settled, with a model that costs nothing, beside graphile-worker and pg-boss: one name a job, two
worker processes, one PostgreSQL (a throw-away one that does sync), the systems in turn.

  node bench/serving/queue.ts [--names 50000] [--rounds 3] [--peers /tmp/queue-peers] [--what bare,rows] [--json] [--doc]

bare: a name is queued, claimed, done; nothing is written about it (here names that no row waits for). rows: the answer is
written onto a row of products, by each system once a job or batch, as it can. Peers are looked for in the folder --peers; to put
them there:

  mkdir -p /tmp/queue-peers && cd /tmp/queue-peers && npm init -y && npm install graphile-worker@0.17 pg-boss@10`;

const { values } = parseArgs({
  options: {
    names: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '3' },
    peers: { type: 'string', default: '/tmp/queue-peers' },
    what: { type: 'string', default: 'bare,rows' },
    json: { type: 'boolean', default: false },
    doc: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface System {
  name: string;
  /** Queues so many names; statements that are not counted. */
  fill(client: pg.Client, names: number, rows: boolean): Promise<void>;
  /** Whether anything is left to do. */
  left: string;
}

const statements =
  (...sql: string[]) =>
  async (client: pg.Client) => {
    for (const one of sql) await client.query(one);
  };
const numbers = (names: number) => `generate_series(1, ${names}) i`;

const pgtaxon: System = {
  name: 'pgtaxon',
  fill: async (client, names, rows) =>
    statements(
      'truncate taxon_internal.queue, taxon_internal.evidence, taxon_internal.opinions',
      'truncate taxon.products restart identity',
      rows
        ? `insert into taxon.products (name) select 'name number ' || i from ${numbers(names)}`
        : `insert into taxon_internal.queue (name_key) select 'name number ' || i from ${numbers(names)}`,
      'analyze taxon_internal.queue, taxon.products',
    )(client),
  // claims put the rows' names into the queue
  left: `select from taxon_internal.queue union all select from taxon.products where state = 'pending' limit 1`,
};

function peersOf(folder: string): System[] {
  const { resolve } = createRequire(join(folder, 'package.json'));
  const has = (name: string) => {
    try {
      return existsSync(resolve(name));
    } catch {
      return false;
    }
  };
  const products = (names: number) => [
    'truncate peers.products',
    `insert into peers.products (product_id, name, state) overriding system value select i, 'name number ' || i, 'pending' from ${numbers(names)}`,
  ];
  return [
    {
      name: 'graphile-worker',
      fill: (client: pg.Client, names: number) =>
        statements(
          ...products(names),
          `select count(*) from graphile_worker.add_jobs(array(select json_populate_record(null::graphile_worker.job_spec,
             json_build_object('identifier', 'classify', 'payload', json_build_object('id', i))) from ${numbers(names)}))`,
          'analyze graphile_worker._private_jobs, peers.products',
        )(client),
      left: 'select from graphile_worker._private_jobs limit 1',
    },
    {
      name: 'pg-boss',
      fill: (client: pg.Client, names: number) =>
        statements(
          ...products(names),
          'delete from pgboss.job',
          `insert into pgboss.job (name, data, policy) select 'classify', json_build_object('id', i), 'standard' from ${numbers(names)}`,
          'vacuum (analyze) pgboss.job',
        )(client),
      left: `select from pgboss.job where state < 'completed' limit 1`,
    },
  ].filter(({ name }) => has(name));
}

/** Their tables. */
async function setUp(client: pg.Client, url: string, systems: readonly System[], folder: string) {
  await statements(
    `select taxon_internal.make_category('{Home}'), taxon_internal.register_encoder('e', 384), taxon_internal.save_model(1, null, '{}')`,
    `select taxon_internal.save_model_file(1, 'm', sha256('x'), 'x'), taxon.promote_model(1)`,
    'create schema peers',
    'create table peers.products (like taxon.products including all)',
  )(client);
  const load = (name: string) => createRequire(join(folder, 'package.json'))(name);
  const names = systems.map(({ name }) => name);
  if (names.includes('graphile-worker'))
    await load('graphile-worker').runMigrations({ connectionString: url });
  if (names.includes('pg-boss')) {
    const PgBoss = load('pg-boss');
    const boss = new (PgBoss.default ?? PgBoss.PgBoss ?? PgBoss)({
      connectionString: url,
      supervise: false,
      schedule: false,
    });
    await boss.start();
    await boss.createQueue('classify');
    await boss.stop({ graceful: false });
  }
}

/** Two processes that wait for their sign; the time is from the sign until nothing is left. */
async function run(client: pg.Client, url: string, system: System, what: string): Promise<number> {
  await system.fill(client, Number(values.names), what === 'rows');
  await client.query('checkpoint');
  const workers = [1, 2].map(() =>
    fork(join(import.meta.dirname, 'queue-worker.ts'), [system.name, what, url, values.peers], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  const started = performance.now();
  for (const worker of workers) worker.send('go');
  while ((await client.query(system.left)).rowCount) await sleep(50);
  const seconds = (performance.now() - started) / 1000;
  for (const worker of workers) worker.kill('SIGKILL');
  return Number(values.names) / seconds;
}

async function measure(): Promise<void> {
  const { url, close } = await throwAwayServer(loadConfig(), true);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const systems = [pgtaxon, ...peersOf(values.peers)];
    await setUp(client, url, systems, values.peers);
    const rates = new Map<string, number[]>();
    for (let round = 0; round < Number(values.rounds); round++)
      for (const what of values.what.split(','))
        for (const system of systems) {
          const key = `${what} ${system.name}`;
          rates.set(key, [...(rates.get(key) ?? []), await run(client, url, system, what)]);
        }
    const best = (key: string) => median(rates.get(key) ?? []);
    const found = Array.from(rates, ([key, all]) => {
      const [what, name] = key.split(' ') as [string, string];
      return {
        what,
        system: name,
        version: name === 'pgtaxon' ? version() : versionOf(name),
        'names/s': Math.round(median(all)),
        slowest: Math.round(Math.min(...all)),
        fastest: Math.round(Math.max(...all)),
        'of pgtaxon': Number((median(all) / best(`${what} pgtaxon`)).toFixed(2)),
      };
    });
    show(values.json, found);
    if (values.doc) writeTable('serving', 'bench/serving/queue.ts', found);
    if (systems.length < 3)
      console.error(`some peers are not in ${values.peers}; --help says how to put them there`);
  } finally {
    await client.end();
    await close();
  }
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')).version as string;
const version = () => read(join(packageRoot, 'package.json'));
const versionOf = (name: string) => read(join(values.peers, 'node_modules', name, 'package.json'));

if (values.help) console.log(help);
else await measure();
