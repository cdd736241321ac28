import { readFileSync, writeFileSync } from 'node:fs';
import { loadClassifier } from '../../src/model/bundle.ts';
import type { Classifier, Path } from '../../src/model/types.ts';
import { trainModel } from '../../src/train/fit.ts';
import { timed } from '../measure.ts';
import type { Answer, BenchSet, MethodResult } from './types.ts';

/** Our methods, in the order of the tables. */
export const ourNames = ['seed'] as const;

/** What decides how our methods come out, beside the set: a changed file makes their results old. */
export const ourCode = ['src/model/**/*.ts', 'src/train/**/*.ts', 'bench/accuracy/ours.ts'];

/** Names asked at once, as the sidecar does it: latency and memory stay small. */
const askAtOnce = 256;

/**
 * Runs `work` and measures it: wall and processor seconds, and the highest resident memory meanwhile. Only Linux can
 * begin a new peak; elsewhere it is that of the process so far.
 */
async function measured(
  work: () => Promise<void>,
): Promise<{ seconds: number; cpu: number; peakBytes: number }> {
  const linux = process.platform === 'linux';
  if (linux) writeFileSync('/proc/self/clear_refs', '5');
  const spent = await timed(work);
  const peak = linux
    ? Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
    : process.resourceUsage().maxRSS;
  return { ...spent, peakBytes: peak * 1024 };
}

/** Rows of the matrix as the classifier takes them. */
function rowsOf(set: BenchSet, from: number, count: number): Float32Array[] {
  return Array.from({ length: count }, (_, i) =>
    set.embeddings.subarray((from + i) * set.dimension, (from + i + 1) * set.dimension),
  );
}

async function ask(classifier: Classifier, rows: readonly Float32Array[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < rows.length; from += askAtOnce)
    for (const { path, confidence } of await classifier.predict(rows.slice(from, from + askAtOnce)))
      answers.push({ path, confidence: confidence[2] });
  return answers;
}

/**
 * The seed's method: three MLP heads on the embedding. Training takes its own valid and test parts (8% and 5% by the
 * hash of the key) out of what it is given, so it is given both the training and the valid names.
 */
async function seedsHeads(set: BenchSet): Promise<MethodResult> {
  const keys = [...set.train.keys, ...set.valid.keys];
  const paths: Path[] = [...set.train.paths, ...set.valid.paths];
  const embeddings = set.embeddings.subarray(0, keys.length * set.dimension);
  let classifier: Classifier | undefined;
  const training = await measured(async () => {
    const { dimension, encoder, seed } = set;
    const { files } = await trainModel({ keys, paths, embeddings, dimension, encoder }, { seed });
    classifier = await loadClassifier(files);
  });
  const model = classifier as Classifier;
  const rows = rowsOf(set, keys.length, set.test.keys.length);
  let answers: Answer[] = [];
  const asking = await measured(async () => {
    answers = await ask(model, rows);
  });
  await model.close();
  return {
    answers,
    trainSeconds: training.seconds,
    trainCpuSeconds: training.cpu,
    peakBytes: Math.max(training.peakBytes, asking.peakBytes),
    namesPerSecond: rows.length / asking.seconds,
    embeds: true,
    settings: 'the heads of taxon train with their defaults',
  };
}

/**
 * Trains and asks our methods.
 *
 * @param wanted which of `ourNames`; others are left out of the answer
 */
export async function ourMethods(
  set: BenchSet,
  wanted: ReadonlySet<string> = new Set(ourNames),
): Promise<Record<string, MethodResult>> {
  const results: Record<string, MethodResult> = {};
  if (wanted.has('seed')) results.seed = await seedsHeads(set);
  return results;
}
