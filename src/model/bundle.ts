import { setImmediate as breathe } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf, TaxonError } from '../errors.ts';
import { throughGate } from './gate.ts';
import { Heads } from './heads.ts';
import { buildJoin, type Classes } from './join.ts';
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
  Path,
  Prediction,
  VoiceWeights,
} from './types.ts';

/** Raised whenever a file of the bundle changes its meaning. */
export const bundleFormat = 4;

const id = z.number().int().positive();
const path = z.tuple([id, id.nullable(), id.nullable()]);
const weight = z.number().min(0).max(100);
const weights = z.tuple([weight, weight, weight]);
const silent = z.tuple([z.literal(0), z.literal(0), z.literal(0)]);

const three = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.number().positive();
/** When some voices answer without others, and what they then state as their confidence, so that it says no more than all would. */
const gate = z.object({
  from: z.number().min(0).max(1),
  offsets: three,
  slopes: z.tuple([positive, positive, positive]),
});

/** What every model's manifest.json says: what its outputs stand for. Facts of the training stand beside it, unread. */
const common = z.object({
  format: z.literal(bundleFormat),
  paths: z.array(path).min(1),
  /** What the letters' margins are multiplied with. */
  temperature: z.number().positive(),
  weights: z.object({ letters: weights, meaning: weights, memory: weights }),
  /** When letters alone answer; null: never. */
  lettersFirst: gate.extend({ weight: weight.positive() }).nullable(),
  /** When letters and meaning answer what letters alone do not, without memory; null: never. */
  memoryLast: gate.nullable(),
});

/** A model of all voices; of letters alone, which need no encoder. */
const manifest = z.union([
  common.extend({
    encoder: z.string().min(1),
    dimension: z.number().int().positive(),
    /** For each head the category of each output; null is "the path stops above this level". */
    classes: z.tuple([z.array(id).min(1), z.array(id.nullable()).min(1), z.array(id.nullable()).min(1)]),
  }),
  common.extend({
    encoder: z.null(),
    dimension: z.literal(0),
    classes: z.null(),
    weights: z.object({ letters: weights, meaning: silent, memory: silent }),
    lettersFirst: common.shape.lettersFirst.unwrap().extend({ from: z.literal(0) }),
    memoryLast: z.null(),
  }),
]);
export type Manifest = z.infer<typeof manifest>;

const damaged = 'Train a new model with `taxon train`, or promote another one.';

function readManifest(bytes: Uint8Array): Manifest {
  try {
    return manifest.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    const says = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new TaxonError(`manifest.json of the model is not of format ${bundleFormat}: ${says}`, {
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

  async function predict(names: readonly NameViews[], weights: VoiceWeights = facts.weights) {
    const wrong = names.find(({ embedding }) => embedding.length !== dimension);
    if (wrong !== undefined)
      throw new TaxonError(
        `an embedding has ${wrong.embedding.length} dimensions, the model reads ${dimension}`,
      );
    const predictions: (Prediction & Evidence)[] = [];
    const answer = ({ nameKey, neighbours }: NameViews, meaning: Parameters<typeof join>[0]['meaning']) => {
      const reads = counts(weights.letters);
      const unknown = reads ? letters.score(nameKey, byLetters) : letters.unknown(nameKey);
      const voted = counts(weights.memory) && memory.score(neighbours, byMemory);
      const voices = { letters: reads ? byLetters : null, meaning, memory: voted ? byMemory : null };
      const nearest = counts(weights.memory) ? (neighbours[0]?.cosine ?? null) : null;
      predictions.push({ ...join(voices, weights), unknown, nearest });
    };
    if (!counts(weights.meaning)) for (const name of names) answer(name, null);
    else if (heads === null) throw new TaxonError('a model of letters alone knows no meaning');
    else
      await heads.run(
        names.map(({ embedding }) => embedding),
        (logs) => answer(names[predictions.length] as NameViews, logs),
      );
    return predictions;
  }

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
    async readWithoutMemory(names) {
      if (memoryLast === null) return names.map(() => null);
      const views = names.map((name) => ({ ...name, neighbours: [] }));
      const said = await predict(views, { ...facts.weights, memory: [0, 0, 0] });
      return said.map((answer) => throughGate(memoryLast, { ...answer, voices: null }));
    },
    predict,
    async close() {
      await threads?.close();
      await heads?.close();
    },
  };
}
