import { Worker } from 'node:worker_threads';
import { categoryLine } from './taxonomy.ts';
import type { Taxonomy } from './types.ts';

/** Tokens of each category's line in a prompt, by id. */
export type LineTokens = ReadonlyMap<number, number>;

const counted = new WeakMap<Taxonomy, Promise<LineTokens>>();

async function count(taxonomy: Taxonomy): Promise<LineTokens> {
  const ids = [...taxonomy.nodes.keys()];
  const file = import.meta.url.endsWith('.ts') ? './line-tokens-worker.ts' : './line-tokens-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: ids.map((id) => categoryLine(taxonomy, id)),
  });
  try {
    const tokens = await new Promise<number[]>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    return new Map(ids.map((id, i) => [id, tokens[i] as number]));
  } finally {
    await worker.terminate();
  }
}

/**
 * Counts the lines of a taxonomy by a real tokenizer (o200k_base), once for each taxonomy. In a thread that ends then: the
 * tokenizer's table takes 78 MB, which a sidecar would keep for good.
 */
export function lineTokens(taxonomy: Taxonomy): Promise<LineTokens> {
  let tokens = counted.get(taxonomy);
  if (tokens === undefined) {
    tokens = count(taxonomy);
    counted.set(taxonomy, tokens);
    tokens.catch(() => counted.delete(taxonomy));
  }
  return tokens;
}
