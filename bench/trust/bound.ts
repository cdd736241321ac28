/** `node bench/trust/bound.ts --help` */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig, packageRoot } from '../../src/config.ts';
import { seededRandom, shuffle } from '../../src/train/random.ts';
import { benchFolder } from '../accuracy/results.ts';
import { median, show } from '../measure.ts';
import { openBoundDatabase, type Suggestion } from './bound-database.ts';
import { type JudgedName, readJudged } from './names.ts';
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
const help = `Whether the promise holds: names with a known truth are split at random into checks and the rest, suggest_thresholds() in a
throw-away PostgreSQL says what may be answered, and the rest shows how much of that is wrong.

  node bench/trust/bound.ts [--set titles|demo] [--file FILE] [--splits 300] [--doc] [--json]

  --file  what predict.ts wrote; default: bench/trust-SET.jsonl in the data folder (TAXON_DATA_DIR)
  --doc   also writes the table into docs/trust.md`;

const sizes = [1000, 2000];
const bounds = [0.05, 0.1, 0.15];

/** One suggestion, judged by the names that were not checked. */
interface Trial {
  coverage: number;
  /** Share of wrong answers; null where nothing is answered. */
  error: number | null;
}

function judge(rest: readonly JudgedName[], { feasible, l1, l2, l3 }: Suggestion): Trial {
  if (!feasible) return { coverage: 0, error: null };
  const cut = [l1, l2, l3].map(Math.fround);
  const answered = rest.filter(({ said }) =>
    said.every((confidence, level) => Math.fround(confidence) >= (cut[level] as number)),
  );
  const wrong = answered.filter(({ right }) => !right).length;
  return { coverage: answered.length / rest.length, error: wrong / answered.length };
}

async function trials(names: readonly JudgedName[], splits: number): Promise<Map<string, Trial[]>> {
  const found = new Map<string, Trial[]>();
  const db = await openBoundDatabase(loadConfig(), names);
  try {
    const random = seededRandom(1);
    for (let split = 0; split < splits; split++) {
      const order = Int32Array.from(names.keys());
      shuffle(order, random);
      for (const size of sizes) {
        await db.check(Array.from(order.subarray(0, size)));
        const rest = Array.from(order.subarray(size), (place) => names[place] as JudgedName);
        for (const bound of bounds) {
          const key = `${size} ${bound}`;
          found.set(key, [...(found.get(key) ?? []), judge(rest, await db.suggest(bound))]);
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
    const [checks, bound] = key.split(' ').map(Number) as [number, number];
    const coverage = all.map((trial) => trial.coverage).sort((a, b) => a - b);
    const held = all.filter(({ error }) => error === null || error <= bound).length / all.length;
    return {
      checks,
      bound,
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
    join(packageRoot, 'docs', 'trust.md'),
    `bound on ${values.set}`,
    `${names.length.toLocaleString('en-US')} names, ${splits} splits; one standard error of "bound held" at .95 is ${Math.sqrt((0.95 * 0.05) / splits).toFixed(3)}.\n\n${table.join('\n')}`,
  );
}

if (values.help) console.log(help);
else await main();
