import { env, type FeatureExtractionPipeline, pipeline, Tensor } from '@huggingface/transformers';
import { move } from 'piscina';
import { meanPooled } from './pooling.ts';

/** What a worker thread must know to load the encoder; the same for each task of a pool. */
export interface EncoderSource {
  /** A folder (absolute path) or a hub id. */
  model: string;
  revision: string;
  dtype: 'fp32' | 'fp16' | 'q8' | 'int8' | 'uint8' | 'q4';
  prefix: string;
  /** Where files from the hub are kept; null: the hub is switched off. */
  hubCache: string | null;
  /** What onnxruntime runs it on: cpu, coreml, cuda ... */
  device: string;
}

interface EncodeTask {
  source: EncoderSource;
  names: string[];
  /** Names run at once, at most. */
  batch: number;
  /** Run names of the same token count together, so that nothing is ever padded. */
  oneLength: boolean;
}

/**
 * Tokens run at once, padding included, unless one name alone has more. The widest activations (1,536 floats a token) of
 * 8 titles then fit a core's second cache; docs/measured/encode.md has what more and fewer cost.
 */
export const tokensAtOnce = 192;

let loading: Promise<FeatureExtractionPipeline> | undefined;

function load(source: EncoderSource): Promise<FeatureExtractionPipeline> {
  env.allowRemoteModels = source.hubCache !== null;
  if (source.hubCache !== null) env.cacheDir = source.hubCache;
  return pipeline('feature-extraction', source.model, {
    dtype: source.dtype,
    device: source.device as 'cpu',
    revision: source.revision,
    local_files_only: source.hubCache === null,
    // One thread a worker: `run()` blocks its thread anyway, and threads of several sessions get in each other's way.
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
}

/** Which names are run together: sorted by tokens, as a batch is padded to its longest. */
export function batchesOf(
  lengths: readonly number[],
  { batch, oneLength, tokens = tokensAtOnce }: { batch: number; oneLength: boolean; tokens?: number },
): number[][] {
  const order = [...lengths.keys()].sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
  const batches: number[][] = [];
  let open: number[] = [];
  for (const row of order) {
    const length = lengths[row] as number;
    const fits = open.length < batch && (open.length + 1) * length <= tokens;
    if (open.length > 0 && (!fits || (oneLength && lengths[open[0] as number] !== length))) {
      batches.push(open);
      open = [];
    }
    open.push(row);
  }
  if (open.length > 0) batches.push(open);
  return batches;
}

/** The hidden states of some texts' tokens, run as one batch, pooled into rows of `all`. */
async function encodeBatch(
  { model, tokenizer }: FeatureExtractionPipeline,
  tokens: readonly number[][],
): Promise<Float32Array> {
  const width = Math.max(...tokens.map((ids) => ids.length));
  const ids = new BigInt64Array(tokens.length * width).fill(BigInt(tokenizer.pad_token_id ?? 0));
  const mask = new BigInt64Array(tokens.length * width);
  for (const [row, text] of tokens.entries()) {
    const from = row * width + (tokenizer.padding_side === 'left' ? width - text.length : 0);
    for (const [i, id] of text.entries()) {
      ids[from + i] = BigInt(id);
      mask[from + i] = 1n;
    }
  }
  const dims = [tokens.length, width];
  const output = await model({
    input_ids: new Tensor('int64', ids, dims),
    attention_mask: new Tensor('int64', mask, dims),
  });
  const hidden: Tensor = output.last_hidden_state ?? output.logits ?? output.token_embeddings;
  return meanPooled(hidden.data as Float32Array, mask, tokens.length, width);
}

/** Encodes some names; the result (names × dimension, row-major) is moved to the caller, not copied. */
export default async function encode({ source, names, ...how }: EncodeTask): Promise<Float32Array> {
  loading ??= load(source);
  const extractor = await loading;
  const texts = names.map((name) => source.prefix + name);
  const tokens: number[][] = extractor.tokenizer(texts, { truncation: true, return_tensor: false }).input_ids;
  let all: Float32Array | undefined;
  for (const rows of batchesOf(
    tokens.map((ids) => ids.length),
    how,
  )) {
    const pooled = await encodeBatch(
      extractor,
      rows.map((row) => tokens[row] as number[]),
    );
    const dimension = pooled.length / rows.length;
    all ??= new Float32Array(names.length * dimension);
    for (const [i, row] of rows.entries())
      all.set(pooled.subarray(i * dimension, (i + 1) * dimension), row * dimension);
  }
  return move(all ?? new Float32Array()) as Float32Array;
}
