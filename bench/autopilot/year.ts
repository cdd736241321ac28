/** `node bench/autopilot/year.ts --help` */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { renewPromise, requestRetrain, retrainDue } from '../../src/database/autopilot.ts';
import { retrainWaits } from '../../src/database/runs.ts';
import { misuse } from '../../src/errors.ts';
import { log, setLogLevel } from '../../src/log.ts';
import { titlesFile } from '../accuracy/data.ts';
import { benchFolder } from '../accuracy/results.ts';
import { openShop, type Shop } from './shop.ts';
import { countWeek, people, type Week } from './week.ts';
import { type Arrival, demoWorld, titlesWorld, type World } from './world.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'titles' },
    how: { type: 'string', default: 'autopilot' },
    weeks: { type: 'string', default: '52' },
    names: { type: 'string', default: '1190' },
    labels: { type: 'string', default: '2000' },
    checks: { type: 'string', default: '20' },
    growth: { type: 'string', default: '0.25' },
    error: { type: 'string', default: '0.1' },
    clean: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

const help = `A simulated year of a shop: names arrive week by week in a fixed order at a real PostgreSQL and a real sidecar; the LLM is SIMULATED and
says what the noisy teacher said. It starts with so many labels. Nobody touches it but for so many simulated human checks a week. This
bench plays the clock only: what sidecars do each minute and night is called at the end of each week.

  node bench/autopilot/year.ts [--set titles|demo] [--how autopilot|never|ungated|once] [--weeks 52] [--names 1190]
                               [--labels 2000] [--checks 20] [--growth .25] [--error .1] [--clean] [--seed N]

  --how     autopilot: retrained when memory has grown by --growth, behind the gate; never: the first model stays; ungated: trained
            anew as often and promoted at once; once: trained once on all but the last four weeks, checked as often as the year
  --clean   the autopilot cleans labels first

After an autopilot's year a model is trained once on all that memory held before the last four weeks, and their names arrive again.
A line a week goes to bench/year-SET-HOW.jsonl in the data folder.`;

/** Begins with the first model and the promise. */
async function open(shop: Shop, world: World, error: number): Promise<void> {
  const { db } = shop;
  const settings = {
    retrain_growth: Number(values.growth),
    autopilot_clean: values.clean,
    // a year passes in an hour here: budgets of a day hold for all of it
    audit_tokens_a_day: 365 * 20_000,
    audit_people_a_day: 0,
    drift_names_a_year: Math.max(1000, world.weeks.flat().length),
  };
  for (const [key, value] of Object.entries(settings))
    await db.rows('select taxon.set_setting($1, $2)', [key, JSON.stringify(value)]);
  const all = [...world.start, ...world.weeks.flat()];
  await shop.teach(new Map(all.map(({ key, teacher }) => [key, teacher])));
  await shop.taxon('train', '--no-clean');
  // as a shop of this size would: at 30,000 labels reading all of them takes 15 ms a name, of several models at the gate
  await db.rows((await db.row<{ make: string }>('select taxon_internal.neighbour_index() as make')).make);
  await db.rows(`select taxon.set_setting('neighbours', '"hnsw"')`);
  await db.rows(`select taxon.set_promise($1, .95, 'the year', true)`, [error]);
}

/** A champion of all that memory holds, whatever a gate would say; what the promise comes to with it. */
async function trainAndPromote({ db, taxon, recalibrate }: Shop) {
  const { model_id } = await taxon('train', '--no-clean');
  await recalibrate();
  return {
    model_id,
    ...(await db.row<{ verdict: string }>('select verdict from taxon.set_promise()')),
  };
}

/** What sidecars do each minute and night, at the end of a week. */
async function endOfWeek(shop: Shop, truth: ReadonlyMap<string, Arrival>): Promise<string[]> {
  const { db } = shop;
  const did: string[] = [];
  const note = (what: string | null) => {
    if (what !== null) did.push(what);
  };
  await db.rows('select taxon_internal.draw_audits()');
  await db.rows('select taxon_internal.watch_drift()');
  await people(shop, truth, Number(values.checks));
  await shop.recalibrate();
  note(await renewPromise(db));
  for (let i = 0; i < 3; i++)
    note((await db.row<{ did: string | null }>('select taxon_internal.advance_rollout() as did')).did);
  const due = await retrainDue(db, false);
  if (values.how === 'never' || values.how === 'once') return did;
  // the sidecar asks for it by itself each minute; a week may be shorter here
  if (due !== null) await requestRetrain(db, due.reason, due.cause);
  if (!(await retrainWaits(db))) return did;
  if (values.how === 'ungated') {
    await db.rows('delete from taxon_internal.retrain_requests where run_id is null');
    const { model_id, verdict } = await trainAndPromote(shop);
    return [...did, `model ${model_id} was trained and promoted: ${verdict}`];
  }
  const { model_id, verdict } = (await shop.taxon('train', '--gated')) as {
    model_id: number;
    verdict: { passed: boolean; reasons: string[] };
  };
  const said = verdict.passed ? 'passed the gate' : 'was refused';
  return [...did, `model ${model_id} ${said}: ${verdict.reasons.join('; ')}`];
}

/** The last weeks' names again, as if nobody had answered them, at a model that is trained once on all that memory held before. */
async function again(shop: Shop, truth: ReadonlyMap<string, Arrival>, names: Arrival[], before: Date) {
  const { db } = shop;
  await db.rows('delete from taxon.labels where created_at >= $1', [before]);
  const { verdict } = await trainAndPromote(shop);
  const since = (await db.row<{ now: Date }>('select now()')).now;
  return { ...(await countWeek(shop, truth, await shop.arrive(names), since)), did: [verdict] };
}

/** As the last four weeks of a year that was trained once, on all before: two weeks of names are checked, then two answered. */
function asOnce(world: World): World {
  const weeks = world.weeks.slice(-4);
  return { ...world, start: [...world.start, ...world.weeks.slice(0, -4).flat()], weeks };
}

async function run(): Promise<void> {
  const options = {
    labels: Number(values.labels),
    weeks: Number(values.weeks),
    names: Number(values.names),
    seed: Number(values.seed),
  };
  const made = values.set === 'demo' ? demoWorld(options) : await titlesWorld(titlesFile, options);
  if (made === null) throw misuse(`no file ${titlesFile}: the titles are not part of the project`);
  const world = values.how === 'once' ? asOnce(made) : made;
  const config = loadConfig();
  const file = join(benchFolder(config), `year-${values.set}-${values.how}.jsonl`);
  mkdirSync(benchFolder(config), { recursive: true });
  const truth = new Map([...world.start, ...world.weeks.flat()].map((name) => [name.key, name]));
  const started = Date.now();
  const keep = (line: object) => appendFileSync(file, `${JSON.stringify(line)}\n`);
  const shop = await openShop(config, world);
  try {
    await open(shop, world, Number(values.error));
    keep({ began: new Date().toISOString(), ...values });
    let lastFour = new Date();
    for (const [i, names] of world.weeks.entries()) {
      const since = (await shop.db.row<{ now: Date }>('select now()')).now;
      if (i === world.weeks.length - 4) lastFour = since;
      const range = await shop.arrive(names);
      if (values.how === 'once' && i === 1)
        await people(shop, truth, Number(values.checks) * (Number(values.weeks) - 4));
      const did = await endOfWeek(shop, truth);
      const week: Week = { week: i + 1, ...(await countWeek(shop, truth, range, since)), did };
      keep({ ...week, seconds: Math.round((Date.now() - started) / 1000) });
      const { layers, wrong, tokens, labels, checks, mode } = week;
      log.warn(`week ${i + 1}`, {
        ...layers,
        wrong: JSON.stringify(wrong),
        tokens,
        labels,
        checks,
        mode,
        s: Math.round((Date.now() - started) / 1000),
      });
      for (const what of did) log.warn(`  ${what}`);
    }
    if (values.how === 'autopilot') {
      const week = await again(shop, truth, world.weeks.slice(-4).flat(), lastFour);
      keep({ again: week });
      log.warn('the last four weeks again, trained once on all before', { ...week.layers, did: week.did[0] });
    }
  } finally {
    await shop.close();
  }
}

if (values.help) console.log(help);
else {
  setLogLevel('warn');
  await run();
}
