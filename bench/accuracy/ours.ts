import { readFileSync, writeFileSync } from 'node:fs';
import { loadClassifier } from '../../src/model/bundle.ts';
import { neighboursAsked } from '../../src/model/memory.ts';
import type { Classifier, VoiceWeights } from '../../src/model/types.ts';
import { trainModel } from '../../src/train/fit.ts';
import { viewsOf } from '../../src/train/views.ts';
import { timed } from '../measure.ts';
import type { Answer, BenchSet, MethodResult } from './types.ts';

/** Our methods, in the order of the tables. */
export const ourNames = ['seed heads', 'letters', 'memory', 'joined'] as const;

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

const [none, full] = [[0, 0, 0] as const, [1, 1, 1] as const];

/** How each method asks the one model that is trained; `null`: as the model itself joins its voices. */
const ways: Record<(typeof ourNames)[number], VoiceWeights | null> = {
  'seed heads': { letters: none, meaning: full, memory: none },
  letters: { letters: full, meaning: none, memory: none },
  memory: { letters: none, meaning: none, memory: full },
  joined: null,
};

const settings: Record<(typeof ourNames)[number], string> = {
  'seed heads': "the seed's MLP heads on the embedding, joined to a path that exists",
  letters: 'linear classifiers a node on character 2-5-grams, C 1',
  memory: 'votes of the 30 nearest labelled names by embedding',
  joined: 'letters, meaning and memory',
};

/**
 * Trains one model on the training names (its own 8% of them stop the heads and choose the weights of the voices; there is
 * no test part, as the set has its own) and asks it in every way. Training time is that of the whole pipeline for each.
 *
 * @param wanted which of `ourNames`; others are left out of the answer
 */
export async function ourMethods(
  set: BenchSet,
  wanted: ReadonlySet<string> = new Set(ourNames),
): Promise<Record<string, MethodResult>> {
  const { keys, paths } = set.train;
  const labelled = keys.length * set.dimension;
  const { dimension, encoder, seed } = set;
  const training = { keys, paths, embeddings: set.embeddings.subarray(0, labelled), dimension, encoder };
  let classifier: Classifier | undefined;
  const spent = await measured(async () => {
    const { files } = await trainModel(training, { seed, testShare: 0 });
    classifier = await loadClassifier(files);
  });
  const model = classifier as Classifier;
  const first = set.train.keys.length + set.valid.keys.length;
  const all = {
    ...training,
    keys: [...keys, ...set.valid.keys, ...set.test.keys],
    embeddings: set.embeddings,
  };
  const rows = Int32Array.from(set.test.keys, (_, i) => first + i);
  const views = await viewsOf(all, rows, Int32Array.from(keys.keys()), model.neighbours || neighboursAsked);
  const results: Record<string, MethodResult> = {};
  for (const name of ourNames.filter((name) => wanted.has(name))) {
    const answers: Answer[] = [];
    const asking = await measured(async () => {
      for (let from = 0; from < views.length; from += askAtOnce)
        for (const { path, confidence } of await model.predict(
          views.slice(from, from + askAtOnce),
          ways[name] ?? model.weights,
        ))
          answers.push({ path, confidence: confidence[2] });
    });
    results[name] = {
      answers,
      trainSeconds: spent.seconds,
      trainCpuSeconds: spent.cpu,
      peakBytes: Math.max(spent.peakBytes, asking.peakBytes),
      namesPerSecond: views.length / asking.seconds,
      embeds: name !== 'letters',
      settings: settings[name],
    };
  }
  await model.close();
  return results;
}
