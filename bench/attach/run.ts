/** `node bench/attach/run.ts --help` */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { flags, median, show } from '../measure.ts';
import { throwAwayServer } from '../trust/throw-away.ts';

const { rows, names, writers, seconds, rounds, json } = flags(
  `attach, backfill and detach of a table, with writers on it and a model that costs nothing, on a server of its own that keeps what
it commits: what the writers keep of their rate, how long any of them waited, and how right the time left was.`,
  { rows: 1_000_000, names: 100_000, writers: 2, seconds: 10, rounds: 3 },
);

const server = await throwAwayServer(loadConfig(), true);
const client = new pg.Client({ connectionString: server.url });
await client.connect();
const value = async <T>(sql: string): Promise<T> => {
  const { rows: found } = await client.query(sql);
  return Object.values(found[0] as Record<string, T>)[0] as T;
};
const note = (text: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

const insert = (n: number) =>
  `insert into shop.order_products (title, price) values ('Samsung Galaxy чохол ' || ${n} % ${names} || ' Black 128 GB', 7)`;

/** Writers, each a row a statement, for some seconds; returns rows a second. */
async function write(forSeconds: number): Promise<number> {
  const until = performance.now() + forSeconds * 1000;
  let done = 0;
  const one = async () => {
    const own = new pg.Client({ connectionString: server.url });
    await own.connect();
    for (; performance.now() < until; done += 1)
      await own.query({
        name: 'write',
        text: insert(1).replace(/1 %/, '$1::bigint %'),
        values: [Math.floor(Math.random() * 1e9)],
      });
    await own.end();
  };
  await Promise.all(Array.from({ length: writers }, one));
  return done / forSeconds;
}

/** The writers' rate with triggers and sidecar, beside that without, in turn; what the machine does else meets both. */
async function compare(stop = () => {}, goOn = () => {}): Promise<number> {
  const ratios: number[] = [];
  for (let i = 0; i < rounds; i += 1) {
    await client.query('alter table shop.order_products disable trigger user');
    stop();
    const without = await write(seconds);
    goOn();
    await client.query('alter table shop.order_products enable trigger user');
    ratios.push((await write(seconds)) / without);
  }
  return median(ratios);
}

/** One more writer, a row every 50 ms, until it is stopped: how long its slowest statement took. */
function probe() {
  let slowest = 0;
  let over = false;
  const done = (async () => {
    const own = new pg.Client({ connectionString: server.url });
    await own.connect();
    while (!over) {
      const began = performance.now();
      await own.query(insert(Math.floor(Math.random() * 1e9)));
      slowest = Math.max(slowest, performance.now() - began);
      await sleep(50);
    }
    await own.end();
  })();
  return async () => {
    over = true;
    await done;
    return slowest;
  };
}

async function startWorker(): Promise<ChildProcess> {
  const worker = fork(join(packageRoot, 'bench/attach/worker.ts'), [server.url]);
  await once(worker, 'message');
  return worker;
}

const measured: Record<string, unknown>[] = [];
const say = (what: string, figure: number | string) => {
  measured.push({ what, figure: typeof figure === 'number' ? Number(figure.toPrecision(4)) : figure });
  note(`${what}: ${figure}`);
};
let worker: ChildProcess | null = null;
try {
  await client.query(`insert into taxon_internal.encoders (identity, dimension) values ('bench', 1)`);
  await client.query(
    `insert into taxon_internal.models (encoder_id, manifest, state) values (1, '{}', 'champion')`,
  );
  await client.query(
    `select taxon_internal.make_category('{Home}'), taxon.set_setting('evidence_days', '0')`,
  );
  await client.query('create schema shop');
  await client.query(
    'create table shop.order_products (id bigint generated always as identity primary key, title text, price numeric)',
  );
  for (let from = 0; from < rows; from += 500_000)
    await client.query(
      `insert into shop.order_products (title, price) select 'Samsung Galaxy чохол ' || i::bigint * 7919 % ${names} || ' Black 128 GB', 7
         from generate_series(${from + 1}, ${Math.min(rows, from + 500_000)}) i`,
    );
  await client.query('vacuum analyze shop.order_products');
  note('the table is there');
  say('writers before attach, rows/s', await write(seconds));

  const stopProbe = probe();
  let began = performance.now();
  await client.query(`select taxon.attach('shop.order_products', key => 'id', name => 'title')`);
  say('attach(), s', (performance.now() - began) / 1000);
  worker = await startWorker();
  began = performance.now();
  const said: { at: number; left: number }[] = [];
  const both = () =>
    compare(
      () => worker?.kill('SIGSTOP'),
      () => worker?.kill('SIGCONT'),
    );
  say('writers during the backfill while names are new, of the rate without', await both());
  // rows come name by name: after so many each name has come
  while (
    (await value<boolean>(
      `select state = 'backfilling' and coalesce(seen, 0) < ${2 * names} from taxon.attached_tables`,
    )) === true
  )
    await sleep(1000);
  say('writers during the backfill, of the rate without', await both());
  began = performance.now();
  for (let n = 0; ; n += 1) {
    const { rows: found } = await client.query<{
      state: string;
      seen: string;
      left: number | null;
      rate: string;
    }>('select state, seen, rate, extract(epoch from time_left)::float8 as left from taxon.attached_tables');
    const now = found[0];
    if (now === undefined || now.state === 'following') break;
    if (now.state === 'stopped') throw new Error(JSON.stringify(now));
    if (now.left !== null) said.push({ at: performance.now(), left: now.left });
    if (n % 30 === 0) note(`${now.state} ${now.seen} rows, ${now.rate}/s, ${now.left} s left`);
    await sleep(1000);
  }
  const took = (performance.now() - began) / 1000;
  say('backfill, s', took);
  say('backfill, rows/s', rows / took);
  const ended = performance.now();
  for (const part of [0.25, 0.5, 0.75]) {
    const moment = began + part * (ended - began);
    const near = said.find(({ at }) => at >= moment);
    if (near !== undefined)
      say(
        `time left that was said after ${100 * part} %, of what it took`,
        near.left / ((ended - near.at) / 1000),
      );
  }
  const answersLeft = () => value<string>(`select count(*) from taxon.products where state = 'pending'`);
  say('rows not answered yet when it ended', await answersLeft());
  // the probe writes on
  while (Number(await answersLeft()) > 200) await sleep(1000);
  say('all answered after, s', (performance.now() - began) / 1000);

  say('writers followed by a sidecar, of the rate without', await both());
  // from the start: the rows are there already, and each is compared
  await client.query(`select taxon_internal.sweep_attached()`);
  say('writers during a sweep, of the rate without', await both());
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  worker = null;
  say('writers with triggers and no sidecar, of the rate without', await compare());
  began = performance.now();
  await client.query(`select taxon.detach('shop.order_products')`);
  say('detach(), s', (performance.now() - began) / 1000);
  say('slowest write of all that time, ms', await stopProbe());
  say(
    'triggers left',
    await value<string>(`select count(*) from pg_trigger where tgrelid = 'shop.order_products'::regclass`),
  );
  say('rows of products left', await value<string>('select count(*) from taxon.products'));
} finally {
  worker?.kill('SIGKILL');
  await client.end();
  await server.close();
}
show(json, measured);
