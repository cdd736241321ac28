/** `node bench/accuracy/run.ts --help` */
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { print, table } from '../../src/cli/output.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { misuse, TaxonError } from '../../src/errors.ts';
import { digestOf, readDemo, readTitles, sampled, titlesFile } from './data.ts';
import { embeddingsOf } from './embeddings.ts';
import { ourMethods, ourNames } from './ours.ts';
import { type PeerName, peerNames, peerPython, runPeer, writeSet } from './peers.ts';
import { appendResult, codeOf, identityOf, type Result, readResults, type Task } from './results.ts';
import { rightBits, score } from './score.ts';
import { mostSeeds } from './statistics.ts';
import { metrics, summarise } from './summary.ts';
import { errorRates, teach } from './teachers.ts';
import { type BenchSet, type MethodResult, type Source, type Teacher, teachers } from './types.ts';

const sets = ['titles', 'demo'] as const;
const methods: readonly string[] = [...ourNames, ...peerNames];

const help = `How often our methods and their peers are right, trained side by side on a noisy teacher's labels and scored on the truth.

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
             in the data folder (TAXON_DATA_DIR). docs/accuracy.md is made from it: node bench/accuracy/doc.ts

The peers run in Python: bench/accuracy/.venv is made when it is needed, or set TAXON_BENCH_PYTHON.

  node bench/accuracy/run.ts --sample 5000 --seeds 1                  all of it, small: minutes
  node bench/accuracy/run.ts --set demo --seeds 5                     what runs everywhere
  node bench/accuracy/run.ts --set titles --teacher original --only svm --seeds 1 --json`;

const note = (text: string) => process.stderr.write(`${text}\n`);

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

function options() {
  const text = { type: 'string' } as const;
  const many = { ...text, multiple: true } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      options: {
        ...{ set: many, teacher: many, only: many, json: flag, help: flag },
        ...{ seeds: { ...text, default: '5' }, sample: text, data: text, results: text },
      },
    });
    return values;
  } catch (error) {
    throw misuse((error as Error).message, 'node bench/accuracy/run.ts --help');
  }
}

/** One set with the labels of one teacher, and all that a row of the results says of it. */
async function prepare(config: Config, source: Source, teacher: Teacher, seed: number) {
  const { set, categories, test } = source;
  const { train, valid } = teach(source, teacher, seed);
  const keys = [...train.keys, ...valid.keys, ...test.keys];
  const { embeddings, dimension, encoder, namesPerSecond } = await embeddingsOf(config, keys);
  const benchSet: BenchSet = {
    ...{ set, teacher, seed, categories, train, valid, test },
    ...{ embeddings, dimension, encoder },
  };
  return {
    benchSet,
    facts: {
      data: digestOf(benchSet),
      names: { train: train.keys.length, valid: valid.keys.length, test: test.keys.length },
      teacherErrors: errorRates(source.train.truth, train.paths),
      encodedPerSecond: namesPerSecond,
      machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
    },
  };
}

async function main(): Promise<void> {
  const values = options();
  if (values.help) return print(false, null, help);
  const config = loadConfig();
  const wanted = new Set(oneOf(values.only, methods, 'only'));
  const chosenSets = oneOf(values.set, sets, 'set');
  const chosenTeachers = oneOf(values.teacher, teachers, 'teacher');
  const seeds = whole(values.seeds, 'seeds', mostSeeds);
  const sample = values.sample === undefined ? null : whole(values.sample, 'sample', Number.MAX_SAFE_INTEGER);
  const file = values.results ?? join(config.dataDir, 'bench', 'accuracy.jsonl');
  const code = { ours: codeOf('ours'), peer: codeOf('peer') };
  const done = new Map(readResults(file).map((row) => [identityOf(row), row]));
  const shown: Result[] = [];

  const titlesAt = values.data ?? titlesFile;
  const titles = chosenSets.includes('titles') ? await readTitles(titlesAt) : null;
  if (titles === null && chosenSets.includes('titles'))
    note(`no real titles in ${titlesAt}: that set is left out`);

  for (const set of chosenSets) {
    if (set === 'titles' && titles === null) continue;
    for (const teacher of chosenTeachers) {
      if (set === 'demo' && teacher !== 'original' && values.teacher === undefined) continue;
      for (let seed = 1; seed <= seeds; seed++) {
        const all = set === 'titles' ? (titles as Source) : readDemo({ seed });
        const source = sample === null ? all : sampled(all, sample);
        const { benchSet, facts } = await prepare(config, source, teacher, seed);
        const task = (method: string, kind: Result['kind']): Task & { kind: Result['kind'] } => {
          return { set, teacher, seed, method, kind, sample, data: facts.data, code: code[kind] };
        };
        const isNew = (method: string, kind: Result['kind']) => {
          const row = wanted.has(method) ? done.get(identityOf(task(method, kind))) : undefined;
          if (row !== undefined) shown.push(row);
          return wanted.has(method) && row === undefined;
        };
        const settle = (method: string, kind: Result['kind'], { answers, ...rest }: MethodResult) => {
          const scores = score(answers, benchSet.test.paths);
          const right = rightBits(answers, benchSet.test.paths);
          const at = new Date().toISOString();
          const row: Result = { ...task(method, kind), ...facts, ...scores, ...rest, at, right };
          appendResult(file, row);
          shown.push(row);
          const figures = metrics.map((metric) => `${metric} ${((scores[metric] ?? 0) * 100).toFixed(1)}`);
          note(`  ${method}: ${figures.join(', ')} %; trained in ${rest.trainSeconds.toFixed(1)} s`);
        };

        note(`${set}, ${teacher} teacher, seed ${seed}: ${facts.names.train} names to learn from`);
        const ours = new Set(ourNames.filter((method) => isNew(method, 'ours')) as string[]);
        if (ours.size > 0)
          for (const [method, result] of Object.entries(await ourMethods(benchSet, ours)))
            settle(method, 'ours', result);
        const peers = peerNames.filter((method) => isNew(method, 'peer'));
        if (peers.length > 0) await runPeers(config, peers, benchSet, settle);
      }
    }
  }
  print(values.json, shown.map(withoutBits), table(summarise(shown).map(line)));
}

async function runPeers(
  config: Config,
  peers: readonly PeerName[],
  set: BenchSet,
  settle: (method: string, kind: 'peer', result: MethodResult) => void,
): Promise<void> {
  const python = await peerPython();
  const folder = writeSet(set, join(config.dataDir, 'bench'));
  try {
    for (const peer of peers) settle(peer, 'peer', await runPeer(python, peer, folder, set));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const withoutBits = ({ right: _, ...row }: Result) => row;

function line(row: ReturnType<typeof summarise>[number]): Record<string, unknown> {
  const figures = metrics.map((metric) => [metric, Number((row.figures[metric].mean * 100).toFixed(1))]);
  return {
    ...{ set: row.set, teacher: row.teacher, method: row.method, seeds: row.seeds.length },
    ...Object.fromEntries(figures),
    'train s': Number(row.trainSeconds.toFixed(1)),
    MB: Math.round(row.peakBytes / 1e6),
    'names/s': Math.round(row.namesPerSecond),
    'p against': row.against === null ? '' : `${row.against.p.toPrecision(2)} ${row.against.peer}`,
  };
}

try {
  await main();
} catch (error) {
  if (!(error instanceof TaxonError)) throw error;
  note(`error: ${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`);
  process.exitCode = error.exitCode;
}
