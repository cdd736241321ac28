import { parseArgs } from 'node:util';
import { misuse } from '../../src/errors.ts';
import { titlesFile } from './data.ts';
import { ourNames } from './ours.ts';
import { peerNames } from './peers.ts';
import { mostSeeds } from './statistics.ts';
import { type Source, type Teacher, teachers } from './types.ts';

const sets = ['titles', 'demo'] as const;
const methods: readonly string[] = [...ourNames, ...peerNames];

export const help = `How often our methods and their peers are right, trained side by side on a noisy teacher's labels and scored on the truth.

  node bench/accuracy/run.ts [--set NAME] [--teacher NAME] [--only METHOD] [--seeds N] [--sample N]
                             [--data FILE] [--results FILE] [--json]

  --set      titles (real ones, where --data exists) or demo; more than once; default: both
  --teacher  original, random or systematic; more than once; default: all three on titles, original on demo.
             random and systematic are simulated: made from the truth with the original's error rates
  --only     one method, more than once: ${methods.join(', ')}
  --seeds    how many seeds, 1 to ${mostSeeds}; default 5
  --sample   so many training names and the same share of the others, for a quick look; not for the docs
  --data     default ${titlesFile}
  --results  JSON lines; what is in it for the same data and code is not run again. Default: bench/accuracy.jsonl
             in the data folder (TAXON_DATA_DIR). docs/measured/accuracy.md is made from it: node bench/accuracy/doc.ts

The peers run in Python: bench/accuracy/.venv is made when it is needed, or set TAXON_BENCH_PYTHON.

  node bench/accuracy/run.ts --sample 5000 --seeds 1                  all of it, small: minutes
  node bench/accuracy/run.ts --set demo --seeds 5                     what runs everywhere
  node bench/accuracy/run.ts --set titles --teacher original --only svm --seeds 1 --json`;

function oneOf<T extends string>(given: string[] | undefined, allowed: readonly T[], flag: string): T[] {
  const wrong = given?.find((value) => !(allowed as readonly string[]).includes(value));
  if (wrong !== undefined) throw misuse(`--${flag} ${wrong}: one of ${allowed.join(', ')}`);
  return (given ?? allowed) as T[];
}

function whole(given: string, flag: string, highest: number): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1 || value > highest)
    throw misuse(`--${flag} ${given}: a whole number from 1 to ${highest}`);
  return value;
}

/** What run.ts was asked to do. */
export interface Options {
  help: boolean;
  json: boolean;
  /** Which teachers of which sets, in the order of running. */
  runs: { set: Source['set']; teacher: Teacher }[];
  methods: ReadonlySet<string>;
  seeds: number[];
  sample: number | null;
  data: string;
  /** Undefined: in the data folder. */
  results: string | undefined;
}

/**
 * Reads the command line.
 *
 * @throws TaxonError (misuse) when a flag or a value is not one of those in `help`
 */
export function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const many = { ...text, multiple: true } as const;
  const flag = { type: 'boolean', default: false } as const;
  const parse = () =>
    parseArgs({
      args: [...args],
      options: {
        ...{ set: many, teacher: many, only: many, json: flag, help: flag },
        ...{ seeds: { ...text, default: '5' }, sample: text, data: text, results: text },
      },
    }).values;
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (error) {
    throw misuse((error as Error).message, 'node bench/accuracy/run.ts --help');
  }
  const chosen = oneOf(values.teacher, teachers, 'teacher');
  // another teacher on the demo, whose own is simulated already, is for those who ask for it
  const teachersOf = (set: Source['set']) =>
    set === 'demo' && values.teacher === undefined ? (['original'] as const) : chosen;
  return {
    help: values.help,
    json: values.json,
    runs: oneOf(values.set, sets, 'set').flatMap((set) =>
      teachersOf(set).map((teacher) => ({ set, teacher })),
    ),
    methods: new Set(oneOf(values.only, methods, 'only')),
    seeds: Array.from({ length: whole(values.seeds, 'seeds', mostSeeds) }, (_, i) => i + 1),
    sample: values.sample === undefined ? null : whole(values.sample, 'sample', Number.MAX_SAFE_INTEGER),
    data: values.data ?? titlesFile,
    results: values.results,
  };
}
