import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { env, type FeatureExtractionPipeline, pipeline, Tensor } from '@huggingface/transformers';
import { InferenceSession } from 'onnxruntime-node';
import type { Config } from '../../src/config.ts';
import { batchesOf, tokensAtOnce } from '../../src/model/encode-worker.ts';
import { openEncoder } from '../../src/model/encoder.ts';

/** A way to encode all names, once. */
export interface Way {
  what: string;
  run(): Promise<unknown>;
}

/** Tokens of each text, as the encoder counts them. */
export type Tokens = readonly number[][];

/** The encoder's folder and what is asked of it. */
export interface Asked {
  folder: string;
  keys: readonly string[];
  texts: readonly string[];
  tokens: Tokens;
  batch: number;
}

/** transformers.js on its own, one thread. */
export async function openPipeline(folder: string): Promise<FeatureExtractionPipeline> {
  env.allowRemoteModels = false;
  return pipeline('feature-extraction', folder, {
    ...{ dtype: 'q8', device: 'cpu', local_files_only: true },
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 },
  });
}

/** The encoder as the program uses it, with one thread, and with one a core. */
export async function asShipped(
  config: Config,
  { keys }: Asked,
): Promise<(Way & { close(): Promise<void> })[]> {
  const ways: (Way & { close(): Promise<void> })[] = [];
  for (const threads of new Set([1, availableParallelism()])) {
    const encoder = await openEncoder({ ...config, encoderThreads: threads });
    const what = `src/model/encoder.ts, ${threads} worker thread${threads === 1 ? '' : 's'}`;
    ways.push({ what, run: () => encoder.encode(keys), close: () => encoder.close() });
  }
  return ways;
}

/** As it was before: sorted by letters, sixteen at once, tokenised and pooled by transformers.js. */
export function byLetters(extractor: FeatureExtractionPipeline, { texts }: Asked): Way {
  return {
    what: 'transformers.js, sorted by letters, 16 at once (as before)',
    async run() {
      const sorted = texts.toSorted((a, b) => a.length - b.length);
      for (let at = 0; at < sorted.length; at += 16)
        await extractor(sorted.slice(at, at + 16), { pooling: 'mean', normalize: true });
    },
  };
}

/** The tokenizer alone. */
export function tokenising(extractor: FeatureExtractionPipeline, { texts }: Asked): Way {
  const run = async () => extractor.tokenizer([...texts], { truncation: true, return_tensor: false });
  return { what: 'the tokenizer alone', run };
}

/** onnxruntime alone on batches that are ready. */
async function onBatches(session: InferenceSession, batches: readonly InferenceSession.FeedsType[]) {
  for (const batch of batches) await session.run(batch);
}

function feedsOf(tokens: Tokens, batch: number, most: number): InferenceSession.FeedsType[] {
  const how = { batch, oneLength: false, tokens: most };
  return batchesOf(
    tokens.map((ids) => ids.length),
    how,
  ).map((rows) => {
    const width = Math.max(...rows.map((row) => (tokens[row] as number[]).length));
    const [ids, mask] = [new BigInt64Array(rows.length * width), new BigInt64Array(rows.length * width)];
    for (const [at, row] of rows.entries())
      for (const [i, id] of (tokens[row] as number[]).entries()) {
        ids[at * width + i] = BigInt(id);
        mask[at * width + i] = 1n;
      }
    const tensor = (data: BigInt64Array) => new Tensor('int64', data, [rows.length, width]);
    return {
      input_ids: tensor(ids),
      attention_mask: tensor(mask),
      token_type_ids: tensor(new BigInt64Array(ids.length)),
    } as unknown as InferenceSession.FeedsType;
  });
}

const alone = { intraOpNumThreads: 1, interOpNumThreads: 1 };

const sessions: Record<string, InferenceSession.SessionOptions> = {
  'no arena for memory': { ...alone, enableCpuMemArena: false },
  'no pattern of memory': { ...alone, enableMemPattern: false },
  'graph optimisation: none': { ...alone, graphOptimizationLevel: 'disabled' },
  'graph optimisation: basic': { ...alone, graphOptimizationLevel: 'basic' },
  'two threads in one session': { ...alone, intraOpNumThreads: 2 },
  'two threads in one session, no spinning': {
    ...{ ...alone, intraOpNumThreads: 2 },
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  },
};

/** The model alone, with token budgets and session options. */
export async function modelAlone({ folder, tokens, batch }: Asked): Promise<Way[]> {
  const file = join(folder, 'onnx', 'model_quantized.onnx');
  const plain = await InferenceSession.create(file, alone);
  const usual = feedsOf(tokens, batch, tokensAtOnce);
  const ways: Way[] = [
    { what: `the model alone, batches of ${tokensAtOnce} tokens`, run: () => onBatches(plain, usual) },
  ];
  for (const most of [1, 48, 96, 384, 768]) {
    const feeds = feedsOf(tokens, 256, most);
    const what = most === 1 ? 'one name at once' : `batches of ${most} tokens`;
    ways.push({ what, run: () => onBatches(plain, feeds) });
  }
  for (const [what, options] of Object.entries(sessions)) {
    const session = await InferenceSession.create(file, options);
    ways.push({ what, run: () => onBatches(session, usual) });
  }
  return ways;
}
