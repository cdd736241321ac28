import { setImmediate as breathe } from 'node:timers/promises';
import * as v from 'valibot';
import { messageOf, TaxonError } from '../errors.ts';
import { fromOne as id, number, saysOf, share, unquoted } from '../shapes.ts';
import { throughGate } from './gate.ts';
import { Heads } from './heads.ts';
import { buildJoin, type Classes, type Voices } from './join.ts';
import { Letters } from './letters/letters.ts';
import { layOut } from './letters/tables.ts';
import { readLetters } from './letters/weights.ts';
import { lettersAlone, lettersServed } from './letters-alone.ts';
import { type LettersThreads, openLettersThreads } from './letters-threads.ts';
import { Memory, neighboursAsked } from './memory.ts';
import { buildTree } from './tree.ts';
import type {
  Answer,
  Classifier,
  Evidence,
  ModelFiles,
  NameViews,
  Neighbour,
  Path,
  Prediction,
  VoiceWeights,
} from './types.ts';

/** Raised whenever a file of the bundle changes its meaning. */
export const bundleFormat = 4;

const positive = v.pipe(number, v.gtValue(0));
const path = v.strictTuple([id, v.nullable(id), v.nullable(id)]);
const weight = v.pipe(v.number(), v.minValue(0), v.maxValue(100));
const weights = v.strictTuple([weight, weight, weight]);
const silent = v.strictTuple([v.literal(0), v.literal(0), v.literal(0)]);

const three = v.strictTuple([number, number, number]);
/** When some voices answer without others, and what they then state as their confidence, so that it says no more than all would. */
const gate = v.object({
  from: share,
  offsets: three,
  slopes: v.strictTuple([positive, positive, positive]),
});
const lettersGate = v.object({ ...gate.entries, weight: v.pipe(weight, v.gtValue(0)) });

/** What every model's manifest.json says: what its outputs stand for. Facts of the training stand beside it, unread. */
const common = {
  format: v.literal(bundleFormat),
  paths: v.pipe(v.array(path), v.minLength(1)),
  /** What the letters' margins are multiplied with. */
  temperature: positive,
  weights: v.object({ letters: weights, meaning: weights, memory: weights }),
  /** When letters alone answer; null: never. */
  lettersFirst: v.nullable(lettersGate),
  /** When letters and meaning answer what letters alone do not, without memory; null: never. */
  memoryLast: v.nullable(gate),
};
const classes = v.pipe(v.array(v.nullable(id)), v.minLength(1));

/** A model of all voices; of letters alone, which need no encoder. */
const manifest = v.variant('encoder', [
  v.object({
    ...common,
    encoder: v.pipe(v.string(), v.minLength(1)),
    dimension: id,
    /** For each head the category of each output; null is "the path stops above this level". */
    classes: v.strictTuple([v.pipe(v.array(id), v.minLength(1)), classes, classes]),
  }),
  v.object({
    ...common,
    encoder: v.null(),
    dimension: v.literal(0),
    classes: v.null(),
    weights: v.object({ letters: weights, meaning: silent, memory: silent }),
    lettersFirst: v.object({ ...lettersGate.entries, from: v.literal(0) }),
    memoryLast: v.null(),
  }),
]);
export type Manifest = v.InferOutput<typeof manifest>;

const damaged = 'Train a new model with `taxon train`, or promote another one.';

function readManifest(bytes: Uint8Array): Manifest {
  try {
    return v.parse(manifest, JSON.parse(new TextDecoder().decode(bytes)), { message: unquoted });
  } catch (error) {
    throw new TaxonError(`manifest.json of the model is not of format ${bundleFormat}: ${saysOf(error)}`, {
      hint: damaged,
      cause: error,
    });
  }
}

function need(files: ModelFiles, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new TaxonError(`the model has no file ${name}`, { hint: damaged });
  return bytes;
}

/** So many names are worth the start of threads, which takes as long as reading some hundred names. */
const spreadFrom = 1000;

async function openHeads(onnx: Uint8Array, dimension: number, [l1, l2, l3]: Classes): Promise<Heads> {
  return Heads.open(onnx, dimension, [l1.length, l2.length, l3.length]).catch((error: unknown) => {
    throw new TaxonError(`heads.onnx of the model cannot be read: ${messageOf(error)}`, {
      hint: damaged,
      cause: error,
    });
  });
}

const counts = (voice: readonly number[]) => voice.some((weight) => weight > 0);

/**
 * Makes a model ready to answer.
 *
 * @param files manifest.json, letters.bin and, unless it is of letters alone, heads.onnx
 * @throws TaxonError when a file is missing or damaged
 */
export async function loadClassifier(files: ModelFiles): Promise<Classifier> {
  const facts = readManifest(need(files, 'manifest.json'));
  const { encoder, dimension, classes, lettersFirst, memoryLast } = facts;
  const paths = facts.paths as Path[];
  const tree = buildTree(paths);
  const join = buildJoin(tree, classes, paths);
  // a sidecar loads a new model while another answers: between the parts names are read
  const learnt = readLetters(need(files, 'letters.bin'));
  await breathe();
  const tables = layOut(learnt, tree);
  await breathe();
  const letters = new Letters(tables, tree, facts.temperature);
  const source = { tables, paths, temperature: facts.temperature };
  const alone = lettersAlone(source);
  await breathe();
  const memory = new Memory(tree, paths);
  const heads = classes && (await openHeads(need(files, 'heads.onnx'), dimension, classes));
  const byLetters = new Float64Array(tree.outputs);
  const byMemory = new Float64Array(tree.outputs);

  /** What letters write into `byLetters`, where they count. */
  function readsLetters(nameKey: string, weights: VoiceWeights): { unknown: number; read: boolean } {
    const read = counts(weights.letters);
    return { unknown: read ? letters.score(nameKey, byLetters) : letters.unknown(nameKey), read };
  }

  /** The heads' log-probabilities of each name, in order; without meaning null. */
  async function runHeads(
    names: readonly Pick<NameViews, 'embedding'>[],
    weights: VoiceWeights,
    each: (meaning: Voices['meaning'], i: number) => void,
  ): Promise<void> {
    const wrong = names.find(({ embedding }) => embedding.length !== dimension);
    if (wrong !== undefined)
      throw new TaxonError(
        `an embedding has ${wrong.embedding.length} dimensions, the model reads ${dimension}`,
      );
    if (!counts(weights.meaning)) {
      for (const i of names.keys()) each(null, i);
      return;
    }
    if (heads === null) throw new TaxonError('a model of letters alone knows no meaning');
    let i = 0;
    await heads.run(
      names.map(({ embedding }) => embedding),
      (logs) => each(logs, i++),
    );
  }

  /** Joins what was read of a name with what its neighbours say. */
  function joinAll(
    read: Pick<Voices, 'letters' | 'meaning'>,
    neighbours: readonly Neighbour[],
    weights: VoiceWeights,
  ) {
    const asked = counts(weights.memory);
    const fromMemory = asked && memory.score(neighbours, byMemory) ? byMemory : null;
    const nearest = asked ? (neighbours[0]?.cosine ?? null) : null;
    return { ...join({ ...read, memory: fromMemory }, weights), nearest };
  }

  async function predict(names: readonly NameViews[], weights: VoiceWeights = facts.weights) {
    const predictions: (Prediction & Evidence)[] = [];
    await runHeads(names, weights, (meaning, i) => {
      const { nameKey, neighbours } = names[i] as NameViews;
      const { unknown, read } = readsLetters(nameKey, weights);
      const voices = { letters: read ? byLetters : null, meaning };
      predictions.push({ ...joinAll(voices, neighbours, weights), unknown });
    });
    return predictions;
  }

  const answer: Classifier['answer'] = async (names, near) => {
    const { weights } = facts;
    const without = { ...weights, memory: [0, 0, 0] as const };
    const answers: (Answer & Evidence)[] = [];
    /** Names that memory must be asked about, with what the other voices said of them. */
    const left: { at: number; voices: Pick<Voices, 'letters' | 'meaning'>; unknown: number }[] = [];
    await runHeads(names, weights, (meaning, at) => {
      const { unknown, read } = readsLetters((names[at] as (typeof names)[number]).nameKey, weights);
      const voices = { letters: read ? byLetters : null, meaning };
      const early =
        memoryLast && throughGate(memoryLast, { ...joinAll(voices, [], without), unknown, voices: null });
      if (early) answers[at] = early;
      else left.push({ at, voices: { letters: read ? byLetters.slice() : null, meaning }, unknown });
    });
    if (left.length === 0) return answers;
    const found = await near(left.map(({ at }) => at));
    for (const [i, { at, voices, unknown }] of left.entries())
      answers[at] = { ...joinAll(voices, found[i] ?? [], weights), unknown };
    return answers;
  };

  let threads: LettersThreads | undefined;
  function readLettersHere(nameKeys: readonly string[], even?: number): ((Answer & Evidence) | null)[] {
    if (even !== undefined) return nameKeys.map((nameKey) => alone(nameKey, even));
    return nameKeys.map(lettersFirst === null ? () => null : lettersServed(alone, lettersFirst));
  }

  return {
    encoder,
    dimension,
    paths,
    neighbours: counts(facts.weights.memory) ? neighboursAsked : 0,
    weights: facts.weights,
    readLetters: readLettersHere,
    async readManyLetters(nameKeys) {
      if (lettersFirst === null || nameKeys.length < spreadFrom) return readLettersHere(nameKeys);
      threads ??= openLettersThreads(source);
      return threads.read(nameKeys, lettersFirst);
    },
    answer,
    predict,
    async close() {
      await threads?.close();
      await heads?.close();
    },
  };
}
