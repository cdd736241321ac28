import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../src/database/connection/open.ts';
import { makeIndex } from '../../../src/database/neighbour-index.ts';
import { loadClassifier } from '../../../src/model/bundle.ts';
import type { Path } from '../../../src/model/types.ts';
import type { Job } from '../../../src/sidecar/jobs/jobs.ts';
import { neighbourIndexJob } from '../../../src/sidecar/jobs/neighbour-index.ts';
import type { ChampionHolder, LoadedModel } from '../../../src/sidecar/local/champion.ts';
import { partOf } from '../../../src/train/data/split.ts';
import { trainModel } from '../../../src/train/fit.ts';
import { seededRandom } from '../../../src/train/random.ts';
import { taxonHere } from '../../support/command.ts';
import { testConfig } from '../../support/config.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { until } from '../../support/processes.ts';
import { look } from '../../support/rows.ts';
import { openSession, type Session } from '../../support/sql.ts';

/**
 * A tenth of those from which an index pays, and a tenth of that number: four indexes of 20,200 labels and 500 names compared
 * with all of them took 15 s of processor time. Around six centres; names say nothing, so that letters settle none.
 */
const [labels, dimension, kinds] = [2020, 16, 6];
const tenth = 2000;

let database: TestDatabase;
let owner: Session;
let superuser: Session;
let db: Database;
let model: LoadedModel;
const stopping = new AbortController();

const holder = (): ChampionHolder => ({
  current: async () => model,
  serving: async () => ({ champion: model, challenger: null }),
  id: () => model.modelId,
  notice: () => null,
  refresh: async () => {},
  close: async () => {},
});
const config = testConfig();
const jobOf = (url: string, signal = stopping.signal): Job =>
  neighbourIndexJob(config, url, holder(), signal);

const index = () =>
  owner.rows<{ index_id: number; valid: boolean }>('select index_id::bigint, valid from near_index(1)');
const isValid = () =>
  until(index, ([row]) => row?.valid === true, 120).then(([row]) => row?.index_id as number);
const way = () => owner.value<string>('select neighbours_by(1)');
const work = async () =>
  (await owner.rows<{ task: string }>('select task from index_work()'))[0]?.task ?? null;
const pgvector = (version: string) =>
  superuser.rows(`update pg_extension set extversion = $1 where extname = 'vector'`, version);
const setting = (value: string) => owner.rows(`select set_setting('neighbours', to_jsonb($1::text))`, value);
const health = () =>
  owner.row<{ status: string; value: string; detail: string }>(
    `select status, value, detail from health() where item = 'neighbours'`,
  );

/** A transaction that a concurrent build waits for at its end, so that one can look at it, or kill it. */
async function oldTransaction(): Promise<{ over(): Promise<void> }> {
  const other = await openSession(database.url);
  await other.rows('begin isolation level repeatable read');
  await other.rows('select from pg_class limit 1');
  return {
    async over() {
      await other.rows('commit');
      await other.close();
    },
  };
}
const builders = () =>
  superuser.rows<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = 'taxon index' and datname = current_database() and query like 'create index%'`,
  );
const oneBuilds = () => until(builders, (rows) => rows.length === 1, 20);

beforeAll(async () => {
  database = await testDatabase();
  owner = await openSession(database.url, 'taxon, taxon_internal, extensions, public');
  superuser = await openSession(database.superUrl, 'taxon, taxon_internal, extensions, public');
  db = look(database.url);
  expect(await owner.value('select index_pays_from()')).toBe(10 * tenth);
  await owner.rows(
    `create or replace function taxon_internal.index_pays_from() returns integer language sql immutable parallel safe
       begin atomic select ${tenth}; end`,
  );
  const random = seededRandom(5);
  const centres = Array.from({ length: kinds }, () =>
    Float32Array.from({ length: dimension }, () => random.next() - 0.5),
  );
  const ids: number[] = [];
  for (let kind = 0; kind < kinds; kind++)
    ids.push(await owner.value<number>('select make_category($1)', ['top', `leaf ${kind}`]));
  const top = await owner.value<number>(`select category_id from categories where name = 'top'`);
  const embeddings = new Float32Array(labels * dimension);
  // one in twenty names is of the part that an index is compared on; here it is more than 500 of all
  const names = Array.from({ length: 12_000 }, (_, i) => `n${i}`);
  const [held, others] = [true, false].map((test) =>
    names.filter((name) => (partOf(name) === 'test') === test),
  );
  const compared = (held as string[]).slice(0, 505);
  const keys = [...(others as string[]).slice(0, labels - compared.length), ...compared];
  const paths = keys.map((_, i): Path => [top, ids[i % kinds] as number, null]);
  for (let i = 0; i < labels; i++) {
    const vector = (centres[i % kinds] as Float32Array).map((x) => x + 0.5 * (random.next() - 0.5));
    const norm = Math.hypot(...vector);
    embeddings.set(new Float32Array(new Float16Array(vector.map((x) => x / norm))), i * dimension);
  }
  await owner.rows(`select register_encoder('test@1', $1)`, dimension);
  await owner.rows(
    `insert into labels (name_key, category_id, source) select n, c, 'import' from unnest($1::text[], $2::bigint[]) u(n, c)`,
    keys,
    paths.map(([, l2]) => l2),
  );
  await owner.rows(
    'select save_embeddings(1, $1, $2)',
    keys,
    keys.map((_, i) => `[${embeddings.subarray(i * dimension, (i + 1) * dimension).join()}]`),
  );
  const few = 1500;
  const { files } = await trainModel({
    keys: keys.slice(0, few),
    paths: paths.slice(0, few),
    embeddings: embeddings.subarray(0, few * dimension),
    dimension,
    encoder: 'test@1',
  });
  await owner.rows(`insert into models (encoder_id, manifest, state) values (1, '{}', 'champion')`);
  await owner.rows('analyze labels, embeddings');
  model = { modelId: 1, encoderId: 1, classifier: await loadClassifier(files), encode: async () => [] };
});
afterAll(async () => {
  stopping.abort();
  await model?.classifier.close();
  await db?.close();
  await owner?.close();
  await superuser?.close();
  await database?.drop();
});

describe('an index of neighbours', () => {
  test('is not made below pgvector 0.8.4, and health() says what that costs', async () => {
    await pgvector('0.8.3');
    expect([await work(), await way()]).toEqual([null, 'exact']);
    await jobOf(database.url).run(db);
    expect(await builders()).toEqual([]);
    const said = await health();
    expect(said).toMatchObject({ status: 'warn', value: 'exact' });
    expect(said.detail).toBe(
      'about 1 ms a name at 2020 labels; by an index it would be some, whatever their number: pgvector 0.8.4 makes one possible',
    );
    await pgvector('0.8.4');
    expect([await work(), await way()]).toEqual(['build', 'exact']);
  });

  test('is not made below so many labels, nor where neighbours are to be exact or off', async () => {
    for (const value of ['exact', 'off']) {
      await setting(value);
      expect(await work()).toBeNull();
    }
    await setting('auto');
    await owner.rows('begin');
    await owner.rows(`delete from labels where name_key in (select name_key from labels limit 21)`);
    expect(await work()).toBeNull();
    await owner.rows('rollback');
    expect(await work()).toBe('build');
  });

  test("is left to the owner by a sidecar that may not act as it, and health() names the owner's command", async () => {
    const url = await database.urlFor('taxon_sidecar');
    const sidecar = openDatabase(url, { schema: 'taxon', poolSize: 2 }, 'test');
    await jobOf(url).run(sidecar);
    await sidecar.close();
    expect([await index(), await builders()]).toEqual([[], []]);
    expect(await health()).toMatchObject({ status: 'warn', value: 'exact' });
    expect((await health()).detail).toContain('taxon model encoders --index');
  });

  test('is made by one sidecar at a time, and one that was killed is made anew', async () => {
    const old = await oldTransaction();
    const job = jobOf(database.url);
    await job.run(db);
    const [builder] = await oneBuilds();
    await until(index, (rows) => rows.length === 1, 20);
    // another sidecar, and the same one a minute later
    expect(await makeIndex(database.url, 'taxon', 1)).toBe(false);
    await job.run(db);
    expect(await builders()).toEqual([builder]);
    expect(await way()).toBe('exact');
    await superuser.rows('select pg_terminate_backend($1)', builder?.pid);
    await until(builders, (rows) => rows.length === 0, 20);
    const [broken] = await index();
    expect(broken?.valid).toBe(false);
    await old.over();
    await jobOf(database.url).run(db);
    expect(await isValid()).not.toBe(broken?.index_id);
    expect([await work(), await way()]).toEqual(['compare', 'exact']);
  });

  test('is used once a model was asked both ways, and that is kept', async () => {
    await jobOf(database.url).run(db);
    await until(way, (how) => how === 'hnsw', 120);
    const [kept] = await owner.rows('select * from index_comparisons');
    expect(kept).toMatchObject({
      encoder_id: 1,
      model_id: 1,
      passed: true,
      promise_id: null,
    });
    expect(kept?.names).toBe(500);
    expect(kept?.other_decisions).toBeLessThanOrEqual(5);
    // an index draws its levels at random: .967 was seen
    expect(kept?.recall).toBeGreaterThan(0.95);
    const asked = await owner.rows<{ name: string }>('select compared_names(1) as name');
    expect(asked.every(({ name }) => partOf(name) === 'test')).toBe(true);
    expect(await work()).toBeNull();
    expect(await health()).toMatchObject({ status: 'ok', value: 'hnsw' });
    expect((await health()).detail).toMatch(
      /^compared on 500 names: \d+(\.\d)?% of the exact neighbours found/,
    );
  });

  test('goes on being made without its sidecar, and one of another making is compared anew', async () => {
    await owner.rows('drop index embeddings_near_1');
    expect([await work(), await way()]).toEqual(['build', 'exact']);
    const old = await oldTransaction();
    const leaves = new AbortController();
    await jobOf(database.url, leaves.signal).run(db);
    await oneBuilds();
    leaves.abort();
    await old.over();
    await isValid();
    expect([await work(), await way()]).toEqual(['compare', 'exact']);
  });

  test("is made by the owner's command, where nobody else may", async () => {
    await owner.rows('drop index embeddings_near_1');
    const taxon = (url: string) => taxonHere(['model', 'encoders', '--index'], { DATABASE_URL: url });
    const refused = await taxon(await database.urlFor('taxon_sidecar'));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('only the owner of the tables can make an index');
    expect(await index()).toEqual([]);
    const made = await taxon(database.url);
    expect(made).toMatchObject({ code: 0, stdout: 'made; a sidecar compares it before it is used\n' });
    expect([(await index())[0]?.valid, await work()]).toEqual([true, 'compare']);
    expect((await taxon(database.url)).stdout).toBe('no index was to be made\n');
  });
});
