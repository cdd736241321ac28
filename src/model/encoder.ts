import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { messageOf, TaxonError } from '../errors.ts';
import { log } from '../log.ts';
import type { EncoderSource } from './encode-worker.ts';
import { type EncoderConfig, findEncoder } from './encoder-source.ts';

/** A frozen text model in worker threads. What it is given is always the name key, in training and serving alike. */
export interface Encoder {
  /** One line: model, revision, dtype, prefix, pooling; two encoders never share one. */
  readonly identity: string;
  /** Length of an embedding. */
  readonly dimension: number;
  /** Whether a name's embedding is the same whatever is encoded beside it; if not, lengths are never mixed. */
  readonly batchInvariant: boolean;
  /**
   * L2-normalised embeddings in the order of `names`. Names beyond the tokenizer's limit (512 tokens) are cut.
   * The arrays of a batch share one buffer: copy one before transferring it.
   *
   * @throws the signal's reason once it is aborted (the batches in work are finished first)
   */
  encode(
    names: readonly string[],
    options?: { signal?: AbortSignal; onProgress?: (done: number) => void },
  ): Promise<Float32Array[]>;
  /** Ends the threads, after the batches in work; what was asked and is not begun fails. */
  close(): Promise<void>;
}

/** Lowest cosine between a name encoded alone and in a batch: ordinary dynamic int8 exports reach .996 only. */
const lowestCosine = 0.9999;

/** Names that a thread is given at once, at most: it counts their tokens and runs those of like length together. */
const namesAtOnce = 64;

/** Lengths from 1 token to some 60, as in real titles, so that the short ones are padded a lot in one batch. */
const checkNames = [
  'чайник',
  'ноутбук lenovo ideapad 3 15iau7 15.6" fhd i5-1235u 16gb 512gb ssd windows 11 home szary, gwarancja 24 miesiące, dostawa gratis',
  'etui na iphone 15 pro max',
  'xs',
  'молоко ультрапастеризованное 3,2% 1 л',
  'kabel usb-c 2m',
];

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

class ThreadedEncoder implements Encoder {
  readonly identity: string;
  dimension = 0;
  batchInvariant = true;
  private readonly source: EncoderSource;
  private readonly batch: number;
  private readonly threads: number;
  private readonly pool: Piscina;
  private readonly inWork = new Set<Promise<unknown>>();
  private closed = false;

  constructor(config: EncoderConfig, source: EncoderSource, identity: string) {
    this.identity = identity;
    this.source = source;
    this.batch = config.encoderBatch;
    this.threads = config.encoderThreads ?? availableParallelism();
    this.pool = new Piscina({
      filename: new URL(
        import.meta.url.endsWith('.ts') ? './encode-worker.ts' : './encode-worker.js',
        import.meta.url,
      ).href,
      minThreads: this.threads,
      maxThreads: this.threads,
      // Tokenising makes much short-lived garbage; V8's default lets it grow by 110 MB a thread for no gain in speed.
      resourceLimits: { maxYoungGenerationSizeMb: 12 },
    });
  }

  private async run(names: string[]): Promise<Float32Array[]> {
    if (this.closed) throw new Error('the encoder was closed');
    const task = { source: this.source, names, batch: this.batch, oneLength: !this.batchInvariant };
    const running: Promise<Float32Array> = this.pool.run(task);
    this.inWork.add(running);
    const rows = await running.finally(() => this.inWork.delete(running));
    const dimension = rows.length / names.length;
    return names.map((_, i) => rows.subarray(i * dimension, (i + 1) * dimension));
  }

  async encode(
    names: readonly string[],
    { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number) => void } = {},
  ): Promise<Float32Array[]> {
    // By letters, so that each thread has names of like length; the longest first, as the last ones are waited for.
    const order = names.map((_, i) => i);
    order.sort((a, b) => (names[b] as string).length - (names[a] as string).length);
    const size = Math.min(namesAtOnce, Math.ceil(names.length / (2 * this.threads)));
    const result = new Array<Float32Array>(names.length);
    let next = 0;
    let done = 0;
    const lane = async () => {
      while (next < order.length) {
        signal?.throwIfAborted();
        const rows = order.slice(next, next + size);
        next += size;
        const encoded = await this.run(rows.map((i) => names[i] as string));
        for (const [j, i] of rows.entries()) result[i] = encoded[j] as Float32Array;
        done += rows.length;
        onProgress?.(done);
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: this.threads }, lane));
    for (const each of lanes) if (each.status === 'rejected') throw each.reason;
    return result;
  }

  /** Loads the model in every thread and measures what the rest of the program relies on. */
  async check(): Promise<void> {
    const together = await this.run(checkNames);
    await Promise.all(Array.from({ length: this.threads }, () => this.run(['xs'])));
    this.dimension = together[0]?.length ?? 0;
    for (const vector of together) {
      const norm = Math.sqrt(dot(vector, vector));
      if (!(Math.abs(norm - 1) <= 1e-3)) throw new Error(`an embedding has norm ${norm}, not 1`);
    }
    let worst = 1;
    for (const [i, name] of checkNames.entries()) {
      const [alone] = await this.run([name]);
      worst = Math.min(worst, dot(alone as Float32Array, together[i] as Float32Array));
    }
    if (worst >= lowestCosine) return;
    this.batchInvariant = false;
    log.warn(
      "the encoder's answer depends on the batch: names are encoded one length at a time, which is slower",
      {
        encoder: this.identity,
        cosine: Number(worst.toFixed(5)),
      },
    );
  }

  async close(): Promise<void> {
    this.closed = true;
    // onnxruntime aborts the process of a thread that is ended inside it: its exception finds no JavaScript to go to.
    await Promise.allSettled(this.inWork);
    await this.pool.destroy();
  }
}

/**
 * Opens the encoder of the settings in `encoderThreads` worker threads (default: one a core) and checks it: vectors
 * of norm 1, and the same name alone and in a batch of mixed lengths with cosine ≥ .9999 (else a warning, and
 * lengths are never mixed).
 *
 * @throws TaxonError when the folder or its files are missing or the model cannot be run
 */
export async function openEncoder(config: EncoderConfig): Promise<Encoder> {
  const { source, identity } = await findEncoder(config);
  const encoder = new ThreadedEncoder(config, source, identity);
  try {
    await encoder.check();
    return encoder;
  } catch (error) {
    await encoder.close();
    throw new TaxonError(`the encoder ${source.model} cannot be used: ${messageOf(error)}`, {
      hint: 'Check TAXON_ENCODER and TAXON_ENCODER_DTYPE; delete and fetch the folder again if a file is damaged.',
      cause: error,
    });
  }
}
