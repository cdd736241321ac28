/** `node bench/autopilot/poison.ts --help` */
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/output.ts';
import { loadConfig } from '../../src/config.ts';
import { renewPromise, requestRetrain } from '../../src/database/autopilot.ts';
import type { Database } from '../../src/database/connection/open.ts';
import { misuse } from '../../src/errors.ts';
import { log, setLogLevel } from '../../src/log.ts';
import { seededRandom } from '../../src/train/random.ts';
import { titlesFile } from '../accuracy/data.ts';
import { openShop, type Shop } from './shop.ts';
import { people } from './week.ts';
import { type Arrival, demoWorld, titlesWorld, type World } from './world.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'titles' },
    kind: { type: 'string', default: 'swap' },
    labels: { type: 'string', default: '10000' },
    names: { type: 'string', default: '1190' },
    checks: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const help = `A poisoned month: after four good weeks the SIMULATED LLM files two top categories into each other (swap), or three names of ten
anywhere (random), for four weeks. A challenger is trained at the end of each; what the gate says of it, and what the canary does if
it passes, is reported. Then memory is cleaned: how much of the damage does it find, how much of what it lists is damage?

  node bench/autopilot/poison.ts [--set titles|demo] [--kind swap|random] [--labels 10000] [--names 1190] [--checks 100] [--json]`;

/** What the poisoned teacher says of names; the same of the same name. */
function poisoned(world: World, names: readonly Arrival[], seed: number): Map<string, string[]> {
  const random = seededRandom(seed);
  const leaves = [...new Map(world.start.map(({ teacher }) => [teacher.join('\n'), teacher])).values()];
  const pick = (from: readonly string[][]) => from[Math.floor(random.next() * from.length)] as string[];
  if (values.kind === 'random')
    return new Map(names.map(({ key, teacher }) => [key, random.next() < 0.3 ? pick(leaves) : teacher]));
  const sizes = new Map<string, number>();
  for (const { teacher } of world.start)
    sizes.set(teacher[0] as string, (sizes.get(teacher[0] as string) ?? 0) + 1);
  // the second and the third largest: neither the most of the shop nor a rare corner
  const [, a, b] = [...sizes].sort((x, y) => y[1] - x[1]).map(([name]) => name);
  const other: Record<string, string> = { [a as string]: b as string, [b as string]: a as string };
  // each leaf of one has its leaf in the other, always the same
  const into = new Map(
    leaves.map((leaf) => [leaf.join('\n'), pick(leaves.filter(([top]) => top === other[leaf[0] as string]))]),
  );
  return new Map(
    names.map(({ key, teacher }) => [
      key,
      other[teacher[0] as string] === undefined ? teacher : (into.get(teacher.join('\n')) ?? teacher),
    ]),
  );
}

interface Verdict {
  week: number;
  poisoned: boolean;
  passed: boolean;
  why: string;
  /** Names that the canary answered before it was taken back; null: it was not let so far, or stayed. */
  canary: number | null;
  champion: boolean;
}

/** Lets more names arrive until the rollout is over; returns what came of it. */
async function rollOut(shop: Shop, model: number): Promise<Pick<Verdict, 'canary' | 'champion'>> {
  const row = await shop.db.row<{ stage: string; answered: number }>(
    `select (select stage from taxon_internal.rollouts where model_id = $1 order by rollout_id desc limit 1) as stage,
            (select count(*) from taxon.products where model_id = $1 and source = 'local') as answered`,
    [model],
  );
  return {
    canary: row.stage === 'returned' ? row.answered : null,
    champion: ['watch', 'done'].includes(row.stage),
  };
}

async function week(
  shop: Shop,
  truth: ReadonlyMap<string, Arrival>,
  names: readonly Arrival[],
): Promise<void> {
  await shop.arrive(names);
  await shop.db.rows('select taxon_internal.draw_audits()');
  await shop.db.rows('select taxon_internal.watch_drift()');
  await people(shop, truth, Number(values.checks));
  await shop.recalibrate();
  await renewPromise(shop.db);
  for (let i = 0; i < 3; i++) await shop.db.rows('select taxon_internal.advance_rollout()');
}

async function challenge(shop: Shop): Promise<{ model: number; passed: boolean; why: string }> {
  await requestRetrain(shop.db, 'the week is over');
  const { model_id, verdict } = (await shop.taxon('train', '--gated', '--no-clean')) as {
    model_id: number;
    verdict: { passed: boolean; reasons: string[] };
  };
  return { model: model_id, passed: verdict.passed, why: verdict.reasons.join('; ') };
}

/** How much of the damage cleaning finds, and how much of what it finds is damage. */
async function found(
  shop: Shop,
  db: Database,
  bad: ReadonlyMap<string, string[]>,
  said: ReadonlyMap<string, Arrival>,
) {
  const before = await db.rows<{ name_key: string; category_id: number }>(
    `select name_key, category_id from taxon.labels where source = 'llm'`,
  );
  const damaged = new Set(
    before
      .filter(({ name_key, category_id }) => {
        const poison = bad.get(name_key);
        const usual = said.get(name_key)?.teacher;
        return (
          poison !== undefined &&
          poison.join('\n') !== usual?.join('\n') &&
          shop.ids.get(poison.join('\n')) === category_id
        );
      })
      .map(({ name_key }) => name_key),
  );
  const { applied } = (await shop.taxon('clean')) as { applied: { run_id: number | null } | null };
  const changed = await db.rows<{ name_key: string }>(
    `select distinct name_key from taxon_internal.label_changes where run_id = $1
     union select name from taxon.confident_mistakes(100000)`,
    [applied?.run_id ?? null],
  );
  const hit = changed.filter(({ name_key }) => damaged.has(name_key)).length;
  return { damaged: damaged.size, 'listed by cleaning': changed.length, 'of these damaged': hit };
}

async function run(): Promise<void> {
  const options = {
    labels: Number(values.labels),
    weeks: 10,
    names: Number(values.names),
    seed: Number(values.seed),
  };
  const world = values.set === 'demo' ? demoWorld(options) : await titlesWorld(titlesFile, options);
  if (world === null) throw misuse(`no file ${titlesFile}: the titles are not part of the project`);
  const all = [...world.start, ...world.weeks.flat()];
  const truth = new Map(all.map((name) => [name.key, name]));
  const good = new Map(all.map(({ key, teacher }) => [key, teacher]));
  const bad = poisoned(world, all, options.seed);
  const shop = await openShop(loadConfig(), world);
  const verdicts: Verdict[] = [];
  try {
    const { db } = shop;
    for (const [key, value] of Object.entries({
      audit_tokens_a_day: 1e9,
      audit_people_a_day: 0,
      autopilot_clean: false,
    }))
      await db.rows('select taxon.set_setting($1, $2)', [key, JSON.stringify(value)]);
    await shop.teach(good);
    await shop.taxon('train', '--no-clean');
    await db.rows(`select taxon.set_promise(.1, .95, 'the bench', true)`);
    let model: number | null = null;
    for (const [i, names] of world.weeks.entries()) {
      const poison = i >= 4 && i < 8;
      if (i === 4) await shop.teach(bad);
      if (i === 8) await shop.teach(good);
      await week(shop, truth, names);
      const last = verdicts.at(-1);
      if (model !== null && last !== undefined) Object.assign(last, await rollOut(shop, model));
      const rolling = await db.rows(
        `select from taxon_internal.rollouts where ended_at is null and stage <> 'watch'`,
      );
      if (i < 3 || rolling.length > 0) continue;
      const { model: made, ...said } = await challenge(shop);
      model = said.passed ? made : null;
      verdicts.push({ week: i + 1, poisoned: poison, ...said, canary: null, champion: false });
      log.warn(`week ${i + 1}${poison ? ', poisoned' : ''}`, { ...said });
    }
    const cleaning = await found(shop, db, bad, truth);
    if (values.json) console.log(JSON.stringify({ verdicts, cleaning }));
    else console.log(`${table(verdicts as unknown as Record<string, unknown>[])}\n\n${table([cleaning])}`);
  } finally {
    await shop.close();
  }
}

if (values.help) console.log(help);
else {
  setLogLevel('warn');
  await run();
}
