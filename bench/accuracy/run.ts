/** `node bench/accuracy/run.ts --help` */
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { print, table } from '../../src/cli/output.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { TaxonError } from '../../src/errors.ts';
import type { Path } from '../../src/model/types.ts';
import { digestOf, readDemo, readTitles, sampled } from './data.ts';
import { embeddingsOf } from './embeddings.ts';
import { help, type Options, readOptions } from './options.ts';
import { ourMethods, ourNames } from './ours.ts';
import { peerNames, peerPython, runPeer, writeSet } from './peers.ts';
import {
  appendResult,
  benchFolder,
  codeOf,
  identityOf,
  type Result,
  readResults,
  resultsFile,
} from './results.ts';
import { rightBits, rightBitsByLevel, score } from './score.ts';
import { scoreCleaning } from './score-cleaning.ts';
import { metrics, type Summary, summarise } from './summary.ts';
import { errorRates, teach } from './teachers.ts';
import type { BenchSet, MethodResult, Source, Teacher } from './types.ts';

const note = (text: string) => process.stderr.write(`${text}\n`);

/** What a row of the results says of the set that its method was run on. */
type Facts = Pick<
  Result,
  | ('set' | 'teacher' | 'seed' | 'sample' | 'data')
  | ('names' | 'teacherErrors' | 'encodedPerSecond' | 'machine')
>;

/** What methods are scored by and never see, and the labels that the training names come with. */
interface Truth {
  train: readonly Path[];
  given: readonly Path[];
  test: readonly Path[];
}

interface Prepared {
  benchSet: BenchSet;
  facts: Facts;
  truth: Truth;
}

/** One set with the labels of one teacher, and the facts about it. */
async function prepare(
  config: Config,
  source: Source,
  teacher: Teacher,
  seed: number,
  sample: number | null,
): Promise<Prepared> {
  const { set, categories, test } = source;
  const { train, valid } = teach(source, teacher, seed);
  const keys = [...train.keys, ...valid.keys, ...test.keys];
  const { embeddings, dimension, encoder, namesPerSecond } = await embeddingsOf(config, keys);
  const names = { train: train.keys.length, valid: valid.keys.length, test: test.keys.length };
  return {
    benchSet: { set, teacher, seed, categories, train, valid, test, embeddings, dimension, encoder },
    facts: {
      ...{ set, teacher, seed, sample, names },
      data: digestOf({ train, valid, test, encoder }),
      teacherErrors: errorRates(source.train.truth, train.paths),
      encodedPerSecond: namesPerSecond,
      machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`,
    },
    truth: { train: source.train.truth, given: train.paths, test: test.paths },
  };
}

/** The results file of one bench: what is in it is not run again, what is new is added at once. */
class Ledger {
  /** What was asked for in this run, found or new. */
  readonly shown: Result[] = [];
  private readonly file: string;
  private readonly done: Map<string, Result>;
  private readonly code = { ours: codeOf('ours'), peer: codeOf('peer') };

  constructor(file: string) {
    this.file = file;
    this.done = new Map(readResults(file).map((row) => [identityOf(row), row]));
  }

  /** Those of the methods whose results are not there yet. */
  missing<T extends string>(methods: readonly T[], kind: Result['kind'], facts: Facts): T[] {
    return methods.filter((method) => {
      const found = this.done.get(identityOf({ ...facts, method, code: this.code[kind] }));
      if (found !== undefined) this.shown.push(found);
      return found === undefined;
    });
  }

  add(method: string, kind: Result['kind'], facts: Facts, result: MethodResult, truth: Truth): void {
    const { answers, cleaning, ...rest } = result;
    const scores = score(answers, truth.test);
    const row: Result = {
      ...{ ...facts, method, kind, code: this.code[kind], ...scores, ...rest },
      at: new Date().toISOString(),
      right: rightBits(answers, truth.test),
      rightByLevel: rightBitsByLevel(answers, truth.test),
      ...(cleaning === undefined ? {} : { cleaning: scoreCleaning(truth.given, cleaning, truth.train) }),
    };
    appendResult(this.file, row);
    this.shown.push(row);
    const figures = metrics.map((metric) => `${metric} ${((scores[metric] ?? 0) * 100).toFixed(1)}`);
    note(`  ${method}: ${figures.join(', ')} %; trained in ${rest.trainSeconds.toFixed(1)} s`);
  }
}

async function runAll(
  config: Config,
  { benchSet: set, facts, truth }: Prepared,
  methods: Options['methods'],
  ledger: Ledger,
): Promise<void> {
  const wanted = <T extends string>(names: readonly T[]) => names.filter((name) => methods.has(name));
  const ours = new Set<string>(ledger.missing(wanted(ourNames), 'ours', facts));
  for await (const [method, result] of ourMethods(set, ours))
    ledger.add(method, 'ours', facts, result, truth);
  const peers = ledger.missing(wanted(peerNames), 'peer', facts);
  if (peers.length === 0) return;
  const python = await peerPython();
  const folder = writeSet(set, benchFolder(config));
  try {
    for (const peer of peers)
      ledger.add(peer, 'peer', facts, await runPeer(python, peer, folder, set), truth);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function line(row: Summary): Record<string, unknown> {
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

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return print(false, null, help);
  const config = loadConfig();
  const { sample, methods, data } = options;
  const ledger = new Ledger(options.results ?? resultsFile(config));
  const titles = options.runs.some(({ set }) => set === 'titles') ? await readTitles(data) : null;
  for (const { set, teacher } of options.runs) {
    for (const seed of options.seeds) {
      const whole = set === 'titles' ? titles : readDemo({ seed });
      if (whole === null) {
        note(`${set}, ${teacher} teacher: left out, there is no ${data}`);
        break;
      }
      const source = sample === null ? whole : sampled(whole, sample);
      const prepared = await prepare(config, source, teacher, seed, sample);
      note(`${set}, ${teacher} teacher, seed ${seed}: ${prepared.facts.names.train} names to learn from`);
      await runAll(config, prepared, methods, ledger);
    }
  }
  const rows = ledger.shown.map(({ right: _, rightByLevel: __, ...row }) => row);
  print(options.json, rows, table(summarise(ledger.shown).map(line)));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof TaxonError)) throw error;
  note(`error: ${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}`);
  process.exitCode = error.exitCode;
}
