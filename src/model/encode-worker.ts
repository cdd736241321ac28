import { env, type FeatureExtractionPipeline, pipeline } from '@huggingface/transformers';
import { move } from 'piscina';

/** What a worker thread must know to load the encoder; the same for each task of a pool. */
export interface EncoderSource {
  /** A folder (absolute path) or a hub id. */
  model: string;
  revision: string;
  dtype: 'fp32' | 'fp16' | 'q8' | 'int8' | 'uint8' | 'q4';
  prefix: string;
  /** Where files from the hub are kept; null: the hub is switched off. */
  hubCache: string | null;
}

interface EncodeTask {
  source: EncoderSource;
  names: string[];
  /** Run names of the same token count together, so that nothing is ever padded. */
  oneLength: boolean;
}

let loading: Promise<FeatureExtractionPipeline> | undefined;

function load(source: EncoderSource): Promise<FeatureExtractionPipeline> {
  env.allowRemoteModels = source.hubCache !== null;
  if (source.hubCache !== null) env.cacheDir = source.hubCache;
  return pipeline('feature-extraction', source.model, {
    dtype: source.dtype,
    device: 'cpu',
    revision: source.revision,
    local_files_only: source.hubCache === null,
    // One thread a worker: `run()` blocks its thread anyway, and threads of several sessions get in each other's way.
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
}

/** Row-major embeddings (names × dimension), mean-pooled and L2-normalised, of texts that are encoded as one batch. */
async function encodeBatch(extractor: FeatureExtractionPipeline, texts: string[]): Promise<Float32Array> {
  const output = await extractor(texts, { pooling: 'mean', normalize: true });
  return output.data as Float32Array;
}

async function encodeByLength(extractor: FeatureExtractionPipeline, texts: string[]): Promise<Float32Array> {
  const groups = new Map<number, number[]>();
  texts.forEach((text, i) => {
    const tokens = extractor.tokenizer(text, { truncation: true }).input_ids.dims.at(-1) ?? 0;
    const group = groups.get(tokens);
    if (group) group.push(i);
    else groups.set(tokens, [i]);
  });
  let all: Float32Array | undefined;
  for (const rows of groups.values()) {
    const part = await encodeBatch(
      extractor,
      rows.map((i) => texts[i] as string),
    );
    const dimension = part.length / rows.length;
    all ??= new Float32Array(texts.length * dimension);
    for (const [j, i] of rows.entries())
      all.set(part.subarray(j * dimension, (j + 1) * dimension), i * dimension);
  }
  return all ?? new Float32Array();
}

/** Encodes one batch; the result (names × dimension, row-major) is moved to the caller, not copied. */
export default async function encode(task: EncodeTask): Promise<Float32Array> {
  loading ??= load(task.source);
  const extractor = await loading;
  const texts = task.names.map((name) => task.source.prefix + name);
  const encoded = await (task.oneLength ? encodeByLength : encodeBatch)(extractor, texts);
  return move(encoded) as Float32Array;
}
