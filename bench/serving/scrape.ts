/** `node bench/serving/scrape.ts --help` */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/database/connection/open.ts';
import { scrape } from '../../src/database/metrics.ts';
import { flags, median, show } from '../measure.ts';
import { writeTable } from '../table-section.ts';
import { throwAwayServer } from '../trust/throw-away.ts';

const chosen = flags(
  `What a scrape of /metrics costs beside a queue of so many names, and what it leaves of the queue's rate: two worker processes with a
model that costs nothing, for --seconds each, without scrapes and with two sidecars that are scraped each second (15 s is usual).
--rounds 0 leaves the rates out. --doc 1 writes what a scrape costs into docs/measured/serving.md.`,
  { names: 1_000_000, seconds: 15, rounds: 3, doc: 0 },
);

async function fill(db: Database, names: number): Promise<void> {
  await db.rows('truncate taxon_internal.queue');
  await db.rows(
    `insert into taxon_internal.queue (name_key) select 'name number ' || i from generate_series(1, $1::integer) i`,
    [names],
  );
  await db.rows('analyze taxon_internal.queue');
}

async function timesOf(db: Database, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await scrape(db, [], 10_000);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

/** Names a second that two workers settle. */
async function rate(url: string, db: Database, scraped: boolean): Promise<number> {
  await fill(db, chosen.names);
  const workers = [1, 2].map(() =>
    fork(join(import.meta.dirname, 'queue-worker.ts'), ['pgtaxon', 'bare', url, ''], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  for (const worker of workers) worker.send('go');
  await sleep(3000);
  const count = async () => (await db.row<{ n: number }>('select count(*) as n from taxon_internal.queue')).n;
  const before = await count();
  const started = performance.now();
  let going = true;
  const looking = [1, 2].map(async () => {
    while (scraped && going) {
      await scrape(db, [], 1000).catch(() => {});
      await sleep(1000);
    }
  });
  await sleep(chosen.seconds * 1000);
  const settled = before - (await count());
  const seconds = (performance.now() - started) / 1000;
  going = false;
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all(looking);
  return settled / seconds;
}

const { url, close } = await throwAwayServer(loadConfig(), true);
const db = openDatabase(url, { schema: 'taxon', poolSize: 6 }, 'bench');
try {
  await db.rows(
    `select taxon_internal.make_category('{Home}'), taxon_internal.register_encoder('e', 384), taxon_internal.save_model(1, null, '{}')`,
  );
  await db.rows(`select taxon_internal.save_model_file(1, 'm', sha256('x'), 'x'), taxon.promote_model(1)`);
  await db.rows(`insert into taxon.products (name) select 'product ' || i from generate_series(1, 100000) i`);
  await db.rows('vacuum analyze taxon.products');
  const rows: Record<string, unknown>[] = [];
  for (const names of [0, 10_000, 100_000, chosen.names]) {
    await fill(db, names);
    const times = await timesOf(db, 40);
    rows.push({
      'names that wait': names,
      'a scrape p50, ms': Number(median(times).toFixed(1)),
      'p95, ms': Number((times[Math.floor(times.length * 0.95)] as number).toFixed(1)),
    });
  }
  await db.rows('truncate taxon.products');
  const without: number[] = [];
  const with2: number[] = [];
  for (let round = 0; round < chosen.rounds; round++) {
    without.push(await rate(url, db, false));
    with2.push(await rate(url, db, true));
  }
  show(chosen.json, rows);
  const [a, b] = [median(without), median(with2)];
  if (chosen.rounds > 0)
    show(chosen.json, [
      {
        'names/s without': Math.round(a),
        'with two a second': Math.round(b),
        share: Number((b / a).toFixed(2)),
      },
    ]);
  if (chosen.doc === 1) writeTable('serving', 'bench/serving/scrape.ts', rows);
} finally {
  await db.close();
  await close();
}
