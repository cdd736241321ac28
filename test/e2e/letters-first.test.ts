import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/database/connection/open.ts';
import { embeddingsOf } from '../../src/database/memory.ts';
import { type Champion, champion, modelFiles, storeModel } from '../../src/database/registry.ts';
import { loadClassifier } from '../../src/model/bundle.ts';
import type { Answer } from '../../src/model/types.ts';
import { normalise } from '../../src/normalise.ts';
import { taxonHere } from '../support/command.ts';
import type { TestDatabase } from '../support/database.ts';
import { until } from '../support/processes.ts';
import { insert, look } from '../support/rows.ts';
import { shopDatabase } from '../support/shop.ts';
import { newNames } from '../support/shop-names.ts';
import { type SidecarHere, startSidecarHere } from '../support/sidecar.ts';

/** The shop is too small to choose gates on: the test gives its model some. */
const lines = { offsets: [0, 0, 0], slopes: [1, 1, 1] };
const gate = { from: 0.9, weight: 1.5, ...lines };
const memoryLast = { from: 0.5, ...lines };
const names = newNames(120, 5000).map(({ name }) => name);
names.push('Qwx zyq 77', 'ぬるぽ', 'чехол для чайника');

let database: TestDatabase;
let db: Database;
let modelId: number;
let sidecar: SidecarHere | undefined;
/** By name key what letters settle. */
const settles = new Map<string, Answer>();

beforeAll(async () => {
  database = await shopDatabase();
  db = look(database.url);
  const old = await champion(db);
  const files = await modelFiles(db, old?.modelId as number);
  const manifest = {
    ...JSON.parse(new TextDecoder().decode(files.get('manifest.json'))),
    lettersFirst: gate,
    memoryLast,
  };
  files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
  modelId = await storeModel(db, {
    encoderId: old?.encoderId as number,
    runId: null,
    manifest,
    files,
    promote: true,
  });
  const classifier = await loadClassifier(files);
  const keys = names.map(normalise);
  classifier.readLetters(keys).forEach((said, i) => {
    if (said !== null) settles.set(keys[i] as string, said);
  });
  await classifier.close();
});

afterAll(async () => {
  await sidecar?.stop();
  await db?.close();
  await database?.drop();
});

/** Which of the names have a vector. */
async function encoded(): Promise<Set<string>> {
  const rows = await db.rows<{ n: string }>(
    `select n from unnest($1::text[]) n join taxon_internal.embeddings on name_hash = taxon_internal.name_hash(n)`,
    [names.map(normalise)],
  );
  return new Set(rows.map((row) => row.n));
}

/** Those of some encoded names of which letters and meaning are sure. */
async function withoutMemory(keys: string[]): Promise<Set<string>> {
  const { encoderId } = (await champion(db)) as Champion;
  const classifier = await loadClassifier(await modelFiles(db, modelId));
  const vectors = await embeddingsOf(db, encoderId as number, classifier.dimension, keys);
  const views = keys.map((nameKey) => ({ nameKey, embedding: vectors.get(nameKey) as Float32Array }));
  let asked: readonly number[] = [];
  await classifier.answer(views, async (left) => {
    asked = left;
    return [];
  });
  await classifier.close();
  return new Set(keys.filter((_, i) => !asked.includes(i)));
}

it('some names are settled by letters and some are not', () => {
  expect(settles.size).toBeGreaterThan(20);
  expect(settles.size).toBeLessThan(names.length - 2);
});

it('taxon classify answers from letters what they settle, and stores no vector of any name', async () => {
  const environment = { DATABASE_URL: database.url };
  const { stdout } = await taxonHere(['classify', '--layers', 'local'], environment, names.join('\n'));
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; layer: string | null; confidence: number[] });
  expect(answers).toHaveLength(names.length);
  for (const { name, layer, confidence } of answers) {
    const said = settles.get(normalise(name));
    if (said === undefined) continue;
    expect(layer).toBe('local');
    expect(confidence[2]).toBeCloseTo(said.confidence[2], 6);
  }
  expect(await encoded()).toEqual(new Set());
});

/** As `taxon classify --layers local` prints them. */
async function classified(given: readonly string[]) {
  const environment = { DATABASE_URL: database.url };
  const { stdout } = await taxonHere(['classify', '--layers', 'local'], environment, given.join('\n'));
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; layer: string | null; confidence: number[] });
}

it('taxon classify answers thousands of names in their order, repeated ones too', async () => {
  const sure = names.filter((name) => settles.has(normalise(name)));
  // several batches, the largest read by threads
  const many = Array.from({ length: 6000 }, (_, i) => {
    const name = sure[i % sure.length] as string;
    return i % 2 === 0 ? name : `${name} ${i}`;
  });
  const classifier = await loadClassifier(await modelFiles(db, modelId));
  const said = classifier.readLetters(many.map(normalise));
  await classifier.close();
  const kept = many.filter((_, i) => said[i]);
  const expected = said.filter((answer) => answer);
  expect(kept.length).toBeGreaterThan(5000);
  const answers = await classified(kept);
  expect(answers.map(({ name }) => name)).toEqual(kept);
  expect(answers.every(({ layer }) => layer === 'local')).toBe(true);
  // as the database writes a real number: the shortest that reads as the same one
  expect(answers.map(({ confidence }) => confidence.map(Math.fround))).toEqual(
    expected.map((answer) => answer?.confidence.map(Math.fround)),
  );
  expect(await encoded()).toEqual(new Set());
});

it('whether an answer stands is decided by the thresholds in force', async () => {
  const some = names.slice(0, 5);
  await db.rows(`select taxon.set_thresholds(l1 => 1, l2 => 1, l3 => 1, reason => 'nothing clears')`);
  const none = await classified(some);
  await db.rows(`select taxon.set_thresholds(l1 => .75, l2 => .55, l3 => .40, reason => 'as before')`);
  expect(none.map(({ layer, confidence }) => [layer, confidence.length])).toEqual(some.map(() => [null, 3]));
});

it('the sidecar encodes only names that letters do not settle, and compares with memory only those that meaning does not', async () => {
  sidecar = await startSidecarHere(database.url);
  await insert(db, names);
  const decided = await until(
    () =>
      db.rows<{
        name_key: string;
        source: string | null;
        model_id: number | null;
        confidence: number;
        path: number[];
      }>(
        `select name_key, source, model_id, l3_confidence as confidence, array[l1, l2, l3] as path from taxon.products`,
      ),
    (rows) =>
      rows.length === names.length && rows.every((row) => row.model_id !== null || row.source !== null),
    60,
  );
  const vectors = await encoded();
  let byLetters = 0;
  for (const { name_key, source, model_id, confidence, path } of decided) {
    if (source === 'similar') continue;
    expect(model_id).toBe(modelId);
    const said = settles.get(name_key);
    expect([name_key, vectors.has(name_key)]).toEqual([name_key, said === undefined]);
    if (said === undefined) continue;
    byLetters++;
    expect(source).toBe('local');
    expect(confidence).toBeCloseTo(said.confidence[2], 5);
    expect(path).toEqual([...said.path]);
  }
  expect(byLetters).toBeGreaterThan(20);

  const byMeaning = await withoutMemory([...vectors]);
  const evidence = await db.rows<{
    name_key: string;
    margin: number;
    nearest: number | null;
    unknown: number;
    voices: number | null;
  }>(
    `select p.name_key, e.margin, e.nearest, e.unknown, e.voices from taxon.products p join taxon_internal.evidence e using (evidence_id)`,
  );
  expect(evidence.length).toBe(decided.filter(({ source }) => source !== 'similar').length);
  for (const { name_key, margin, nearest, unknown, voices } of evidence) {
    const said = settles.get(name_key);
    const [first, second] = said?.candidates ?? [];
    // what letters settle, or letters and meaning, says nothing of memory
    const early = said !== undefined || byMeaning.has(name_key);
    expect([name_key, nearest === null, voices === null]).toEqual([name_key, early, early]);
    if (said) expect(margin).toBeCloseTo((first?.probability ?? 0) - (second?.probability ?? 0), 5);
    expect(unknown).toBeGreaterThanOrEqual(0);
    expect(unknown).toBeLessThanOrEqual(1);
    if (name_key === 'ぬるぽ') expect(unknown).toBe(1);
  }
  expect(byMeaning.size).toBeGreaterThan(2);
  expect(evidence.some(({ nearest, voices }) => (nearest ?? 0) > 0.3 && (voices ?? 0) > 0)).toBe(true);
});
