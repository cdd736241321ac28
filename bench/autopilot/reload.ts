/** `node bench/autopilot/reload.ts --help` */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { log, setLogLevel } from '../../src/log.ts';
import { median } from '../measure.ts';
import { openShop, type Shop } from './shop.ts';
import { arrivals, latency, memoryOf, startSidecars, stopAll, wrong } from './traffic.ts';
import { type Arrival, demoWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    promotions: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    turns: { type: 'string', default: '10' },
    labels: { type: 'string', default: '4000' },
    sidecars: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `Models are promoted in turn while names arrive: how long does a name take from its INSERT to its answer, with promotions and
without, in turns of so many seconds, one without and one with? The median turn of each kind counts, as the machine's own speed comes and goes.
Then the model is rolled back three times. A real PostgreSQL, sidecars in processes of their own;
thresholds of 0, so that the local layer answers every cache miss and no LLM is needed.

  node bench/autopilot/reload.ts [--rate 200] [--promotions 50] [--seconds 20] [--turns 10] [--labels 4000] [--sidecars 2] [--json]`;

/**
 * Models of the same labels that answer everything: three, as sidecars keep the one before in memory, and each promotion
 * is to load one.
 */
async function makeModels({ db, taxon }: Shop): Promise<number[]> {
  const ids: number[] = [];
  for (const seed of ['1', '2', '3']) {
    const { model_id } = await taxon('train', '--no-clean', '--seed', seed);
    await db.rows(`select taxon.set_thresholds(0, 0, 0, 'the bench', $1)`, [model_id]);
    ids.push(model_id as number);
  }
  return ids;
}

async function promoting(db: Database, models: readonly number[], times: number, seconds: number) {
  for (let i = 0; i < times; i++) {
    await db.rows('select taxon.promote_model($1, true, $2)', [models[i % 3], 'the bench']);
    await sleep((seconds * 1000) / times);
  }
}

/** Rolls back while names arrive; the longest that a name which came after it took. */
async function rollingBack(db: Database, names: readonly Arrival[], rate: number) {
  const rounds: Record<string, number>[] = [];
  for (let round = 0; round < 3; round++) {
    const some = names.slice(round * rate * 6, (round + 1) * rate * 6);
    const all = arrivals(db, some, rate, 6);
    await sleep(3000);
    const { old } = await db.row<{ old: number }>('select model_id as old from taxon.champion()');
    await db.rows('select taxon.roll_back_model()');
    const { at } = await db.row<{ at: Date }>(
      'select max(rolled_back_at) as at from taxon_internal.promotions where model_id = $1',
      [old],
    );
    await all;
    rounds.push(
      await db.row(
        `select count(*) filter (where model_id = $2 and classified_at > $1) as by_old_after,
                count(*) filter (where model_id <> $2) as by_new,
                round(1000 * extract(epoch from min(classified_at) filter (where model_id <> $2) - $1)) as first_after_ms,
                round(1000 * max(extract(epoch from classified_at - created_at)) filter (where created_at > $1)) as longest_ms
         from taxon.products where created_at > $1::timestamptz - interval '3 s' and source = 'local'`,
        [at, old],
      ),
    );
    await db.rows('select taxon.promote_model($1, true, $2)', [old, 'the bench']);
    await sleep(1000);
  }
  return rounds;
}

async function run(): Promise<void> {
  const [rate, seconds, turns] = [values.rate, values.seconds, values.turns].map(Number) as [
    number,
    number,
    number,
  ];
  const promotions = Math.round((2 * Number(values.promotions)) / turns);
  const world = demoWorld({
    labels: Number(values.labels),
    weeks: turns + 1,
    names: rate * Math.max(seconds, 20),
    seed: 1,
  });
  const shop = await openShop(loadConfig(), world);
  let sidecars: ChildProcess[] = [];
  try {
    const { db } = shop;
    const models = await makeModels(shop);
    await db.rows(`select taxon.set_setting('similar_layer', 'false')`);
    await db.rows(`select taxon.set_setting('second_looks_most', '0')`);
    sidecars = startSidecars(shop.config, Number(values.sidecars));
    await arrivals(db, world.weeks[turns]?.slice(0, rate * 2) ?? [], rate, 2);
    const memory = [sidecars.map(memoryOf).join(' / ')];
    const rows: Record<string, unknown>[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const names = world.weeks[turn] as Arrival[];
      const with_ = turn % 2 === 1;
      const all = arrivals(db, names, rate, seconds);
      if (with_) await promoting(db, models, promotions, seconds);
      const { from, late } = await all;
      rows.push({
        promotions: with_ ? promotions : 0,
        ...(await latency(db, from)),
        'bench late ms': late,
      });
      log.warn(`turn ${turn + 1}`, rows.at(-1));
    }
    memory.push(sidecars.map(memoryOf).join(' / '));
    const p95 = (with_: number) =>
      median(rows.filter((_, turn) => turn % 2 === with_).map((row) => Number(row.p95)));
    const back = await rollingBack(db, world.weeks[turns]?.slice(rate * 2) ?? [], rate);
    const report = {
      turns: rows,
      'p95 in the median turn, with : without': `${p95(1)} : ${p95(0)} = ${(p95(1) / p95(0)).toFixed(2)}`,
      rows: await wrong(db),
      'rolled back': back,
      'memory of sidecars, MB, before and after': memory,
    };
    if (values.json) console.log(JSON.stringify(report));
    else {
      console.log(table(rows));
      console.log(table(back));
      const { turns: _, 'rolled back': __, ...rest } = report;
      console.log(rest);
    }
  } finally {
    await stopAll(sidecars);
    await shop.close();
  }
}

if (values.help) console.log(help);
else {
  setLogLevel('warn');
  await run();
}
