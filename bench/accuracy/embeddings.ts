import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../src/config.ts';
import { type Encoder, openEncoder } from '../../src/model/encoder.ts';
import { findEncoder } from '../../src/model/encoder-source.ts';
import { progress } from '../../src/progress.ts';
import { benchFolder } from './results.ts';

/** Names encoded between two looks at the progress; the matrix is filled page by page. */
const page = 4096;

export interface Embedded {
  /** keys.length × dimension, row-major. */
  embeddings: Float32Array;
  dimension: number;
  /** Identity of the encoder. */
  encoder: string;
  /** Names encoded a second when this was made. */
  namesPerSecond: number;
}

async function encodeAll(encoder: Encoder, keys: readonly string[]): Promise<Float32Array> {
  const matrix = new Float32Array(keys.length * encoder.dimension);
  const bar = progress('encoding', keys.length, 'names');
  for (let from = 0; from < keys.length; from += page) {
    const rows = await encoder.encode(keys.slice(from, from + page));
    for (const [i, row] of rows.entries()) matrix.set(row, (from + i) * encoder.dimension);
    bar.at(from + rows.length);
  }
  bar.end();
  return matrix;
}

/** What stands beside a matrix in the cache. */
interface About {
  encoder: string;
  names: number;
  dimension: number;
  namesPerSecond: number;
}

/**
 * The embeddings of some keys, from raw float32 files in the data folder by the sha256 of encoder and keys; what is
 * not there is encoded once. Every teacher and seed of a set shares them.
 */
export async function embeddingsOf(config: Config, keys: readonly string[]): Promise<Embedded> {
  const { identity } = await findEncoder(config);
  const digest = createHash('sha256')
    .update(`${identity}\n${keys.join('\n')}`, 'utf8')
    .digest('hex');
  const folder = benchFolder(config);
  const file = join(folder, `embeddings-${digest.slice(0, 16)}.f32`);
  if (existsSync(`${file}.json`) && existsSync(file)) {
    const about = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as About;
    const bytes = readFileSync(file);
    if (bytes.length === keys.length * about.dimension * 4)
      return { ...about, embeddings: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) };
  }
  const encoder = await openEncoder(config);
  try {
    const started = performance.now();
    const embeddings = await encodeAll(encoder, keys);
    const namesPerSecond = keys.length / ((performance.now() - started) / 1000);
    const { dimension } = encoder;
    const about: About = { encoder: identity, names: keys.length, dimension, namesPerSecond };
    mkdirSync(folder, { recursive: true });
    // whole or not at all: an interrupted bench leaves no half file under the name that is looked for
    writeFileSync(`${file}.new`, new Uint8Array(embeddings.buffer));
    renameSync(`${file}.new`, file);
    writeFileSync(`${file}.json`, JSON.stringify(about));
    return { ...about, embeddings };
  } finally {
    await encoder.close();
  }
}
