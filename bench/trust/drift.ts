/** `node bench/trust/drift.ts --help` */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { seededRandom } from '../../src/train/random.ts';
import { benchFolder } from '../accuracy/results.ts';
import { arrivals, type Change, changesOf } from './drift-changes.ts';
import { type Course, driftPicture, driftTable, type Years } from './drift-doc.ts';
import { type Arrival, openWorld, type World } from './drift-world.ts';
import { isRight, readJudged } from './names.ts';
import { writeSection } from './sections.ts';

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    years: { type: 'string', default: '20' },
    repeats: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    doc: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const help = `Years of arrivals drawn from real predictions, through watch_drift() in a throw-away PostgreSQL: false alarms without drift, and
names until the alarm and the error of local answers when the world changes.

  node bench/trust/drift.ts [--file FILE] [--years 20] [--repeats 3] [--seed N] [--only TEXT] [--doc]

  --file  what predict.ts wrote; default: bench/trust-titles.jsonl in the data folder (TAXON_DATA_DIR)
  --only  changes whose name has this in it
  --doc   also writes docs/measured/drift.md and drift.svg beside it`;

const namesAYear = 20_000;
const promised = 0.1;
const checks = 2000;
/** Names before the promise, before the change, and after it. */
const before = { promise: 6000, change: 4000, end: 8000 };
/** Names between two looks. */
const step = 100;
const window = 2000;

function read(file: string): Arrival[] {
  const names = readJudged(file);
  const tops = [...new Set(names.map(({ path }) => path[0]))];
  return names.flatMap((name) => {
    const { path, said, nearest, unknown, truth, teacher } = name;
    if (teacher === null) return [];
    const levels = teacher.reduce((sum, level) => sum + level, 0);
    const branch = truth.slice(0, 2).join(' ');
    return [{ l1: tops.indexOf(path[0]) + 1, branch, said, nearest, unknown, right: isRight(name), levels }];
  });
}

const note = (text: string) => process.stderr.write(`${text}\n`);

async function quietYears(
  world: World,
  names: readonly Arrival[],
  years: number,
  seed: number,
): Promise<Years> {
  const random = seededRandom(seed);
  const alarms: number[] = [];
  for (let year = 0; year < years; year++) {
    await world.startModel();
    await world.arrive(arrivals(names, namesAYear, random));
    alarms.push((await world.watch()).length);
    note(`year ${year + 1}: ${alarms.at(-1)} alarms`);
  }
  await world.startModel();
  let long = 0;
  for (let year = 0; year < years; year++) {
    await world.arrive(arrivals(names, namesAYear, random));
    long = (await world.watch()).length;
  }
  note(`one model for ${years} years: ${long} alarms`);
  return { years, namesAYear, alarms: alarms.reduce((a, b) => a + b, 0), long };
}

async function changed(
  world: World,
  names: readonly Arrival[],
  change: Change,
  share: number,
  seed: number,
): Promise<Course> {
  const random = seededRandom(seed);
  await world.startModel();
  await world.arrive(arrivals(names, before.promise, random));
  await world.watch();
  await world.promise(checks, promised);
  const wrong: boolean[] = [];
  const points: [number, number][] = [];
  const course: Course = {
    change: change.name,
    share,
    alarm: null,
    stream: null,
    acted: null,
    errors: points,
    answered: 0,
  };
  let worst = 0;
  for (let at = -before.change; at < before.end; at += step) {
    const batch = arrivals(names, step, random, at < 0 ? undefined : change, share);
    const answered = await world.arrive(batch);
    wrong.push(...batch.filter((_, i) => answered[i]).map(({ right }) => !right));
    const alarms = await world.watch();
    if (alarms.length > 0 && course.alarm === null) {
      course.alarm = at + step;
      course.stream = alarms[0]?.stream ?? null;
    }
    const acted = alarms.map((alarm) => alarm.acted);
    course.acted = acted.includes('shadow') ? 'shadow' : (acted[0] ?? null);
    if (at >= 0) course.answered += answered.filter((each) => each).length / before.end;
    const last = wrong.slice(-window);
    const error = last.filter((each) => each).length / last.length;
    if (last.length === window && at % 200 === 0) points.push([at, error]);
    if (last.length === window && at >= 0) worst = Math.max(worst, error);
  }
  note(
    `${change.name}, ${share}: alarm after ${course.alarm} names by ${course.stream}, ${course.acted}; worst error ${worst.toFixed(3)}`,
  );
  return { ...course, worst };
}

async function main(): Promise<void> {
  const config = loadConfig();
  const seed = Number(values.seed);
  const names = read(values.file ?? join(benchFolder(config), 'trust-titles.jsonl'));
  const world = await openWorld(config, seededRandom(seed + 1), namesAYear);
  try {
    const years = await quietYears(world, names, Number(values.years), seed);
    const courses: Course[] = [];
    for (const change of changesOf(names).filter(({ name }) => name.includes(values.only)))
      for (const share of [0.1, 0.2, 0.4])
        for (let repeat = 0; repeat < Number(values.repeats); repeat++)
          courses.push(await changed(world, names, change, share, seed + 100 * repeat));
    const table = driftTable(years, courses, { promised, window, checks });
    process.stdout.write(`${table}\n`);
    if (values.doc) {
      writeSection(join(packageRoot, 'docs', 'measured', 'drift.md'), 'drift', table);
      writeFileSync(join(packageRoot, 'docs', 'measured', 'drift.svg'), driftPicture(courses, promised));
    }
  } finally {
    await world.close();
  }
}

if (values.help) process.stdout.write(`${help}\n`);
else await main();
