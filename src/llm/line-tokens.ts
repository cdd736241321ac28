import { Worker } from 'node:worker_threads';
import { categoryLine } from './taxonomy.ts';
import type { Taxonomy } from './types.ts';

/** Tokens of each category's line in a prompt, by id. */
export type LineTokens = ReadonlyMap<number, number>;

/** A thread's start and the tokenizer's table take .3 s of processor time. */
async function countInThread(lines: readonly string[]): Promise<number[]> {
  const file = import.meta.url.endsWith('.ts') ? './line-tokens-worker.ts' : './line-tokens-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: lines });
  try {
    return await new Promise<number[]>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  } finally {
    await worker.terminate();
  }
}

/** By line: a changed taxonomy has most lines of the one before. */
const known = new Map<string, number>();

/** Some 10 MB; with more it begins anew. */
const mostKnown = 100_000;

async function count(taxonomy: Taxonomy): Promise<LineTokens> {
  const ids = [...taxonomy.nodes.keys()];
  const lines = ids.map((id) => categoryLine(taxonomy, id));
  const tokens = lines.map((line) => known.get(line));
  const missing = [...new Set(lines.filter((_, i) => tokens[i] === undefined))];
  const found = missing.length === 0 ? [] : await countInThread(missing);
  if (known.size + missing.length > mostKnown) known.clear();
  const added = new Map(missing.map((line, i) => [line, found[i] as number]));
  for (const [line, each] of added) known.set(line, each);
  return new Map(ids.map((id, i) => [id, (tokens[i] ?? added.get(lines[i] as string)) as number]));
}

const counted = new WeakMap<Taxonomy, Promise<LineTokens>>();

/**
 * Counts the lines of a taxonomy by a real tokenizer (o200k_base), each line once. In a thread that ends then: the
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
