import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { type Config, packageRoot } from '../../src/config.ts';
import { number, share } from '../../src/shapes.ts';
import { ourCode } from './ours.ts';
import { peerFiles } from './peers.ts';
import type { CleaningScore } from './score-cleaning.ts';
import { teachers } from './types.ts';

const cleaningScore: v.GenericSchema<CleaningScore> = v.object({
  changed: share,
  right: v.nullable(share),
  wrongBefore: share,
  wrongAfter: share,
  wrongPathBefore: share,
  wrongPathAfter: share,
  expectedBefore: share,
  expectedAfter: share,
});

/** One method on one set by one teacher and seed: a line of the results file. */
const result = v.object({
  set: v.picklist(['titles', 'demo']),
  teacher: v.picklist(teachers),
  seed: v.pipe(v.number(), v.safeInteger()),
  method: v.string(),
  kind: v.picklist(['ours', 'peer']),
  /** Training names asked for with --sample; null for the whole set. */
  sample: v.nullable(number),
  /** What was learnt from and answered, and which code did it: a result of other data or code is not used again. */
  data: v.string(),
  code: v.string(),
  names: v.object({ train: number, valid: number, test: number }),
  /** The teacher's error in the training labels, at each level or above it. */
  teacherErrors: v.strictTuple([share, share, share]),
  l1: v.nullable(share),
  l2: v.nullable(share),
  l3: v.nullable(share),
  path: share,
  coverage5: share,
  coverage10: share,
  trainSeconds: number,
  trainCpuSeconds: number,
  peakBytes: number,
  namesPerSecond: number,
  embeds: v.boolean(),
  /** Names encoded a second, what a method that embeds pays on top. */
  encodedPerSecond: number,
  settings: v.string(),
  machine: v.string(),
  at: v.string(),
  /** Which test names have all three levels right, a bit each, in base64. */
  right: v.string(),
  /** The same for l1, l2 and l3; results that were made before this was kept have none. */
  rightByLevel: v.optional(v.strictTuple([v.string(), v.string(), v.string()])),
  /** l1, l2, l3 of a method that cleans the labels first, against the truth of the training names. */
  cleaning: v.optional(v.pipe(v.array(cleaningScore), v.length(3))),
});
export type Result = v.InferOutput<typeof result>;

/** Where the bench keeps its cache and its results. */
export function benchFolder(config: Config): string {
  return join(config.dataDir, 'bench');
}

/** The results file unless another one is asked for. */
export function resultsFile(config: Config): string {
  return join(benchFolder(config), 'accuracy.jsonl');
}

/** What a result is of. */
export type Task = Pick<Result, 'set' | 'teacher' | 'seed' | 'method' | 'sample' | 'data' | 'code'>;

/** One text for each task. */
export function identityOf({ set, teacher, seed, method, sample, data, code }: Task): string {
  return JSON.stringify([set, teacher, seed, method, sample, data, code]);
}

function digestOfFiles(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files.toSorted()) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/** 12 hex digits of the code that makes our methods, or the peers, what they are. */
export function codeOf(kind: Result['kind']): string {
  if (kind === 'peer') return digestOfFiles(peerFiles);
  return digestOfFiles(globSync(ourCode, { cwd: packageRoot }).map((file) => join(packageRoot, file)));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // what an interruption cut off
  }
}

/** All results of a file, of each task the last. */
export function readResults(file: string): Result[] {
  if (!existsSync(file)) return [];
  const found = new Map<string, Result>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const value = parsed(line);
    if (value === null) continue;
    const read = v.parse(result, value);
    found.delete(identityOf(read));
    found.set(identityOf(read), read);
  }
  return [...found.values()];
}

/** Adds a result to the file, on a line of its own even behind one that was cut off. */
export function appendResult(file: string, row: Result): void {
  mkdirSync(dirname(file), { recursive: true });
  const cut = existsSync(file) && !/(?:^|\n)$/.test(readFileSync(file, 'utf8'));
  appendFileSync(file, `${cut ? '\n' : ''}${JSON.stringify(row)}\n`);
}
