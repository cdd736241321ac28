import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pipeline } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';
import { batchesOf } from '../../src/model/encode-worker.ts';
import { type Encoder, openEncoder } from '../../src/model/encoder.ts';
import { testConfig } from '../support/config.ts';
import { writeTinyEncoder } from './tiny-encoder.ts';

/** One thread: each takes 1.2 s of processor time to open the bundled encoder. */
const settings: Config = loadConfig({ encoderThreads: 1 }, {}, tmpdir());

const norm = (v: Float32Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

describe('the bundled encoder', { shuffle: false }, () => {
  let encoder: Encoder;
  beforeAll(async () => {
    encoder = await openEncoder(settings);
  });
  afterAll(() => encoder.close());

  it('says what it is', () => {
    expect(encoder.identity).toMatch(
      /^multilingual-e5-small-latcyr@[0-9a-f]{12} dtype=q8 prefix="passage: " pooling=mean$/,
    );
    expect(encoder.dimension).toBe(384);
    expect(encoder.batchInvariant).toBe(true);
  });

  it('answers in the order of the names, the same alone as among others', async () => {
    const names = ['ноутбук asus vivobook 15 16gb 512gb ssd', 'чайник', 'kabel usb-c 2m', 'xs', 'чайник'];
    const together = await encoder.encode(names);
    for (const [i, name] of names.entries()) {
      const [alone] = await encoder.encode([name]);
      expect(cosine(alone as Float32Array, together[i] as Float32Array)).toBeGreaterThan(0.9999);
    }
  });

  it('gives the numbers of transformers.js, bit by bit, whatever is encoded beside a name', async () => {
    const names = ['чайник', 'xs', 'kabel usb-c 2m '.repeat(9), 'слово '.repeat(600), ''];
    for (let i = 0; i < 20; i++) names.push(`ноутбук ${'asus '.repeat(i % 7)}${i}`);
    const extractor = await pipeline('feature-extraction', settings.encoder, {
      dtype: 'q8',
      device: 'cpu',
      local_files_only: true,
    });
    const encoded = await encoder.encode(names);
    for (const [i, name] of names.entries()) {
      const alone = await extractor([`passage: ${name}`], { pooling: 'mean', normalize: true });
      expect([name, encoded[i]]).toEqual([name, alone.data]);
    }
    await extractor.dispose();
  });

  it('puts what means the same near', async () => {
    const [a, b, c] = (await encoder.encode([
      'czajnik elektryczny 1.7 l',
      'чайник электрический 1.7 л',
      'футболка мужская белая',
    ])) as [Float32Array, Float32Array, Float32Array];
    expect(cosine(a, b)).toBeGreaterThan(cosine(a, c) + 0.03);
  });

  it('encodes whatever a name may be', async () => {
    const names = [
      '',
      ' ',
      '\u0301',
      '🍎🍏👨‍👩‍👧',
      'مرحبا بالعالم',
      '电饭煲 5l',
      "'; drop table products; --",
      '<s></s><mask><pad>',
      'x'.repeat(10_000),
      'слово '.repeat(1700),
      '\ud800',
    ];
    const vectors = await encoder.encode(names);
    expect(vectors).toHaveLength(names.length);
    for (const vector of vectors) expect(norm(vector)).toBeCloseTo(1, 3);
  });

  it('cuts a name at 512 tokens', async () => {
    const [a, b] = await encoder.encode(['слово '.repeat(600), `${'слово '.repeat(600)}телевизор`]);
    expect(cosine(a as Float32Array, b as Float32Array)).toBeGreaterThan(0.99999);
  });

  it('tells how far it is, up to the number of names', async () => {
    const seen: number[] = [];
    await encoder.encode(
      Array.from({ length: 40 }, (_, i) => `товар ${i}`),
      { onProgress: (done) => seen.push(done) },
    );
    expect(seen.at(-1)).toBe(40);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(1);
  });

  it('stops when asked to, and goes on working afterwards', async () => {
    const controller = new AbortController();
    const names = Array.from({ length: 1000 }, (_, i) => `шампунь для волос ${i}`);
    let done = 0;
    const onProgress = (n: number) => {
      done = n;
      controller.abort(new Error('enough'));
    };
    await expect(encoder.encode(names, { signal: controller.signal, onProgress })).rejects.toThrow('enough');
    expect(done).toBeLessThan(300);
    expect(await encoder.encode(['чайник'])).toHaveLength(1);
  });

  it('gives nothing for nothing', async () => {
    expect(await encoder.encode([])).toEqual([]);
  });

  // last, as nothing can be encoded any more
  it('closed while it works, it ends that batch first, and the process goes on', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `шампунь для волос ${i}`);
    let encoded: Promise<unknown> = Promise.resolve();
    await new Promise((begun) => {
      encoded = encoder.encode(names, { onProgress: begun }).catch(String);
    });
    await setTimeout(3); // the second batch is on its way to the thread
    await encoder.close();
    expect(await encoded).toContain('the encoder was closed');
  });
});

it('in two threads gives what it gives in one, in the order of the names', async () => {
  const names = Array.from({ length: 300 }, (_, i) => `чайник ${'электрический '.repeat(i % 7)}${i}`);
  const vectors: Float32Array[][] = [];
  for (const encoderThreads of [1, 2]) {
    const encoder = await openEncoder(testConfig({ encoderThreads }));
    vectors.push(await encoder.encode(names));
    await encoder.close();
  }
  expect(vectors[1]).toEqual(vectors[0]);
  // so that another order would show; what has the same letters has the same vector here
  expect(new Set(vectors[0]?.map(String)).size).toBeGreaterThan(290);
});

describe('names that are run together', () => {
  const tokens = (batches: number[][], lengths: number[]) =>
    batches.map((rows) => rows.map((row) => lengths[row]));

  it('are of like length, as many as 192 tokens hold with their padding, and no more than asked for', () => {
    const lengths = [100, 20, 90, 21, 300, 20, 19, 20];
    const batches = batchesOf(lengths, { batch: 4, oneLength: false });
    expect(batches.flat().sort()).toEqual([...lengths.keys()]);
    expect(tokens(batches, lengths)).toEqual([[19, 20, 20, 20], [21, 90], [100], [300]]);
  });

  it('are of one length where padding would change them', () => {
    const lengths = [20, 21, 20, 21, 20];
    const batches = batchesOf(lengths, { batch: 2, oneLength: true });
    expect(tokens(batches, lengths)).toEqual([[20, 20], [20], [21, 21]]);
    expect(batchesOf([], { batch: 2, oneLength: true })).toEqual([]);
  });
});

describe('an encoder that cannot be opened', () => {
  const open = (changes: Partial<Config>) => openEncoder({ ...settings, ...changes });
  const folder = mkdtempSync(join(tmpdir(), 'encoder-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('names the folder that is missing', async () => {
    await expect(open({ encoder: '/nowhere/e5' })).rejects.toMatchObject({
      name: 'TaxonError',
      message: expect.stringContaining('/nowhere/e5'),
      hint: expect.stringContaining('TAXON_ENCODER'),
    });
  });

  it('does not ask the hub unless told to', async () => {
    await expect(open({ encoder: 'intfloat/multilingual-e5-base' })).rejects.toMatchObject({
      name: 'TaxonError',
      hint: expect.stringContaining('TAXON_HUB'),
    });
  });

  it('names the files that are missing', async () => {
    await expect(open({ encoder: folder })).rejects.toThrow(/lacks config\.json, tokenizer\.json/);
    await expect(open({ encoderDtype: 'fp32' })).rejects.toThrow(/lacks onnx.model\.onnx$/);
  });

  it('says so when this machine has not the device', async () => {
    const device = process.platform === 'darwin' ? 'dml' : 'coreml';
    await expect(open({ encoderDevice: device })).rejects.toThrow(/cannot be used: .*device.*cpu/);
  });

  it('says so when the model is damaged', async () => {
    const damaged = mkdtempSync(join(folder, 'damaged-'));
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
      copyFileSync(join(settings.encoder, file), join(damaged, file));
    mkdirSync(join(damaged, 'onnx'));
    writeFileSync(join(damaged, 'onnx', 'model_quantized.onnx'), 'not a model');
    await expect(open({ encoder: damaged })).rejects.toThrow(/cannot be used/);
  });
});

describe('an encoder whose answer depends on padding', () => {
  const folder = mkdtempSync(join(tmpdir(), 'encoder-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is warned of, and encodes one length at a time', async () => {
    writeTinyEncoder(folder);
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const encoder = await openEncoder({ ...settings, encoder: folder });
    const said = stderr.mock.calls.map(([text]) => text).join('');
    stderr.mockRestore();
    try {
      expect(said).toContain('one length at a time');
      expect(encoder).toMatchObject({ dimension: 4, batchInvariant: false });
      const names = ['чайник электрический 1.7 л', 'чайник', 'xs', 'футболка белая', 'xl'];
      const together = await encoder.encode(names);
      for (const [i, name] of names.entries()) {
        const [alone] = await encoder.encode([name]);
        expect(cosine(alone as Float32Array, together[i] as Float32Array)).toBeGreaterThan(0.999999);
      }
    } finally {
      await encoder.close();
    }
  });
});
