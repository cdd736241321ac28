/** `node bench/autopilot/encoders.ts --help` */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { retrain } from '../../src/autopilot/retrain.ts';
import { table } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { encoderProgress, freeEncoder, removeEncoder } from '../../src/database/encoders.ts';
import { log, setLogLevel } from '../../src/log.ts';
import { openShop } from './shop.ts';
import { startSidecars, stopAll, wrong } from './traffic.ts';
import { demoWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    labels: { type: 'string', default: '20000' },
    rate: { type: 'string', default: '30' },
    fill: { type: 'string', default: '120' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `One encoder follows another while names arrive: two sidecars are started anew, one after the other, with both encoders; memory is
encoded in the background; a model of the next encoder is trained, watches, answers; the model before comes back; the next encoder's
embeddings are removed. The next encoder is the bundled one with another prefix. Thresholds of 0: no LLM is needed.

  node bench/autopilot/encoders.ts [--labels 20000] [--rate 30] [--fill SECONDS] [--json]`;

/** Lets names arrive until told to stop. */
function traffic(db: Database, names: readonly string[], rate: number) {
  let on = true;
  let sent = 0;
  const done = (async () => {
    for (; on && sent < names.length; sent += rate / 10) {
      const some = names.slice(sent, sent + rate / 10);
      await db.rows('insert into taxon.products (name) select unnest($1::text[])', [some]);
      await sleep(100);
    }
  })();
  return {
    async stop() {
      on = false;
      await done;
      return sent;
    },
  };
}

async function run(): Promise<void> {
  const rate = Number(values.rate);
  const old = loadConfig();
  const next = { ...old, encoderPrefix: 'query: ', encoderBeside: [{ encoderPrefix: old.encoderPrefix }] };
  const world = demoWorld({ labels: Number(values.labels), weeks: 1, names: rate * 400, seed: 1 });
  const shop = await openShop(old, world);
  const { db } = shop;
  let sidecars: ChildProcess[] = [];
  const phases: Record<string, unknown>[] = [];
  let began = Date.now();
  /** Ends a phase: how long it took, who answered in it, and how long names waited. */
  async function phase(what: string): Promise<void> {
    const seconds = Math.round((Date.now() - began) / 1000);
    const row = await db.row<object>(
      `select count(*) as answered, round(1000 * percentile_disc(.95) within group (order by extract(epoch from classified_at - created_at))) as p95_ms,
              round(1000 * max(extract(epoch from classified_at - created_at))) as longest_ms, string_agg(distinct model_id::text, ', ') as models
       from taxon.products where source = 'local' and classified_at > now() - make_interval(secs => $1)`,
      [seconds],
    );
    phases.push({ what, seconds, ...row });
    log.warn(what, phases.at(-1));
    began = Date.now();
  }
  try {
    await shop.taxon('train', '--no-clean');
    for (const [key, value] of Object.entries({
      similar_layer: false,
      second_looks_most: 0,
      shadow_names: 1e9,
    }))
      await db.rows('select taxon.set_setting($1, $2)', [key, JSON.stringify(value)]);
    await db.rows(`select taxon.set_thresholds(0, 0, 0, 'the bench', 1)`);
    const config = {
      ...next,
      databaseUrl: shop.config.databaseUrl,
      schema: shop.config.schema,
      retrain: false,
    };
    sidecars = startSidecars(shop.config, 2);
    await sleep(5000);
    const arriving = traffic(
      db,
      (world.weeks[0] ?? []).map(({ key }) => key),
      rate,
    );
    began = Date.now();
    await sleep(15_000);
    await phase('the old encoder alone');
    for (let i = 0; i < 2; i++) {
      sidecars.push(...startSidecars(config, 1));
      await sleep(6000);
      await stopAll(sidecars.splice(0, 1));
    }
    await phase('sidecars started anew');
    const until = Date.now() + Number(values.fill) * 1000;
    const progress = async () => (await encoderProgress(db))[1];
    while (((await progress())?.missing ?? 1) > 0 && Date.now() < until) await sleep(2000);
    const { labels, missing } = (await progress()) ?? { labels: 0, missing: null };
    await phase(`filled in the background: ${labels} labels, ${missing} missing`);
    const { model_id } = await retrain(db, { ...config }, { reason: 'the bench', clean: false });
    await phase('trained and judged');
    await sleep(10_000);
    await phase('in shadow');
    await db.rows(`select taxon.set_thresholds(0, 0, 0, 'the bench', $1)`, [model_id]);
    await db.rows('select taxon.promote_model($1, true, $2)', [model_id, 'the bench']);
    await sleep(15_000);
    await phase('the next encoder answers');
    await db.rows('select taxon.roll_back_model()');
    await sleep(15_000);
    await phase('rolled back');
    const before = await progress();
    for (let n = 1; n > 0; ) n = await removeEncoder(db, before?.encoder_id as number);
    await freeEncoder(db, before?.encoder_id as number);
    await phase(`removed: ${before?.embeddings} embeddings, ${Math.round((before?.bytes ?? 0) / 1e6)} MB`);
    const sent = await arriving.stop();
    await sleep(3000);
    const report = { phases, arrived: sent, rows: await wrong(db) };
    if (values.json) console.log(JSON.stringify(report));
    else console.log(`${table(phases)}\n\n${table([{ arrived: sent, ...report.rows }])}`);
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
