/** `node bench/trust/bound.ts --help` */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { seededRandom, shuffle } from '../../src/train/random.ts';
import { benchFolder } from '../accuracy/results.ts';
import { median, show } from '../measure.ts';
import { openBoundDatabase, type Suggestion } from './bound-database.ts';
import { isRight, type JudgedName, readJudged } from './names.ts';
import { writeSection } from './sections.ts';

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: 'titles' },
    file: { type: 'string' },
    splits: { type: 'string', default: '300' },
    doc: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const help = `Whether the promise holds: names with a known truth are split at random into checks and the rest, proved_thresholds() in a
throw-away PostgreSQL says what may be answered, and the rest shows how much of that is wrong.

  node bench/trust/bound.ts [--set titles|demo] [--file FILE] [--splits 300] [--doc] [--json]

  --file  what predict.ts wrote; default: bench/trust-SET.jsonl in the data folder (TAXON_DATA_DIR)
  --doc   also writes the table into docs/measured/trust.md`;

const bounds = [0.05, 0.1, 0.15];
/** Drawn among all names, or among the surer half: those certify no bound that reaches below it. */
const draws = [
  { checks: 1000, among: 'all', bounds },
  { checks: 2000, among: 'all', bounds },
  { checks: 2000, among: 'surer half', bounds: [0.05] },
];

/** One suggestion, judged by the names that were not checked. */
interface Trial {
  coverage: number;
  /** Share of wrong answers; null where nothing is answered. */
  error: number | null;
}

function judge(
  names: readonly JudgedName[],
  checked: ReadonlySet<number>,
  { feasible, l1, l2, l3 }: Suggestion,
): Trial {
  if (!feasible) return { coverage: 0, error: null };
  const cut = [l1, l2, l3].map(Math.fround);
  const answered = [...names.keys()].filter((place) =>
    names[place]?.said.every((confidence, level) => Math.fround(confidence) >= (cut[level] as number)),
  );
  const rest = answered.filter((place) => !checked.has(place));
  const wrong = rest.filter((place) => !isRight(names[place] as JudgedName)).length;
  return { coverage: answered.length / names.length, error: rest.length === 0 ? null : wrong / rest.length };
}

async function trials(names: readonly JudgedName[], splits: number): Promise<Map<string, Trial[]>> {
  const found = new Map<string, Trial[]>();
  const half = median(names.map(({ said }) => said[2]));
  const db = await openBoundDatabase(loadConfig(), names);
  try {
    const random = seededRandom(1);
    const order = Int32Array.from(names.keys());
    for (let split = 0; split < splits; split++) {
      shuffle(order, random);
      for (const draw of draws) {
        const floor = draw.among === 'all' ? 0 : half;
        const frame = Array.from(order).filter((place) => (names[place] as JudgedName).said[2] >= floor);
        const checked = frame.slice(0, draw.checks);
        await db.check(checked, floor);
        for (const bound of draw.bounds) {
          const key = [draw.checks, draw.among, bound].join('|');
          const trial = judge(names, new Set(checked), await db.suggest(bound));
          found.set(key, [...(found.get(key) ?? []), trial]);
        }
      }
    }
  } finally {
    await db.close();
  }
  return found;
}

function tableOf(found: Map<string, Trial[]>) {
  return [...found].map(([key, all]) => {
    const [checks, among, bound] = key.split('|') as [string, string, string];
    const coverage = all.map((trial) => trial.coverage).sort((a, b) => a - b);
    const held = all.filter(({ error }) => error === null || error <= Number(bound)).length / all.length;
    return {
      checks: Number(checks),
      'drawn among': among,
      bound: Number(bound),
      'bound held': Number(held.toFixed(3)),
      'median coverage': Number(median(coverage).toFixed(3)),
      'lowest tenth': Number((coverage[Math.floor(coverage.length / 10)] as number).toFixed(3)),
      'nothing certified': Number((coverage.filter((share) => share === 0).length / all.length).toFixed(3)),
      'median error': Number(median(all.flatMap(({ error }) => (error === null ? [] : [error]))).toFixed(3)),
    };
  });
}

async function main(): Promise<void> {
  const splits = Number(values.splits);
  const file = values.file ?? join(benchFolder(loadConfig()), `trust-${values.set}.jsonl`);
  const names = readJudged(file);
  const rows = tableOf(await trials(names, splits));
  show(values.json, rows);
  if (!values.doc) return;
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
  const table = [
    line(columns),
    `|${'--:|'.repeat(columns.length)}`,
    ...rows.map((row) => line(Object.values(row))),
  ];
  writeSection(
    join(packageRoot, 'docs', 'measured', 'trust.md'),
    `bound on ${values.set}`,
    `${names.length.toLocaleString('en-US')} names, ${splits} splits; one standard error of "bound held" at 0.95 is ${Math.sqrt((0.95 * 0.05) / splits).toFixed(3)}.\n\n${table.join('\n')}`,
  );
}

if (values.help) console.log(help);
else await main();
