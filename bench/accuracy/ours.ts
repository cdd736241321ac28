import { readFileSync, writeFileSync } from 'node:fs';
import { loadClassifier } from '../../src/model/bundle.ts';
import { neighboursAsked } from '../../src/model/memory.ts';
import type { Classifier, VoiceWeights } from '../../src/model/types.ts';
import { proposeChanges } from '../../src/train/cleaning/clean-rules.ts';
import { expectedWrong } from '../../src/train/cleaning/expected-wrong.ts';
import { withChanges } from '../../src/train/cleaning/gain.ts';
import { outOfFold } from '../../src/train/cleaning/out-of-fold.ts';
import { trainModel } from '../../src/train/fit.ts';
import { viewsOf } from '../../src/train/join/views.ts';
import type { TrainingSet } from '../../src/train/join/voices.ts';
import { timed } from '../measure.ts';
import type { Answer, BenchSet, MethodResult, Three } from './types.ts';

/** Ways to ask one model that is trained on the labels as they come. */
const asGiven = ['seed heads', 'letters', 'memory', 'joined'] as const;

/** Our methods, in the order of the tables. */
export const ourNames = [...asGiven, 'cleaned'] as const;
type OurName = (typeof ourNames)[number];

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
const ways: Record<OurName, VoiceWeights | null> = {
  'seed heads': { letters: none, meaning: full, memory: none },
  letters: { letters: full, meaning: none, memory: none },
  memory: { letters: none, meaning: none, memory: full },
  joined: null,
  cleaned: null,
};

const settings: Record<OurName, string> = {
  'seed heads': "the seed's MLP heads on the embedding, joined to a path that exists",
  letters: 'linear classifiers a node on character 2-5-grams, C 1',
  memory: 'votes of the 30 nearest labelled names by embedding',
  joined: 'letters, meaning and memory',
  cleaned: 'joined, trained on labels after our own cleaning: five folds, thresholds from the labels alone',
};

/** Labels as our own cleaning leaves them, from nothing but the labels. */
async function cleaned(training: TrainingSet, seed: number): Promise<NonNullable<MethodResult['cleaning']>> {
  const { paths } = training;
  const judged = await outOfFold(training, { seed });
  const { changes, levels } = proposeChanges(paths, judged);
  const expected = levels.map(({ agreement }, level) =>
    expectedWrong(paths, judged, changes, level as 0 | 1 | 2, agreement),
  );
  return {
    labels: withChanges(paths, changes),
    expected: {
      before: expected.map(({ before }) => before) as Three,
      after: expected.map(({ after }) => after) as Three,
    },
  };
}

/**
 * Trains one model on the training names (its own 8% of them stop the heads and choose the weights of the voices; there is
 * no test part, as the set has its own) and asks it in some ways. Training time is that of the whole pipeline for each.
 *
 * @param clean clean the labels first
 */
async function trainAndAsk(
  set: BenchSet,
  names: readonly OurName[],
  clean: boolean,
): Promise<Record<string, MethodResult>> {
  const { keys } = set.train;
  const { dimension, encoder, seed } = set;
  const embeddings = set.embeddings.subarray(0, keys.length * dimension);
  let training: TrainingSet = { keys, paths: set.train.paths, embeddings, dimension, encoder };
  let cleaning: MethodResult['cleaning'];
  let classifier: Classifier | undefined;
  const spent = await measured(async () => {
    if (clean) {
      cleaning = await cleaned(training, seed);
      training = { ...training, paths: cleaning.labels };
    }
    const { files } = await trainModel(training, { seed, testShare: 0 });
    classifier = await loadClassifier(files);
  });
  const model = classifier as unknown as Classifier;
  const first = keys.length + set.valid.keys.length;
  const all = {
    ...training,
    keys: [...keys, ...set.valid.keys, ...set.test.keys],
    embeddings: set.embeddings,
  };
  const rows = Int32Array.from(set.test.keys, (_, i) => first + i);
  const views = await viewsOf(all, rows, Int32Array.from(keys.keys()), model.neighbours || neighboursAsked);
  const results: Record<string, MethodResult> = {};
  for (const name of names) {
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
      ...(cleaning === undefined ? {} : { cleaning }),
    };
  }
  await model.close();
  return results;
}

/**
 * Our methods, training by training: one model on the labels as they come, asked in several ways, and one on cleaned labels.
 *
 * @param wanted which of `ourNames`; no training for which none is wanted
 */
export async function* ourMethods(
  set: BenchSet,
  wanted: ReadonlySet<string>,
): AsyncGenerator<[string, MethodResult]> {
  const given = asGiven.filter((name) => wanted.has(name));
  if (given.length > 0) yield* Object.entries(await trainAndAsk(set, given, false));
  if (wanted.has('cleaned')) yield* Object.entries(await trainAndAsk(set, ['cleaned'], true));
}
