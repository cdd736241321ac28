import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import proto from 'onnx-proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { listModels, registerEncoder, storeModel } from '../../src/database/registry.ts';
import { readModelFile, writeModelFile } from '../../src/registry/model-file.ts';
import { exportModel, importModel } from '../../src/registry/move.ts';
import { OnnxGraph } from '../../src/train/onnx-graph.ts';
import { taxonHere } from '../support/command.ts';
import { testConfig } from '../support/config.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { insert, look, waitingLocally } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { startSidecarHere } from '../support/sidecar.ts';

const config = testConfig();
const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
const file = join(folder, 'm.taxon');
let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
  await exportModel(db, file);
});
beforeEach(async () => {
  await db.rows('delete from taxon_internal.models where model_id > 1');
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
  rmSync(folder, { recursive: true });
});

type Manifest = { dimension: number; classes: [unknown[], unknown[], unknown[]] };

/** heads.onnx that gives each level a share for each class, but for what `change` does. */
function heads(
  { dimension, classes }: Manifest,
  change: (graph: OnnxGraph, level: number, output: string) => boolean,
) {
  const graph = new OnnxGraph();
  graph.input('embedding', 'float', ['rows', dimension]);
  classes.forEach(({ length }, level) => {
    const output = `l${level + 1}`;
    if (change(graph, level, output)) return;
    const weight = graph.weight(
      `w${level}`,
      'float',
      [dimension, length],
      new Float32Array(dimension * length),
    );
    graph.output(graph.op('MatMul', ['embedding', weight], {}, output), 'float', ['rows', length]);
  });
  return graph.build();
}

const onlyAt = (wanted: number, make: (graph: OnnxGraph, output: string) => void) =>
  ((graph, level, output) => {
    if (level !== wanted) return false;
    make(graph, output);
    return true;
  }) as Parameters<typeof heads>[1];

/** As many numbers as `gigabytes` hold, added up and put into l1. */
const bomb = (dimension: number, length: number, gigabytes: number) =>
  onlyAt(0, (graph, output) => {
    const shape = graph.weight('shape', 'int64', [2], [gigabytes * 25_000, 10_000]);
    const big = graph.op('Expand', [graph.scalar('float', 1), shape]);
    const sum = graph.op('ReduceSum', [big], { keepdims: 0 });
    const weight = graph.weight('w0', 'float', [dimension, length], new Float32Array(dimension * length));
    const plain = graph.op('MatMul', ['embedding', weight]);
    graph.output(graph.op('Add', [plain, sum], {}, output), 'float', ['rows', length]);
  });

/** The first head's numbers in a file of the folder in which the trial runs, or anywhere below it. */
function outside(bytes: Uint8Array): Uint8Array {
  const model = proto.onnx.ModelProto.decode(bytes);
  const [first] = model.graph?.initializer ?? [];
  if (first == null) throw new Error('no initializer');
  first.rawData = new Uint8Array();
  first.dataLocation = 1;
  first.externalData = [{ key: 'location', value: 'package.json' }];
  return proto.onnx.ModelProto.encode(model).finish();
}

async function withHeads(make: (manifest: Manifest) => Uint8Array): Promise<string> {
  const moved = await readModelFile(file);
  const manifest = JSON.parse(Buffer.from(moved.files.get('manifest.json') ?? '').toString()) as Manifest;
  const path = join(folder, 'changed.taxon');
  await writeModelFile(path, { ...moved, files: new Map(moved.files).set('heads.onnx', make(manifest)) });
  return path;
}

describe('a model from elsewhere is tried in a process of its own, and refused', () => {
  const kinds: [string, (manifest: Manifest) => Uint8Array, RegExp][] = [
    [
      'where a level has no output',
      (m) =>
        heads(
          m,
          onlyAt(2, () => {}),
        ),
      /does not answer l3 as it should/,
    ],
    [
      'where a level has another number of classes',
      (m) => heads({ ...m, classes: [m.classes[0], [1], m.classes[2]] }, () => false),
      /does not answer l2 as it should/,
    ],
    [
      'where it answers no numbers',
      (m) =>
        heads(
          m,
          onlyAt(0, (graph, output) => {
            const length = m.classes[0].length;
            const nothing = new Float32Array(m.dimension * length).fill(Number.NaN);
            const weight = graph.weight('w0', 'float', [m.dimension, length], nothing);
            graph.output(graph.op('MatMul', ['embedding', weight], {}, output), 'float', ['rows', length]);
          }),
        ),
      /does not answer l1 as it should/,
    ],
    [
      'where it asks for 800 GB',
      (m) => heads(m, bomb(m.dimension, m.classes[0].length, 800)),
      /the model does not run: /,
    ],
    [
      'where it asks for more than a model may take, though the machine has it',
      (m) => heads(m, bomb(m.dimension, m.classes[0].length, 4)),
      /the model does not run: /,
    ],
    [
      'where its numbers stand in another file',
      (m) => outside(heads(m, () => false)),
      /names a file that is not part of the model/,
    ],
    ['where its embeddings are of another length', (m) => heads({ ...m, dimension: 5 }, () => false), /5/],
  ];
  test.each(kinds)('%s', async (_, make, says) => {
    await expect(importModel(db, config, await withHeads(make), true)).rejects.toMatchObject({
      name: 'TaxonError',
      message: expect.stringMatching(says),
      hint: expect.any(String),
    });
    expect(await listModels(db)).toHaveLength(1);
  });

  test('but not for its heads being made in another way', async () => {
    const path = await withHeads((m) => heads(m, () => false));
    expect(await importModel(db, config, path, false)).toMatchObject({ promoted: false });
  });
});

describe('facts that are none are refused,', () => {
  const refused: [string, (header: Record<string, Record<string, unknown>>) => void][] = [
    ['labels that are no number', (h) => Object.assign(h.facts ?? {}, { data: { labels: '<script>' } })],
    ['too many labels', (h) => Object.assign(h.facts ?? {}, { data: { labels: 1e300 } })],
    [
      'agreement that is no share',
      (h) => Object.assign(h.facts ?? {}, { metrics: { levels: { l1: { validAccuracy: 'x' } } } }),
    ],
    ['levels that are none', (h) => Object.assign(h.facts ?? {}, { metrics: { levels: 7 } })],
    ['a seed that is no whole number', (h) => Object.assign(h.facts ?? {}, { seed: 1.5 })],
    ['a version with a line end', (h) => Object.assign(h.facts ?? {}, { code_version: '1\n\u001b[2J' })],
    ['files that are no part of a model', (h) => Object.assign(h, renamed(h, '../../pwned'))],
    ['a file twice', (h) => Object.assign(h, renamed(h, 'manifest.json'))],
  ];
  const renamed = (header: Record<string, unknown>, name: string) => ({
    files: (header.files as { name: string }[]).map((each) =>
      each.name === 'heads.onnx' ? { ...each, name } : each,
    ),
  });

  test.each(refused)('%s', async (_, change) => {
    const bytes = readFileSync(file);
    const end = bytes.indexOf(10);
    const header = JSON.parse(bytes.toString('utf8', 0, end)) as Record<string, Record<string, unknown>>;
    change(header);
    const path = join(folder, 'facts.taxon');
    writeFileSync(path, Buffer.concat([Buffer.from(JSON.stringify(header)), bytes.subarray(end)]));
    await expect(importModel(db, config, path, true)).rejects.toMatchObject({ exitCode: 2 });
    expect(await listModels(db)).toHaveLength(1);
  });

  test('and those that are written into the database by hand, too', async () => {
    const write = (metrics: string, data: string, settings: string) =>
      db.rows(
        `insert into taxon_internal.models (encoder_id, manifest, metrics, data, settings)
           select encoder_id, '{}', $1, $2, $3 from taxon_internal.encoders limit 1`,
        [metrics, data, settings],
      );
    await expect(write('{}', '{"labels": "<script>"}', '{}')).rejects.toMatchObject({ code: '23514' });
    await expect(write('{"chosen_by": 1e300}', '{}', '{}')).rejects.toMatchObject({ code: '23514' });
    await expect(write('{}', '{}', '{"depth": {}}')).rejects.toMatchObject({ code: '23514' });
    await write('{"levels": {"l1": {"validAccuracy": "x"}, "l2": 7}}', '{}', '{}');
    expect(await taxonHere(['model', 'list'], { DATABASE_URL: database.url })).toMatchObject({ code: 0 });
  });
});

test('a model stored by hand that loads and does not answer leaves the champion before it answering', async () => {
  const sidecar = await startSidecarHere(database.url, { TAXON_LLM_PROVIDER: 'none' });
  try {
    await until(
      () => db.rows<{ model: number | null }>('select model_id as model from taxon_internal.sidecars'),
      ([row]) => row?.model === 1,
    );
    const moved = await readModelFile(
      await withHeads((m) =>
        heads(
          m,
          onlyAt(2, () => {}),
        ),
      ),
    );
    const manifest = JSON.parse(Buffer.from(moved.files.get('manifest.json') ?? '').toString()) as Manifest;
    const encoderId = await registerEncoder(db, moved.encoder?.identity ?? '', moved.encoder?.dimension ?? 0);
    const modelId = await storeModel(db, {
      encoderId,
      runId: null,
      manifest,
      files: moved.files,
      promote: true,
    });
    const notices = () => db.rows<{ notice: string | null }>('select notice from taxon_internal.sidecars');
    await until(notices, ([row]) => row?.notice?.includes(`model ${modelId} cannot be loaded`) === true);
    const names = newNames(6, 61_000, false).map(({ name }) => name);
    await insert(db, names);
    await db.rows(`select taxon.set_thresholds(0, 0, 0, reason => 'test')`);
    await until(
      () => waitingLocally(db),
      (waiting) => waiting === 0,
    );
    expect(await db.rows('select from taxon_internal.dead_letters')).toEqual([]);
    expect(await db.rows('select distinct model_id from taxon.products where model_id is not null')).toEqual([
      { model_id: 1 },
    ]);
  } finally {
    await sidecar.stop();
  }
});
