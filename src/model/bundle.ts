import { z } from 'zod';
import { messageOf, TaxonError } from '../errors.ts';
import { buildDecoder } from './decode.ts';
import { Heads } from './heads.ts';
import type { Classifier, ModelFiles, Path, Prediction } from './types.ts';

/** Raised whenever a file of the bundle changes its meaning. */
export const bundleFormat = 1;

const id = z.number().int().positive();
const path = z.tuple([id, id.nullable(), id.nullable()]);

/** manifest.json of a model: what its outputs stand for. Facts of the training stand beside it, unread. */
const manifest = z.object({
  format: z.literal(bundleFormat),
  encoder: z.string().min(1),
  dimension: z.number().int().positive(),
  /** For each head the category of each output; null is "the path stops above this level". */
  classes: z.tuple([z.array(id).min(1), z.array(id.nullable()).min(1), z.array(id.nullable()).min(1)]),
  paths: z.array(path).min(1),
});
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

/**
 * Makes a model ready to answer.
 *
 * @param files manifest.json and heads.onnx
 * @throws TaxonError when a file is missing or damaged
 */
export async function loadClassifier(files: ModelFiles): Promise<Classifier> {
  const { encoder, dimension, classes, paths } = readManifest(need(files, 'manifest.json'));
  const decode = buildDecoder(classes, paths);
  const onnx = need(files, 'heads.onnx');
  const heads = await Heads.open(onnx, dimension).catch((error: unknown) => {
    throw new TaxonError(`heads.onnx of the model cannot be read: ${messageOf(error)}`, {
      hint: damaged,
      cause: error,
    });
  });
  return {
    encoder,
    dimension,
    paths: paths as Path[],
    async predict(embeddings) {
      const wrong = embeddings.find((embedding) => embedding.length !== dimension);
      if (wrong !== undefined)
        throw new TaxonError(`an embedding has ${wrong.length} dimensions, the model reads ${dimension}`);
      const predictions: Prediction[] = [];
      await heads.run(embeddings, (logs) => predictions.push(decode(logs)));
      return predictions;
    },
    close: () => heads.close(),
  };
}
